"""Neighbouring partitions of each topic for each member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from ..partition_keys import PartitionKey
from .vocabulary import EagerAssignor, GroupMember, readers_of

__all__ = ["RangeAssignor", "neighbours"]

Sharer = TypeVar("Sharer")


def neighbours(
    sharers: Sequence[Sharer], partitions: Sequence[int]
) -> Iterator[tuple[Sharer, list[int]]]:
    """Cut the partitions into one run for each sharer; the first runs are longer by one."""
    ordered = sorted(set(partitions))
    share, rest = divmod(len(ordered), len(sharers))
    begin = 0
    for place, sharer in enumerate(sharers):
        end = begin + share + (place < rest)
        yield sharer, ordered[begin:end]
        begin = end


class RangeAssignor(EagerAssignor):
    """What Kafka's ``RangeAssignor`` gives, for members that do not say in which rack they run.

    Members that read the same topics have the partitions with the same ids of each (if there are
    equally many), so that what belongs together by key is read by one.
    """

    name = "range"

    def assign(
        self, members: Sequence[GroupMember], partitions: Mapping[str, Sequence[int]]
    ) -> dict[str, list[PartitionKey]]:
        """See :meth:`Assignor.assign`: within one of each other in each topic."""
        shares: dict[str, list[PartitionKey]] = {member.id: [] for member in members}
        for topic, readers in readers_of(members, partitions).items():
            for member, ids in neighbours(readers, partitions[topic]):
                shares[member.id] += [(topic, id_) for id_ in ids]
        return shares
