"""OffsetCommit (API 8): store offsets of a group."""

from __future__ import annotations

from ..primitives import INT16, INT32, INT64, STRING, UUID, ZERO_UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "OffsetCommitRequest",
    "OffsetCommitRequestPartition",
    "OffsetCommitRequestTopic",
    "OffsetCommitResponse",
    "OffsetCommitResponsePartition",
    "OffsetCommitResponseTopic",
]


class OffsetCommitRequestPartition(Struct):
    partition_index: int = field(INT32, "0+")
    committed_offset: int = field(INT64, "0+")
    committed_leader_epoch: int = field(INT32, "6+", default=-1, ignorable=True)
    commit_timestamp: int = field(INT64, "1", default=-1)
    committed_metadata: str | None = field(STRING, "0+", nullable="0+")


class OffsetCommitRequestTopic(Struct):
    name: str = field(STRING, "0-9", default="", ignorable=True)
    topic_id: bytes = field(UUID, "10+", default=ZERO_UUID, ignorable=True)
    partitions: list[OffsetCommitRequestPartition] = field(
        ArrayOf(OffsetCommitRequestPartition), "0+"
    )


class OffsetCommitRequest(ApiMessage, api_key=8, versions="0-10", flexible="8+"):
    """Store the offsets that a group goes on from; to be sent to its coordinator.

    Version 0 stores them in ZooKeeper (any broker does it), later ones in Kafka. Without
    membership, ``generation_id_or_member_epoch`` is -1 and ``member_id`` empty.
    """

    group_id: str = field(STRING, "0+")
    generation_id_or_member_epoch: int = field(INT32, "1+", default=-1, ignorable=True)
    member_id: str = field(STRING, "1+", default="", ignorable=True)
    group_instance_id: str | None = field(STRING, "7+", nullable="7+", default=None)
    retention_time_ms: int = field(INT64, "2-4", default=-1, ignorable=True)
    topics: list[OffsetCommitRequestTopic] = field(ArrayOf(OffsetCommitRequestTopic), "0+")


class OffsetCommitResponsePartition(Struct):
    partition_index: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")


class OffsetCommitResponseTopic(Struct):
    name: str = field(STRING, "0-9", default="", ignorable=True)
    topic_id: bytes = field(UUID, "10+", default=ZERO_UUID, ignorable=True)
    partitions: list[OffsetCommitResponsePartition] = field(
        ArrayOf(OffsetCommitResponsePartition), "0+"
    )


class OffsetCommitResponse(ApiMessage, answers=OffsetCommitRequest):
    """An error code for each partition."""

    throttle_time_ms: int = field(INT32, "3+", default=0, ignorable=True)
    topics: list[OffsetCommitResponseTopic] = field(ArrayOf(OffsetCommitResponseTopic), "0+")
