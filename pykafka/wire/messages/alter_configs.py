"""AlterConfigs (API 33): replace the settings of topics and brokers."""

from __future__ import annotations

from ..primitives import BOOL, INT8, INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "AlterConfigsRequest",
    "AlterConfigsResource",
    "AlterConfigsResourceResponse",
    "AlterConfigsResponse",
    "AlterableConfig",
]


class AlterableConfig(Struct):
    name: str = field(STRING, "0+")
    value: str | None = field(STRING, "0+", nullable="0+")


class AlterConfigsResource(Struct):
    resource_type: int = field(INT8, "0+")
    resource_name: str = field(STRING, "0+")
    configs: list[AlterableConfig] = field(ArrayOf(AlterableConfig), "0+")


class AlterConfigsRequest(ApiMessage, api_key=33, versions="0-2", flexible="2+"):
    """Replace all settings of a resource: what is not given falls back to its default."""

    resources: list[AlterConfigsResource] = field(ArrayOf(AlterConfigsResource), "0+")
    validate_only: bool = field(BOOL, "0+")


class AlterConfigsResourceResponse(Struct):
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+")
    resource_type: int = field(INT8, "0+")
    resource_name: str = field(STRING, "0+")


class AlterConfigsResponse(ApiMessage, answers=AlterConfigsRequest):
    """A code for each resource."""

    throttle_time_ms: int = field(INT32, "0+")
    responses: list[AlterConfigsResourceResponse] = field(
        ArrayOf(AlterConfigsResourceResponse), "0+"
    )
