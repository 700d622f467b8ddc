"""IncrementalAlterConfigs (API 44): change some settings of topics and brokers."""

from __future__ import annotations

from ..primitives import BOOL, INT8, INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "AlterConfigsResource",
    "AlterConfigsResourceResponse",
    "AlterableConfig",
    "IncrementalAlterConfigsRequest",
    "IncrementalAlterConfigsResponse",
]


class AlterableConfig(Struct):
    name: str = field(STRING, "0+")
    config_operation: int = field(INT8, "0+")
    value: str | None = field(STRING, "0+", nullable="0+")


class AlterConfigsResource(Struct):
    resource_type: int = field(INT8, "0+")
    resource_name: str = field(STRING, "0+")
    configs: list[AlterableConfig] = field(ArrayOf(AlterableConfig), "0+")


class IncrementalAlterConfigsRequest(ApiMessage, api_key=44, versions="0-1", flexible="1+"):
    """Change settings one by one (set, delete, append, subtract: 0 to 3; KIP-339)."""

    resources: list[AlterConfigsResource] = field(ArrayOf(AlterConfigsResource), "0+")
    validate_only: bool = field(BOOL, "0+")


class AlterConfigsResourceResponse(Struct):
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+")
    resource_type: int = field(INT8, "0+")
    resource_name: str = field(STRING, "0+")


class IncrementalAlterConfigsResponse(ApiMessage, answers=IncrementalAlterConfigsRequest):
    """A code for each resource."""

    throttle_time_ms: int = field(INT32, "0+")
    responses: list[AlterConfigsResourceResponse] = field(
        ArrayOf(AlterConfigsResourceResponse), "0+"
    )
