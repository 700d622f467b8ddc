"""ApiVersions (API 18): the versions that a broker speaks."""

from __future__ import annotations

from ..primitives import BOOL, INT16, INT32, INT64, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "ApiVersion",
    "ApiVersionsRequest",
    "ApiVersionsResponse",
    "FinalizedFeatureKey",
    "SupportedFeatureKey",
]


_LACKING = (35).to_bytes(2, "big")


class ApiVersionsRequest(ApiMessage, api_key=18, versions="0-4", flexible="3+"):
    """Ask which APIs and versions the broker has (from 0.10 on; older ones hang up).

    A broker that lacks the version asked for answers in version 0 with error 35.
    """

    client_software_name: str = field(STRING, "3+", default="", ignorable=True)
    client_software_version: str = field(STRING, "3+", default="", ignorable=True)


class ApiVersion(Struct):
    api_key: int = field(INT16, "0+")
    min_version: int = field(INT16, "0+")
    max_version: int = field(INT16, "0+")


class SupportedFeatureKey(Struct):
    name: str = field(STRING, "3+")
    min_version: int = field(INT16, "3+")
    max_version: int = field(INT16, "3+")


class FinalizedFeatureKey(Struct):
    name: str = field(STRING, "3+")
    max_version_level: int = field(INT16, "3+")
    min_version_level: int = field(INT16, "3+")


class ApiVersionsResponse(ApiMessage, answers=ApiVersionsRequest):
    """The range of versions for each API key."""

    error_code: int = field(INT16, "0+")
    api_keys: list[ApiVersion] = field(ArrayOf(ApiVersion), "0+")
    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    supported_features: list[SupportedFeatureKey] = field(
        ArrayOf(SupportedFeatureKey), "3+", factory=list, tag=0, ignorable=True
    )
    finalized_features_epoch: int = field(INT64, "3+", default=-1, tag=1, ignorable=True)
    finalized_features: list[FinalizedFeatureKey] = field(
        ArrayOf(FinalizedFeatureKey), "3+", factory=list, tag=2, ignorable=True
    )
    zk_migration_ready: bool = field(BOOL, "3+", default=False, tag=3, ignorable=True)

    @classmethod
    def answered_in(cls, data: bytes | bytearray | memoryview, version: int) -> int:
        """Version 0 if the broker lacks the version that it was asked in (KIP-511)."""
        return 0 if bytes(data[:2]) == _LACKING else version
