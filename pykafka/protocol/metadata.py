"""Metadata (API 3) as 2.x has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..utils.compat import get_bytes, get_string
from ..wire.messages import metadata as wire
from .base import Request, Response

__all__ = [
    "BrokerMetadata",
    "BrokerMetadataV1",
    "MetadataRequest",
    "MetadataRequestV1",
    "MetadataRequestV2",
    "MetadataRequestV3",
    "MetadataRequestV4",
    "MetadataRequestV5",
    "MetadataResponse",
    "MetadataResponseV1",
    "MetadataResponseV2",
    "MetadataResponseV3",
    "MetadataResponseV4",
    "MetadataResponseV5",
    "PartitionMetadata",
    "PartitionMetadataV5",
    "TopicMetadata",
    "TopicMetadataV1",
]

#: From this version on, ``None`` asks for all topics and an empty list for none.
_FIRST_WITH_NULL = 1
#: From this version on, a request says whether brokers may create what it names.
_FIRST_WITH_CREATION = 4


class BrokerMetadata(NamedTuple):
    """A broker's id and address."""

    id: int
    host: bytes
    port: int


class BrokerMetadataV1(NamedTuple):
    """A broker's id, address and rack."""

    id: int
    host: bytes
    port: int
    rack: bytes | None


class PartitionMetadata(NamedTuple):
    """Who leads (-1: nobody) and who replicates a partition, by the brokers' ids."""

    id: int
    leader: int
    replicas: list[int]
    isr: list[int]
    err: int


class PartitionMetadataV5(NamedTuple):
    """The same, with the replicas that are not there."""

    id: int
    leader: int
    replicas: list[int]
    isr: list[int]
    offline_replicas: list[int]
    err: int


class TopicMetadata(NamedTuple):
    """A topic's partitions by id, and the error code of the topic."""

    name: bytes
    partitions: dict[int, Any]
    err: int


class TopicMetadataV1(NamedTuple):
    """The same; ``is_internal`` for the brokers' own topics."""

    name: bytes
    is_internal: bool
    partitions: dict[int, Any]
    err: int


class MetadataRequest(Request):
    """Describe the cluster and some topics.

    :param topics: names; empty for all there are. Brokers may create those they lack.
    """

    API_KEY = 3
    #: From version 4 on the constructor takes it.
    allow_topic_autocreation = True

    def __init__(self, topics: Sequence[str | bytes] | None = None, *kwargs: Any) -> None:
        self.topics = list(topics or ())

    def to_wire(self, version: int) -> wire.MetadataRequest:
        """How all topics are asked for depends on the version."""
        named = [wire.MetadataRequestTopic(name=get_string(name)) for name in self.topics]
        return wire.MetadataRequest(
            topics=named if named or version < _FIRST_WITH_NULL else None,
            allow_auto_topic_creation=(
                self.allow_topic_autocreation or version < _FIRST_WITH_CREATION
            ),
        )


class MetadataRequestV1(MetadataRequest):
    """Version 1."""

    API_VERSION = 1


class MetadataRequestV2(MetadataRequestV1):
    """Version 2."""

    API_VERSION = 2


class MetadataRequestV3(MetadataRequestV2):
    """Version 3."""

    API_VERSION = 3


class MetadataRequestV4(MetadataRequestV3):
    """Version 4.

    :param allow_topic_autocreation: whether brokers may create topics that they lack.
    """

    API_VERSION = 4

    def __init__(
        self,
        topics: Sequence[str | bytes] | None = None,
        allow_topic_autocreation: bool = True,
    ) -> None:
        super().__init__(topics)
        self.allow_topic_autocreation = allow_topic_autocreation


class MetadataRequestV5(MetadataRequestV4):
    """Version 5."""

    API_VERSION = 5


class MetadataResponse(Response):
    """The cluster.

    :ivar brokers: id -> :class:`BrokerMetadata`.
    :ivar topics: name -> :class:`TopicMetadata`, whose ``partitions`` are by id.
    :ivar controller_id: ``None`` in version 0.
    :ivar cluster_id: ``None`` before version 2.
    :ivar throttle_time_ms: 0 before version 3.
    """

    API_KEY = 3
    brokers: dict[int, Any]
    topics: dict[bytes, Any]
    controller_id: int | None
    cluster_id: bytes | None
    throttle_time_ms: int

    def _take(self, answer: Any) -> None:
        self.throttle_time_ms = answer.throttle_time_ms
        self.cluster_id = None if answer.cluster_id is None else get_bytes(answer.cluster_id)
        self.controller_id = None if answer.controller_id < 0 else answer.controller_id
        self.brokers = {broker.node_id: self._broker(broker) for broker in answer.brokers}
        self.topics = {get_bytes(topic.name): self._topic(topic) for topic in answer.topics}

    def _broker(self, found: Any) -> Any:
        return BrokerMetadata(found.node_id, get_bytes(found.host), found.port)

    def _topic(self, found: Any) -> Any:
        return TopicMetadata(get_bytes(found.name), self._partitions(found), found.error_code)

    def _partitions(self, topic: Any) -> dict[int, Any]:
        return {found.partition_index: self._partition(found) for found in topic.partitions}

    def _partition(self, found: Any) -> Any:
        return PartitionMetadata(
            found.partition_index,
            found.leader_id,
            list(found.replica_nodes),
            list(found.isr_nodes),
            found.error_code,
        )


class MetadataResponseV1(MetadataResponse):
    """Version 1: :class:`BrokerMetadataV1`, :class:`TopicMetadataV1`, ``controller_id``."""

    API_VERSION = 1

    def _broker(self, found: Any) -> Any:
        rack = None if found.rack is None else get_bytes(found.rack)
        return BrokerMetadataV1(found.node_id, get_bytes(found.host), found.port, rack)

    def _topic(self, found: Any) -> Any:
        return TopicMetadataV1(
            get_bytes(found.name), found.is_internal, self._partitions(found), found.error_code
        )


class MetadataResponseV2(MetadataResponseV1):
    """Version 2: ``cluster_id``."""

    API_VERSION = 2


class MetadataResponseV3(MetadataResponseV2):
    """Version 3: ``throttle_time_ms``."""

    API_VERSION = 3


class MetadataResponseV4(MetadataResponseV3):
    """Version 4."""

    API_VERSION = 4


class MetadataResponseV5(MetadataResponseV4):
    """Version 5: :class:`PartitionMetadataV5`."""

    API_VERSION = 5

    def _partition(self, found: Any) -> Any:
        return PartitionMetadataV5(
            found.partition_index,
            found.leader_id,
            list(found.replica_nodes),
            list(found.isr_nodes),
            list(found.offline_replicas),
            found.error_code,
        )
