"""TxnOffsetCommit (API 28): store offsets of a group within a transaction."""

from __future__ import annotations

from ..primitives import INT16, INT32, INT64, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "TxnOffsetCommitRequest",
    "TxnOffsetCommitRequestPartition",
    "TxnOffsetCommitRequestTopic",
    "TxnOffsetCommitResponse",
    "TxnOffsetCommitResponsePartition",
    "TxnOffsetCommitResponseTopic",
]


class TxnOffsetCommitRequestPartition(Struct):
    partition_index: int = field(INT32, "0+")
    committed_offset: int = field(INT64, "0+")
    committed_leader_epoch: int = field(INT32, "2+", default=-1, ignorable=True)
    committed_metadata: str | None = field(STRING, "0+", nullable="0+")


class TxnOffsetCommitRequestTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[TxnOffsetCommitRequestPartition] = field(
        ArrayOf(TxnOffsetCommitRequestPartition), "0+"
    )


class TxnOffsetCommitRequest(ApiMessage, api_key=28, versions="0-5", flexible="3+"):
    """Store offsets; to be sent to the group's coordinator."""

    transactional_id: str = field(STRING, "0+")
    group_id: str = field(STRING, "0+")
    producer_id: int = field(INT64, "0+")
    producer_epoch: int = field(INT16, "0+")
    generation_id: int = field(INT32, "3+", default=-1)
    member_id: str = field(STRING, "3+", default="")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)
    topics: list[TxnOffsetCommitRequestTopic] = field(ArrayOf(TxnOffsetCommitRequestTopic), "0+")


class TxnOffsetCommitResponsePartition(Struct):
    partition_index: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")


class TxnOffsetCommitResponseTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[TxnOffsetCommitResponsePartition] = field(
        ArrayOf(TxnOffsetCommitResponsePartition), "0+"
    )


class TxnOffsetCommitResponse(ApiMessage, answers=TxnOffsetCommitRequest):
    """A code for each partition."""

    throttle_time_ms: int = field(INT32, "0+")
    topics: list[TxnOffsetCommitResponseTopic] = field(ArrayOf(TxnOffsetCommitResponseTopic), "0+")
