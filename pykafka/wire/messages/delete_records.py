"""DeleteRecords (API 21): cut off the start of partitions."""

from __future__ import annotations

from ..primitives import INT16, INT32, INT64, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "DeleteRecordsPartition",
    "DeleteRecordsPartitionResult",
    "DeleteRecordsRequest",
    "DeleteRecordsResponse",
    "DeleteRecordsTopic",
    "DeleteRecordsTopicResult",
]


class DeleteRecordsPartition(Struct):
    partition_index: int = field(INT32, "0+")
    offset: int = field(INT64, "0+")


class DeleteRecordsTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[DeleteRecordsPartition] = field(ArrayOf(DeleteRecordsPartition), "0+")


class DeleteRecordsRequest(ApiMessage, api_key=21, versions="0-2", flexible="2+"):
    """Delete the records below an offset (-1: all); to be sent to the leader."""

    topics: list[DeleteRecordsTopic] = field(ArrayOf(DeleteRecordsTopic), "0+")
    timeout_ms: int = field(INT32, "0+")


class DeleteRecordsPartitionResult(Struct):
    partition_index: int = field(INT32, "0+")
    low_watermark: int = field(INT64, "0+")
    error_code: int = field(INT16, "0+")


class DeleteRecordsTopicResult(Struct):
    name: str = field(STRING, "0+")
    partitions: list[DeleteRecordsPartitionResult] = field(
        ArrayOf(DeleteRecordsPartitionResult), "0+"
    )


class DeleteRecordsResponse(ApiMessage, answers=DeleteRecordsRequest):
    """The new start of each partition."""

    throttle_time_ms: int = field(INT32, "0+")
    topics: list[DeleteRecordsTopicResult] = field(ArrayOf(DeleteRecordsTopicResult), "0+")
