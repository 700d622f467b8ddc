"""ListOffsets (API 2): the offsets that partitions hold, or hold from a time on."""

from __future__ import annotations

from ..primitives import INT8, INT16, INT32, INT64, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "ListOffsetsPartition",
    "ListOffsetsPartitionResponse",
    "ListOffsetsRequest",
    "ListOffsetsResponse",
    "ListOffsetsTopic",
    "ListOffsetsTopicResponse",
]


class ListOffsetsPartition(Struct):
    partition_index: int = field(INT32, "0+")
    current_leader_epoch: int = field(INT32, "4+", default=-1, ignorable=True)
    timestamp: int = field(INT64, "0+")
    max_num_offsets: int = field(INT32, "0", default=1)


class ListOffsetsTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[ListOffsetsPartition] = field(ArrayOf(ListOffsetsPartition), "0+")


class ListOffsetsRequest(ApiMessage, api_key=2, versions="0-11", flexible="6+"):
    """Look up offsets; to be sent to the partitions' leader.

    ``timestamp``: milliseconds, or -1 for the end and -2 for the start. ``replica_id`` is -1.
    Version 0 looks at whole segments and answers ``max_num_offsets`` of them, newest first.
    """

    replica_id: int = field(INT32, "0+")
    isolation_level: int = field(INT8, "2+", default=0)
    topics: list[ListOffsetsTopic] = field(ArrayOf(ListOffsetsTopic), "0+")
    timeout_ms: int = field(INT32, "10+", default=0, ignorable=True)


class ListOffsetsPartitionResponse(Struct):
    partition_index: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")
    old_style_offsets: list[int] = field(ArrayOf(INT64), "0", factory=list)
    timestamp: int = field(INT64, "1+", default=-1)
    offset: int = field(INT64, "1+", default=-1)
    leader_epoch: int = field(INT32, "4+", default=-1)


class ListOffsetsTopicResponse(Struct):
    name: str = field(STRING, "0+")
    partitions: list[ListOffsetsPartitionResponse] = field(
        ArrayOf(ListOffsetsPartitionResponse), "0+"
    )


class ListOffsetsResponse(ApiMessage, answers=ListOffsetsRequest):
    """Version 0 fills ``old_style_offsets``, later ones ``timestamp`` and ``offset`` (-1: none)."""

    throttle_time_ms: int = field(INT32, "2+", default=0, ignorable=True)
    topics: list[ListOffsetsTopicResponse] = field(ArrayOf(ListOffsetsTopicResponse), "0+")
