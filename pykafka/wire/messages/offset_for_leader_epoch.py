"""OffsetForLeaderEpoch (API 23): where leader epochs end."""

from __future__ import annotations

from ..primitives import INT16, INT32, INT64, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "EpochEndOffset",
    "OffsetForLeaderEpochRequest",
    "OffsetForLeaderEpochResponse",
    "OffsetForLeaderPartition",
    "OffsetForLeaderTopic",
    "OffsetForLeaderTopicResult",
]


class OffsetForLeaderPartition(Struct):
    partition: int = field(INT32, "0+")
    current_leader_epoch: int = field(INT32, "2+", default=-1, ignorable=True)
    leader_epoch: int = field(INT32, "0+")


class OffsetForLeaderTopic(Struct):
    topic: str = field(STRING, "0+")
    partitions: list[OffsetForLeaderPartition] = field(ArrayOf(OffsetForLeaderPartition), "0+")


class OffsetForLeaderEpochRequest(ApiMessage, api_key=23, versions="0-4", flexible="4+"):
    """Ask for the end of epochs, to notice truncation; to be sent to the leader."""

    replica_id: int = field(INT32, "3+", default=-2, ignorable=True)
    topics: list[OffsetForLeaderTopic] = field(ArrayOf(OffsetForLeaderTopic), "0+")


class EpochEndOffset(Struct):
    error_code: int = field(INT16, "0+")
    partition: int = field(INT32, "0+")
    leader_epoch: int = field(INT32, "1+", default=-1, ignorable=True)
    end_offset: int = field(INT64, "0+", default=-1)


class OffsetForLeaderTopicResult(Struct):
    topic: str = field(STRING, "0+")
    partitions: list[EpochEndOffset] = field(ArrayOf(EpochEndOffset), "0+")


class OffsetForLeaderEpochResponse(ApiMessage, answers=OffsetForLeaderEpochRequest):
    """The end offset of each epoch asked for, -1 if unknown."""

    throttle_time_ms: int = field(INT32, "2+", default=0, ignorable=True)
    topics: list[OffsetForLeaderTopicResult] = field(ArrayOf(OffsetForLeaderTopicResult), "0+")
