"""OffsetFetch (API 9): stored offsets of a group."""

from __future__ import annotations

from ..primitives import BOOL, INT16, INT32, INT64, STRING, UUID, ZERO_UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "OffsetFetchRequest",
    "OffsetFetchRequestGroup",
    "OffsetFetchRequestTopic",
    "OffsetFetchRequestTopics",
    "OffsetFetchResponse",
    "OffsetFetchResponseGroup",
    "OffsetFetchResponsePartition",
    "OffsetFetchResponsePartitions",
    "OffsetFetchResponseTopic",
    "OffsetFetchResponseTopics",
]


class OffsetFetchRequestTopic(Struct):
    name: str = field(STRING, "0-7")
    partition_indexes: list[int] = field(ArrayOf(INT32), "0-7")


class OffsetFetchRequestTopics(Struct):
    name: str = field(STRING, "8-9", default="", ignorable=True)
    topic_id: bytes = field(UUID, "10+", default=ZERO_UUID, ignorable=True)
    partition_indexes: list[int] = field(ArrayOf(INT32), "8+")


class OffsetFetchRequestGroup(Struct):
    group_id: str = field(STRING, "8+")
    member_id: str | None = field(STRING, "9+", nullable="9+", default=None, ignorable=True)
    member_epoch: int = field(INT32, "9+", default=-1, ignorable=True)
    topics: list[OffsetFetchRequestTopics] | None = field(
        ArrayOf(OffsetFetchRequestTopics), "8+", nullable="8+"
    )


class OffsetFetchRequest(ApiMessage, api_key=9, versions="0-10", flexible="6+"):
    """Read the offsets that a group has stored; to be sent to its coordinator.

    Version 0 reads ZooKeeper (any broker does it), later ones Kafka. From 2 on ``topics=None``
    asks for all, from 8 on several groups are asked for with ``groups`` alone.
    """

    group_id: str = field(STRING, "0-7", default="")
    topics: list[OffsetFetchRequestTopic] | None = field(
        ArrayOf(OffsetFetchRequestTopic), "0-7", nullable="2-7", factory=list
    )
    groups: list[OffsetFetchRequestGroup] = field(
        ArrayOf(OffsetFetchRequestGroup), "8+", factory=list
    )
    require_stable: bool = field(BOOL, "7+", default=False)


class OffsetFetchResponsePartition(Struct):
    partition_index: int = field(INT32, "0-7")
    committed_offset: int = field(INT64, "0-7")
    committed_leader_epoch: int = field(INT32, "5-7", default=-1, ignorable=True)
    metadata: str | None = field(STRING, "0-7", nullable="0-7")
    error_code: int = field(INT16, "0-7")


class OffsetFetchResponseTopic(Struct):
    name: str = field(STRING, "0-7")
    partitions: list[OffsetFetchResponsePartition] = field(
        ArrayOf(OffsetFetchResponsePartition), "0-7"
    )


class OffsetFetchResponsePartitions(Struct):
    partition_index: int = field(INT32, "8+")
    committed_offset: int = field(INT64, "8+")
    committed_leader_epoch: int = field(INT32, "8+", default=-1, ignorable=True)
    metadata: str | None = field(STRING, "8+", nullable="8+")
    error_code: int = field(INT16, "8+")


class OffsetFetchResponseTopics(Struct):
    name: str = field(STRING, "8-9", default="", ignorable=True)
    topic_id: bytes = field(UUID, "10+", default=ZERO_UUID, ignorable=True)
    partitions: list[OffsetFetchResponsePartitions] = field(
        ArrayOf(OffsetFetchResponsePartitions), "8+"
    )


class OffsetFetchResponseGroup(Struct):
    group_id: str = field(STRING, "8+")
    topics: list[OffsetFetchResponseTopics] = field(ArrayOf(OffsetFetchResponseTopics), "8+")
    error_code: int = field(INT16, "8+", default=0)


class OffsetFetchResponse(ApiMessage, answers=OffsetFetchRequest):
    """``committed_offset`` is -1 where nothing is stored (version 0 may say code 3 instead)."""

    throttle_time_ms: int = field(INT32, "3+", default=0, ignorable=True)
    topics: list[OffsetFetchResponseTopic] = field(
        ArrayOf(OffsetFetchResponseTopic), "0-7", factory=list
    )
    error_code: int = field(INT16, "2-7", default=0, ignorable=True)
    groups: list[OffsetFetchResponseGroup] = field(
        ArrayOf(OffsetFetchResponseGroup), "8+", factory=list
    )
