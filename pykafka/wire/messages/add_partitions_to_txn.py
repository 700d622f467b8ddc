"""AddPartitionsToTxn (API 24): make partitions part of a transaction."""

from __future__ import annotations

from ..primitives import BOOL, INT16, INT32, INT64, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "AddPartitionsToTxnPartitionResult",
    "AddPartitionsToTxnRequest",
    "AddPartitionsToTxnResponse",
    "AddPartitionsToTxnResult",
    "AddPartitionsToTxnTopic",
    "AddPartitionsToTxnTopicResult",
    "AddPartitionsToTxnTransaction",
]


class AddPartitionsToTxnTopic(Struct):
    name: str = field(STRING, "0+")
    partitions: list[int] = field(ArrayOf(INT32), "0+")


class AddPartitionsToTxnTransaction(Struct):
    transactional_id: str = field(STRING, "4+")
    producer_id: int = field(INT64, "4+")
    producer_epoch: int = field(INT16, "4+")
    verify_only: bool = field(BOOL, "4+", default=False)
    topics: list[AddPartitionsToTxnTopic] = field(ArrayOf(AddPartitionsToTxnTopic), "4+")


class AddPartitionsToTxnRequest(ApiMessage, api_key=24, versions="0-5", flexible="3+"):
    """Announce partitions. Clients write versions up to 3; later ones are for brokers."""

    transactions: list[AddPartitionsToTxnTransaction] = field(
        ArrayOf(AddPartitionsToTxnTransaction), "4+", factory=list
    )
    v3_and_below_transactional_id: str = field(STRING, "0-3", default="")
    v3_and_below_producer_id: int = field(INT64, "0-3", default=0)
    v3_and_below_producer_epoch: int = field(INT16, "0-3", default=0)
    v3_and_below_topics: list[AddPartitionsToTxnTopic] = field(
        ArrayOf(AddPartitionsToTxnTopic), "0-3", factory=list
    )


class AddPartitionsToTxnPartitionResult(Struct):
    partition_index: int = field(INT32, "0+")
    partition_error_code: int = field(INT16, "0+")


class AddPartitionsToTxnTopicResult(Struct):
    name: str = field(STRING, "0+")
    results_by_partition: list[AddPartitionsToTxnPartitionResult] = field(
        ArrayOf(AddPartitionsToTxnPartitionResult), "0+"
    )


class AddPartitionsToTxnResult(Struct):
    transactional_id: str = field(STRING, "4+")
    topic_results: list[AddPartitionsToTxnTopicResult] = field(
        ArrayOf(AddPartitionsToTxnTopicResult), "4+"
    )


class AddPartitionsToTxnResponse(ApiMessage, answers=AddPartitionsToTxnRequest):
    """A code for each partition."""

    throttle_time_ms: int = field(INT32, "0+")
    error_code: int = field(INT16, "4+", default=0, ignorable=True)
    results_by_transaction: list[AddPartitionsToTxnResult] = field(
        ArrayOf(AddPartitionsToTxnResult), "4+", factory=list
    )
    results_by_topic_v3_and_below: list[AddPartitionsToTxnTopicResult] = field(
        ArrayOf(AddPartitionsToTxnTopicResult), "0-3", factory=list
    )
