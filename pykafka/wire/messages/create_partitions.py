"""CreatePartitions (API 37): give topics more partitions."""

from __future__ import annotations

from ..primitives import BOOL, INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "CreatePartitionsAssignment",
    "CreatePartitionsRequest",
    "CreatePartitionsResponse",
    "CreatePartitionsTopic",
    "CreatePartitionsTopicResult",
]


class CreatePartitionsAssignment(Struct):
    broker_ids: list[int] = field(ArrayOf(INT32), "0+")


class CreatePartitionsTopic(Struct):
    name: str = field(STRING, "0+")
    count: int = field(INT32, "0+")
    assignments: list[CreatePartitionsAssignment] | None = field(
        ArrayOf(CreatePartitionsAssignment), "0+", nullable="0+"
    )


class CreatePartitionsRequest(ApiMessage, api_key=37, versions="0-3", flexible="2+"):
    """Raise the number of partitions to ``count``; to be sent to the controller."""

    topics: list[CreatePartitionsTopic] = field(ArrayOf(CreatePartitionsTopic), "0+")
    timeout_ms: int = field(INT32, "0+")
    validate_only: bool = field(BOOL, "0+")


class CreatePartitionsTopicResult(Struct):
    name: str = field(STRING, "0+")
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+", default=None)


class CreatePartitionsResponse(ApiMessage, answers=CreatePartitionsRequest):
    """A result for each topic."""

    throttle_time_ms: int = field(INT32, "0+")
    results: list[CreatePartitionsTopicResult] = field(ArrayOf(CreatePartitionsTopicResult), "0+")
