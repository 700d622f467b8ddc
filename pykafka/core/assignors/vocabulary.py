"""What assignors are asked and what they answer; what they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from ...wire.consumer_protocol import (
    UNKNOWN_GENERATION,
    Subscription,
    TopicPartitions,
    read_subscription,
    write_subscription,
)
from ..partition_keys import PartitionKey
from .java_strings import order_of

__all__ = [
    "Assignor",
    "EagerAssignor",
    "GroupMember",
    "by_topic",
    "flat",
    "members_in_order",
    "readers_of",
]


class GroupMember(NamedTuple):
    """A member as the one who assigns sees it.

    :ivar instance_id: the name of a static member, which a restart does not change.
    :ivar owned: what it says it had.
    :ivar generation: in which generation of the group it had them; -1 if that is unknown.
    """

    id: str
    topics: tuple[str, ...]
    instance_id: str | None = None
    owned: tuple[PartitionKey, ...] = ()
    generation: int = UNKNOWN_GENERATION


class Assignor(Protocol):
    """A way to share partitions.

    :ivar name: as groups know it, such as ``range``.
    :ivar cooperative: members keep what they own while the group rebalances, and let go only of
        what they are no longer given; what they let go of is given away one rebalance later.
    """

    name: str
    cooperative: bool

    def subscription(
        self, topics: Sequence[str], owned: Sequence[PartitionKey], generation: int
    ) -> bytes:
        """What a member says when it joins.

        :param owned: what it has, or had before it stopped for this rebalance.
        :param generation: in which generation it was given that; -1 before the first.
        :raises UsageError: a value does not fit its field.
        """

    def member(self, id: str, instance_id: str | None, said: bytes) -> GroupMember:
        """A member from what it said when it joined.

        :raises MalformedDataError: that is no subscription.
        """

    def assign(
        self, members: Sequence[GroupMember], partitions: Mapping[str, Sequence[int]]
    ) -> dict[str, list[PartitionKey]]:
        """Each member's partitions, by its id; every member is a key.

        :param partitions: the ids of each topic's partitions. A topic that is not there (it is
            not known yet, or gone) is left out, and so is one that nobody reads.
        """


class EagerAssignor:
    """Base of assignors that need to know of members what they read, and nothing else."""

    cooperative = False

    def subscription(
        self, topics: Sequence[str], owned: Sequence[PartitionKey], generation: int
    ) -> bytes:
        """See :meth:`Assignor.subscription`; what the member has is of no interest."""
        return write_subscription(0, in_java_order(topics), b"")

    def member(self, id: str, instance_id: str | None, said: bytes) -> GroupMember:
        """See :meth:`Assignor.member`."""
        return member_from(id, instance_id, read_subscription(said))


def member_from(id: str, instance_id: str | None, said: Subscription) -> GroupMember:
    """A member with what the fields of its subscription say."""
    owned = flat(said.owned_partitions)
    return GroupMember(id, tuple(said.topics), instance_id, owned, said.generation_id)


def in_java_order(names: Iterable[str]) -> list[str]:
    """Each name once.

    The coordinator compares what a member says with what it said before, and only a difference
    makes a rebalance: the same topics must be the same bytes.
    """
    return sorted(set(names), key=order_of)


def members_in_order(members: Iterable[GroupMember]) -> list[GroupMember]:
    """Static members by their names, then the others by their ids, as Kafka orders them.

    Ids of members change when they restart, names do not: static members keep their places.
    """

    def place(member: GroupMember) -> tuple[bool, bytes, bytes]:
        dynamic = member.instance_id is None
        return dynamic, order_of(member.instance_id or ""), order_of(member.id)

    return sorted(members, key=place)


def readers_of(
    members: Iterable[GroupMember], partitions: Mapping[str, Sequence[int]]
) -> dict[str, list[GroupMember]]:
    """The members that read each topic, in their order; topics in theirs.

    Only topics that somebody reads and whose partitions are known are there.
    """
    readers: dict[str, list[GroupMember]] = defaultdict(list)
    for member in members_in_order(members):
        for topic in set(member.topics).intersection(partitions):
            readers[topic].append(member)
    return {topic: readers[topic] for topic in in_java_order(readers)}


def by_topic(keys: Iterable[PartitionKey]) -> list[TopicPartitions]:
    """The partitions as they are written, in one order whatever theirs is."""
    grouped: dict[str, list[int]] = defaultdict(list)
    for topic, partition in sorted(set(keys)):
        grouped[topic].append(partition)
    return [(topic, grouped[topic]) for topic in in_java_order(grouped)]


def flat(partitions: Iterable[TopicPartitions]) -> tuple[PartitionKey, ...]:
    """The partitions as keys."""
    return tuple((topic, id_) for topic, ids in partitions for id_ in ids)
