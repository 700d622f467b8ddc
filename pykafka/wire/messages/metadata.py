"""Metadata (API 3): brokers, topics, and where partitions lead."""

from __future__ import annotations

from ..primitives import BOOL, INT16, INT32, STRING, UUID, ZERO_UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "MetadataRequest",
    "MetadataRequestTopic",
    "MetadataResponse",
    "MetadataResponseBroker",
    "MetadataResponsePartition",
    "MetadataResponseTopic",
]


class MetadataRequestTopic(Struct):
    topic_id: bytes = field(UUID, "10+", default=ZERO_UUID, ignorable=True)
    name: str | None = field(STRING, "0+", nullable="10+")


class MetadataRequest(ApiMessage, api_key=3, versions="0-13", flexible="9+"):
    """Describe topics.

    All topics are asked for with ``None``, or in version 0 with an empty list; an empty list
    asks later versions for none. Before version 4 brokers that create topics automatically
    create what is asked for and missing.
    """

    topics: list[MetadataRequestTopic] | None = field(
        ArrayOf(MetadataRequestTopic), "0+", nullable="1+"
    )
    allow_auto_topic_creation: bool = field(BOOL, "4+", default=True)
    include_cluster_authorized_operations: bool = field(BOOL, "8-10", default=False)
    include_topic_authorized_operations: bool = field(BOOL, "8+", default=False)


class MetadataResponseBroker(Struct):
    node_id: int = field(INT32, "0+")
    host: str = field(STRING, "0+")
    port: int = field(INT32, "0+")
    rack: str | None = field(STRING, "1+", nullable="1+", default=None, ignorable=True)


class MetadataResponsePartition(Struct):
    error_code: int = field(INT16, "0+")
    partition_index: int = field(INT32, "0+")
    leader_id: int = field(INT32, "0+")
    leader_epoch: int = field(INT32, "7+", default=-1, ignorable=True)
    replica_nodes: list[int] = field(ArrayOf(INT32), "0+")
    isr_nodes: list[int] = field(ArrayOf(INT32), "0+")
    offline_replicas: list[int] = field(ArrayOf(INT32), "5+", factory=list, ignorable=True)


class MetadataResponseTopic(Struct):
    error_code: int = field(INT16, "0+")
    name: str | None = field(STRING, "0+", nullable="12+")
    topic_id: bytes = field(UUID, "10+", default=ZERO_UUID, ignorable=True)
    is_internal: bool = field(BOOL, "1+", default=False, ignorable=True)
    partitions: list[MetadataResponsePartition] = field(ArrayOf(MetadataResponsePartition), "0+")
    topic_authorized_operations: int = field(INT32, "8+", default=-2147483648)


class MetadataResponse(ApiMessage, answers=MetadataRequest):
    """The cluster; ``leader_id`` is -1 while a partition has no leader."""

    throttle_time_ms: int = field(INT32, "3+", default=0, ignorable=True)
    brokers: list[MetadataResponseBroker] = field(ArrayOf(MetadataResponseBroker), "0+")
    cluster_id: str | None = field(STRING, "2+", nullable="2+", default=None, ignorable=True)
    controller_id: int = field(INT32, "1+", default=-1, ignorable=True)
    topics: list[MetadataResponseTopic] = field(ArrayOf(MetadataResponseTopic), "0+")
    cluster_authorized_operations: int = field(INT32, "8-10", default=-2147483648)
    error_code: int = field(INT16, "13+", default=0, ignorable=True)
