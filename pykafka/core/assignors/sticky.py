"""Balanced shares of which members keep as much as they can."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ...exceptions import MalformedDataError
from ...wire.consumer_protocol import (
    UNKNOWN_GENERATION,
    StickyData,
    read_sticky_data,
    read_subscription,
    write_sticky_data,
    write_subscription,
)
from ..partition_keys import PartitionKey
from .balance import balanced
from .vocabulary import GroupMember, by_topic, flat, in_java_order

__all__ = ["StickyAssignor", "claimants", "owners"]


class StickyAssignor:
    """Members stop for a rebalance, and most get back what they had.

    They say what they had as Java's ``StickyAssignor`` does, in user data.
    """

    name = "sticky"
    cooperative = False

    def subscription(
        self, topics: Sequence[str], owned: Sequence[PartitionKey], generation: int
    ) -> bytes:
        """See :meth:`Assignor.subscription`."""
        new = not owned and generation == UNKNOWN_GENERATION
        data = b"" if new else write_sticky_data(by_topic(owned), generation)
        return write_subscription(0, in_java_order(topics), data)

    def member(self, id: str, instance_id: str | None, said: bytes) -> GroupMember:
        """See :meth:`Assignor.member`.

        User data that are not to be read count as none, as with Java: the member then had
        nothing, and the group goes on.
        """
        subscription = read_subscription(said)
        had = _had(subscription.user_data)
        topics = tuple(subscription.topics)
        return GroupMember(id, topics, instance_id, flat(had.partitions), had.generation)

    def assign(
        self, members: Sequence[GroupMember], partitions: Mapping[str, Sequence[int]]
    ) -> dict[str, list[PartitionKey]]:
        """See :meth:`Assignor.assign`: as even as subscriptions allow.

        If all read the same topics, as many partitions stay where they are as can.
        """
        return balanced(members, partitions, owners(members))


def claimants(members: Iterable[GroupMember]) -> dict[PartitionKey, list[GroupMember]]:
    """Who says that it had which partitions."""
    claims: dict[PartitionKey, list[GroupMember]] = defaultdict(list)
    for member in members:
        for key in set(member.owned):
            claims[key].append(member)
    return claims


def owners(members: Iterable[GroupMember]) -> dict[PartitionKey, GroupMember]:
    """Who did have them: who says so of the latest generation.

    Who missed a rebalance goes on naming what it had before. Two that name the same generation
    cannot both be right, and neither is believed.
    """
    found = {}
    for key, claiming in claimants(members).items():
        latest = max(member.generation for member in claiming)
        believed = [member for member in claiming if member.generation == latest]
        if len(believed) == 1:
            found[key] = believed[0]
    return found


def _had(data: bytes | None) -> StickyData:
    try:
        return read_sticky_data(data) if data else StickyData([])
    except MalformedDataError:
        return StickyData([])
