"""What a cluster says of its topics, the broken ones among them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from ..exceptions import InvalidOptionError, UnknownTopicOrPartition

if TYPE_CHECKING:
    from ..client import KafkaClient
    from ..core.metadata import TopicInfo
    from ..topic import Topic

__all__ = [
    "PartitionRow",
    "TopicRow",
    "check_partitions",
    "describe",
    "existing_topic",
    "list_topics",
]


class PartitionRow(NamedTuple):
    """A partition; ``leader`` is ``None`` while it has none."""

    id: int
    leader: int | None
    replicas: list[int]
    isr: list[int]


class TopicRow(NamedTuple):
    """A topic with its partitions in the order of their ids."""

    name: str
    partitions: list[PartitionRow]

    @property
    def replicas(self) -> int:
        """How many copies there are of a partition (the most, where they differ)."""
        return max((len(partition.replicas) for partition in self.partitions), default=0)

    @property
    def leaderless(self) -> list[int]:
        """The ids of the partitions without a leader."""
        return [partition.id for partition in self.partitions if partition.leader is None]


def list_topics(client: KafkaClient, *, internal: bool = False) -> list[TopicRow]:
    """All topics by name; those whose name starts with two underscores only if ``internal``.

    Taken from the metadata that the client began with: nothing waits for leaders here.
    """
    found = client.cluster.core.snapshot.topics
    return [_row(found[name]) for name in sorted(found) if internal or not name.startswith("__")]


def describe(client: KafkaClient, name: str) -> TopicRow:
    """One topic.

    :raises UnknownTopicOrPartition: there is none of that name.
    """
    found = client.cluster.core.snapshot.topics.get(name)
    if found is None:
        raise _unknown(name)
    return _row(found)


def existing_topic(client: KafkaClient, name: str) -> Topic:
    """A topic to read or write, which is there; never makes one.

    :raises UnknownTopicOrPartition: it is not.
    :raises LeaderNotAvailable: it has no leaders.
    """
    topic: Topic | None = client.topics.get(name)
    if topic is None:
        raise _unknown(name)
    return topic


def check_partitions(topic: Topic, ids: Collection[int]) -> list[int]:
    """Ids of partitions in order; all that the topic has if none is given.

    :raises InvalidOptionError: the topic does not have one of them.
    """
    there = sorted(topic.partitions)
    for id_ in ids:
        if id_ not in there:
            raise InvalidOptionError(
                f"topic {topic.name.decode()} has no partition {id_}; it has {there[0]} to"
                f" {there[-1]}"
            )
    return sorted(set(ids)) or there


def _row(topic: TopicInfo) -> TopicRow:
    return TopicRow(
        topic.name,
        [
            PartitionRow(
                id_,
                part.leader if part.leader >= 0 else None,
                list(part.replicas),
                list(part.isr),
            )
            for id_, part in sorted(topic.partitions.items())
        ],
    )


def _unknown(name: str) -> UnknownTopicOrPartition:
    return UnknownTopicOrPartition(f"there is no topic {name!r} in this cluster")
