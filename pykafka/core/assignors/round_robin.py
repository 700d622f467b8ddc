"""The partitions of all topics, one for each member in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

from ..partition_keys import PartitionKey
from .vocabulary import EagerAssignor, GroupMember, members_in_order, readers_of

__all__ = ["RoundRobinAssignor"]


class RoundRobinAssignor(EagerAssignor):
    """What Kafka's ``RoundRobinAssignor`` gives.

    A member is passed over by the partitions of topics that it does not read.
    """

    name = "roundrobin"

    def assign(
        self, members: Sequence[GroupMember], partitions: Mapping[str, Sequence[int]]
    ) -> dict[str, list[PartitionKey]]:
        """See :meth:`Assignor.assign`: within one of each other if all read the same topics."""
        shares: dict[str, list[PartitionKey]] = {member.id: [] for member in members}
        turns = cycle(members_in_order(members))
        for topic, readers in readers_of(members, partitions).items():
            reading = {reader.id for reader in readers}
            for id_ in sorted(set(partitions[topic])):
                member = next(member for member in turns if member.id in reading)
                shares[member.id].append((topic, id_))
        return shares
