"""DescribeConfigs (API 32): settings of topics and brokers."""

from __future__ import annotations

from ..primitives import BOOL, INT8, INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "DescribeConfigsRequest",
    "DescribeConfigsResource",
    "DescribeConfigsResourceResult",
    "DescribeConfigsResponse",
    "DescribeConfigsResult",
    "DescribeConfigsSynonym",
]


class DescribeConfigsResource(Struct):
    resource_type: int = field(INT8, "0+")
    resource_name: str = field(STRING, "0+")
    configuration_keys: list[str] | None = field(ArrayOf(STRING), "0+", nullable="0+")


class DescribeConfigsRequest(ApiMessage, api_key=32, versions="0-4", flexible="4+"):
    """Read settings; of a broker from itself."""

    resources: list[DescribeConfigsResource] = field(ArrayOf(DescribeConfigsResource), "0+")
    include_synonyms: bool = field(BOOL, "1+", default=False)
    include_documentation: bool = field(BOOL, "3+", default=False)


class DescribeConfigsSynonym(Struct):
    name: str = field(STRING, "1+")
    value: str | None = field(STRING, "1+", nullable="0+")
    source: int = field(INT8, "1+")


class DescribeConfigsResourceResult(Struct):
    name: str = field(STRING, "0+")
    value: str | None = field(STRING, "0+", nullable="0+")
    read_only: bool = field(BOOL, "0+")
    is_default: bool = field(BOOL, "0", default=False)
    config_source: int = field(INT8, "1+", default=-1, ignorable=True)
    is_sensitive: bool = field(BOOL, "0+")
    synonyms: list[DescribeConfigsSynonym] = field(
        ArrayOf(DescribeConfigsSynonym), "1+", factory=list, ignorable=True
    )
    config_type: int = field(INT8, "3+", default=0, ignorable=True)
    documentation: str | None = field(STRING, "3+", nullable="0+", default="", ignorable=True)


class DescribeConfigsResult(Struct):
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+")
    resource_type: int = field(INT8, "0+")
    resource_name: str = field(STRING, "0+")
    configs: list[DescribeConfigsResourceResult] = field(
        ArrayOf(DescribeConfigsResourceResult), "0+"
    )


class DescribeConfigsResponse(ApiMessage, answers=DescribeConfigsRequest):
    """Settings; values of sensitive ones are ``None``."""

    throttle_time_ms: int = field(INT32, "0+")
    results: list[DescribeConfigsResult] = field(ArrayOf(DescribeConfigsResult), "0+")
