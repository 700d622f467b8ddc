"""Sticky shares for members that go on reading while they rebalance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...exceptions import MalformedDataError
from ...wire.consumer_protocol import (
    UNKNOWN_GENERATION,
    read_generation_data,
    read_subscription,
    write_generation_data,
    write_subscription,
)
from ..partition_keys import PartitionKey
from .balance import balanced
from .sticky import claimants, owners
from .vocabulary import GroupMember, by_topic, in_java_order, member_from

__all__ = ["CooperativeStickyAssignor"]


class CooperativeStickyAssignor:
    """A partition that changes hands is given to nobody until its owner has let go of it.

    Owners see that they are no longer given it, let go, and join again: the rebalance that
    follows gives it to its new owner.
    """

    name = "cooperative-sticky"
    cooperative = True

    def subscription(
        self, topics: Sequence[str], owned: Sequence[PartitionKey], generation: int
    ) -> bytes:
        """See :meth:`Assignor.subscription`.

        Older clients in Java look for the generation in user data, newer ones in its field.
        """
        data = write_generation_data(generation)
        return write_subscription(2, in_java_order(topics), data, by_topic(owned), generation)

    def member(self, id: str, instance_id: str | None, said: bytes) -> GroupMember:
        """See :meth:`Assignor.member`.

        User data that are not to be read name no generation, as with Java.
        """
        subscription = read_subscription(said)
        member = member_from(id, instance_id, subscription)
        if member.generation >= 0:
            return member
        return member._replace(generation=_generation(subscription.user_data))

    def assign(
        self, members: Sequence[GroupMember], partitions: Mapping[str, Sequence[int]]
    ) -> dict[str, list[PartitionKey]]:
        """See :meth:`Assignor.assign`: as ``sticky``, without what another member still owns."""
        believed, claims = owners(members), claimants(members)

        def is_free(key: PartitionKey, member_id: str) -> bool:
            owner = believed.get(key)
            if owner is not None and owner.id == member_id:
                return True
            return all(member.id == member_id for member in claims.get(key, ()))

        shares = balanced(members, partitions, believed)
        return {id_: [key for key in keys if is_free(key, id_)] for id_, keys in shares.items()}


def _generation(data: bytes | None) -> int:
    try:
        return read_generation_data(data) if data else UNKNOWN_GENERATION
    except MalformedDataError:
        return UNKNOWN_GENERATION
