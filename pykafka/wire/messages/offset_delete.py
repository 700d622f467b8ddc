"""OffsetDelete (API 47): delete stored offsets of a group."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "OffsetDeleteRequest",
    "OffsetDeleteRequestPartition",
    "OffsetDeleteRequestTopic",
    "OffsetDeleteResponse",
    "OffsetDeleteResponsePartition",
    "OffsetDeleteResponseTopic",
]


class OffsetDeleteRequestPartition(Struct):
    partition_index: int = field(INT32, "0+")


class OffsetDeleteRequestTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[OffsetDeleteRequestPartition] = field(
        ArrayOf(OffsetDeleteRequestPartition), "0+"
    )


class OffsetDeleteRequest(ApiMessage, api_key=47, versions="0"):
    """Delete offsets; to be sent to the group's coordinator (KIP-496)."""

    group_id: str = field(STRING, "0+")
    topics: list[OffsetDeleteRequestTopic] = field(ArrayOf(OffsetDeleteRequestTopic), "0+")


class OffsetDeleteResponsePartition(Struct):
    partition_index: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")


class OffsetDeleteResponseTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[OffsetDeleteResponsePartition] = field(
        ArrayOf(OffsetDeleteResponsePartition), "0+"
    )


class OffsetDeleteResponse(ApiMessage, answers=OffsetDeleteRequest):
    """A code for each partition."""

    error_code: int = field(INT16, "0+")
    throttle_time_ms: int = field(INT32, "0+", ignorable=True)
    topics: list[OffsetDeleteResponseTopic] = field(ArrayOf(OffsetDeleteResponseTopic), "0+")
