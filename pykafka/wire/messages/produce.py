"""Produce (API 0): append records to partitions."""

from __future__ import annotations

from ..primitives import INT16, INT32, INT64, RECORDS, STRING, UUID, ZERO_UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "BatchIndexAndErrorMessage",
    "LeaderIdAndEpoch",
    "NodeEndpoint",
    "PartitionProduceData",
    "PartitionProduceResponse",
    "ProduceRequest",
    "ProduceResponse",
    "TopicProduceData",
    "TopicProduceResponse",
]


class PartitionProduceData(Struct):
    index: int = field(INT32, "0+")
    records: bytes | None = field(RECORDS, "0+", nullable="0+")


class TopicProduceData(Struct):
    name: str = field(STRING, "0-12", default="", ignorable=True)
    topic_id: bytes = field(UUID, "13+", default=ZERO_UUID, ignorable=True)
    partition_data: list[PartitionProduceData] = field(ArrayOf(PartitionProduceData), "0+")


class ProduceRequest(ApiMessage, api_key=0, versions="0-13", flexible="9+"):
    """Append records to partitions; to be sent to their leader.

    ``acks``: 0 (the broker does not answer), 1 (the leader has it) or -1 (all in-sync replicas
    have it); ``timeout_ms`` bounds the wait for these. Versions 0 and 1 carry message sets of
    magic 0, version 2 of magic 1, later ones record batches. From 13 on topics go by id.
    """

    transactional_id: str | None = field(STRING, "3+", nullable="3+", default=None)
    acks: int = field(INT16, "0+")
    timeout_ms: int = field(INT32, "0+")
    topic_data: list[TopicProduceData] = field(ArrayOf(TopicProduceData), "0+")


class BatchIndexAndErrorMessage(Struct):
    batch_index: int = field(INT32, "8+")
    batch_index_error_message: str | None = field(STRING, "8+", nullable="8+", default=None)


class LeaderIdAndEpoch(Struct):
    leader_id: int = field(INT32, "10+", default=-1)
    leader_epoch: int = field(INT32, "10+", default=-1)


class PartitionProduceResponse(Struct):
    index: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")
    base_offset: int = field(INT64, "0+")
    log_append_time_ms: int = field(INT64, "2+", default=-1, ignorable=True)
    log_start_offset: int = field(INT64, "5+", default=-1, ignorable=True)
    record_errors: list[BatchIndexAndErrorMessage] = field(
        ArrayOf(BatchIndexAndErrorMessage), "8+", factory=list, ignorable=True
    )
    error_message: str | None = field(STRING, "8+", nullable="8+", default=None, ignorable=True)
    current_leader: LeaderIdAndEpoch = field(
        LeaderIdAndEpoch, "10+", factory=LeaderIdAndEpoch, tag=0
    )


class TopicProduceResponse(Struct):
    name: str = field(STRING, "0-12", default="", ignorable=True)
    topic_id: bytes = field(UUID, "13+", default=ZERO_UUID, ignorable=True)
    partition_responses: list[PartitionProduceResponse] = field(
        ArrayOf(PartitionProduceResponse), "0+"
    )


class NodeEndpoint(Struct):
    node_id: int = field(INT32, "10+")
    host: str = field(STRING, "10+")
    port: int = field(INT32, "10+")
    rack: str | None = field(STRING, "10+", nullable="10+", default=None)


class ProduceResponse(ApiMessage, answers=ProduceRequest):
    """A result for each partition; ``base_offset`` is the offset of the first record."""

    responses: list[TopicProduceResponse] = field(ArrayOf(TopicProduceResponse), "0+")
    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    node_endpoints: list[NodeEndpoint] = field(ArrayOf(NodeEndpoint), "10+", factory=list, tag=0)
