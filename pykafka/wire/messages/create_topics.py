"""CreateTopics (API 19): create topics."""

from __future__ import annotations

from ..primitives import BOOL, INT8, INT16, INT32, STRING, UUID, ZERO_UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "CreatableReplicaAssignment",
    "CreatableTopic",
    "CreatableTopicConfig",
    "CreatableTopicConfigs",
    "CreatableTopicResult",
    "CreateTopicsRequest",
    "CreateTopicsResponse",
]


class CreatableReplicaAssignment(Struct):
    partition_index: int = field(INT32, "0+")
    broker_ids: list[int] = field(ArrayOf(INT32), "0+")


class CreatableTopicConfig(Struct):
    name: str = field(STRING, "0+")
    value: str | None = field(STRING, "0+", nullable="0+")


class CreatableTopic(Struct):
    name: str = field(STRING, "0+")
    num_partitions: int = field(INT32, "0+")
    replication_factor: int = field(INT16, "0+")
    assignments: list[CreatableReplicaAssignment] = field(ArrayOf(CreatableReplicaAssignment), "0+")
    configs: list[CreatableTopicConfig] = field(ArrayOf(CreatableTopicConfig), "0+")


class CreateTopicsRequest(ApiMessage, api_key=19, versions="0-7", flexible="5+"):
    """Create topics; to be sent to the controller."""

    topics: list[CreatableTopic] = field(ArrayOf(CreatableTopic), "0+")
    timeout_ms: int = field(INT32, "0+", default=60000)
    validate_only: bool = field(BOOL, "1+", default=False)


class CreatableTopicConfigs(Struct):
    name: str = field(STRING, "5+")
    value: str | None = field(STRING, "5+", nullable="5+")
    read_only: bool = field(BOOL, "5+")
    config_source: int = field(INT8, "5+", default=-1, ignorable=True)
    is_sensitive: bool = field(BOOL, "5+")


class CreatableTopicResult(Struct):
    name: str = field(STRING, "0+")
    topic_id: bytes = field(UUID, "7+", default=ZERO_UUID, ignorable=True)
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "1+", nullable="0+", default="", ignorable=True)
    topic_config_error_code: int = field(INT16, "5+", default=0, tag=0, ignorable=True)
    num_partitions: int = field(INT32, "5+", default=-1, ignorable=True)
    replication_factor: int = field(INT16, "5+", default=-1, ignorable=True)
    configs: list[CreatableTopicConfigs] | None = field(
        ArrayOf(CreatableTopicConfigs), "5+", nullable="5+", factory=list, ignorable=True
    )


class CreateTopicsResponse(ApiMessage, answers=CreateTopicsRequest):
    """A result for each topic."""

    throttle_time_ms: int = field(INT32, "2+", default=0, ignorable=True)
    topics: list[CreatableTopicResult] = field(ArrayOf(CreatableTopicResult), "0+")
