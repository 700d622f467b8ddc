"""Making and removing topics, where the generation of the cluster has it done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..exceptions import ERROR_CODES, KafkaException, UsageError, WaitTimedOutError
from ..wire.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ..wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from ..wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from . import probe

__all__ = ["TOPIC_WITHIN", "Placement", "QuorumTopics", "TopicStore", "check_topic"]

#: Seconds for a topic to get leaders, or to vanish.
TOPIC_WITHIN = 60.0
#: Milliseconds that a broker may take.
_TIMEOUT_MS = 8_000
_EXISTS = 36


@dataclass(frozen=True)
class Placement:
    """Where a partition is, as ids of brokers."""

    #: None while there is none.
    leader: int | None
    #: The preferred leader first.
    replicas: tuple[int, ...]
    #: Those that had everything, when the cluster last looked.
    in_sync: frozenset[int]


class TopicStore(Protocol):
    """How the topics of a cluster are changed; effects show in metadata some time later."""

    def create(
        self, name: str, partitions: int, replication_factor: int, config: Mapping[str, str]
    ) -> None:
        """Begin to create a topic.

        :raises UsageError: it exists.
        """

    def delete(self, name: str) -> None:
        """Begin to delete a topic."""

    def names(self) -> list[str]:
        """The topics there are."""

    def placements(self, name: str) -> dict[int, Placement]:
        """Where the partitions of a topic are; of those only that have had a leader."""


def check_topic(name: str, partitions: int, replication_factor: int, brokers: int) -> None:
    """:raises UsageError: such a topic cannot be; says what can."""
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", name) or name in {".", ".."}:
        raise UsageError(f"topic {name!r}: 1 to 249 of a-z A-Z 0-9 . _ - make a topic's name")
    if partitions < 1:
        raise UsageError(f"topic {name!r}: {partitions} partitions; it needs at least 1")
    if not 1 <= replication_factor <= brokers:
        raise UsageError(
            f"topic {name!r}: replication factor {replication_factor}; "
            f"this cluster has {brokers} broker(s), so 1 to {brokers}"
        )


class QuorumTopics:
    """Through requests to a broker, which hands them on to the controller (4.0 and newer)."""

    def __init__(self, port: int) -> None:
        self._port = port

    def create(
        self, name: str, partitions: int, replication_factor: int, config: Mapping[str, str]
    ) -> None:
        """As :meth:`TopicStore.create`."""
        settings = [CreatableTopicConfig(name=key, value=value) for key, value in config.items()]
        topic = CreatableTopic(
            name=name,
            num_partitions=partitions,
            replication_factor=replication_factor,
            assignments=[],
            configs=settings,
        )
        request = CreateTopicsRequest(topics=[topic], timeout_ms=_TIMEOUT_MS)
        answer = probe.exchange(self._port, request, CreateTopicsResponse, 2)
        if answer is None:
            raise WaitTimedOutError(f"topic {name!r}: no answer from port {self._port}")
        _check(name, answer.topics[0].error_code, answer.topics[0].error_message)

    def delete(self, name: str) -> None:
        """As :meth:`TopicStore.delete`."""
        request = DeleteTopicsRequest(topic_names=[name], timeout_ms=_TIMEOUT_MS)
        answer = probe.exchange(self._port, request, DeleteTopicsResponse, 1)
        if answer is None:
            raise WaitTimedOutError(f"topic {name!r}: no answer from port {self._port}")
        _check(name, answer.responses[0].error_code, None)

    def names(self) -> list[str]:
        """As :meth:`TopicStore.names`."""
        view = probe.ask(self._port)
        if view is None:
            raise WaitTimedOutError(f"the topics' names: no answer from port {self._port}")
        return sorted(view.names)

    def placements(self, name: str) -> dict[int, Placement]:
        """As :meth:`TopicStore.placements`."""
        request = MetadataRequest(topics=[MetadataRequestTopic(name=name)])
        answer = probe.exchange(self._port, request, MetadataResponse, 1)
        if answer is None:
            raise WaitTimedOutError(f"topic {name!r}: no answer from port {self._port}")
        return {
            partition.partition_index: Placement(
                partition.leader_id if partition.leader_id >= 0 else None,
                tuple(partition.replica_nodes),
                frozenset(partition.isr_nodes),
            )
            for partition in answer.topics[0].partitions
        }


def _check(name: str, code: int, message: str | None) -> None:
    if code == _EXISTS:
        raise UsageError(f"topic {name!r} exists")
    if code != 0:
        kind = ERROR_CODES.get(code, KafkaException)
        raise kind(f"topic {name!r}: {message or f'error {code}'}")
