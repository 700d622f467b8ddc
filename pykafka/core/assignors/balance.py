"""Partitions shared as evenly as subscriptions allow, with as few as possible taken away.

Shares are as even as can be when no partition can wander from a member to one that has at least
two fewer, neither directly nor through others that each hand one on. (It is a matching problem:
the sum of the squares of the loads is then the least.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

from ..partition_keys import PartitionKey
from .vocabulary import GroupMember, members_in_order, readers_of

__all__ = ["balanced"]


def balanced(
    members: Iterable[GroupMember],
    partitions: Mapping[str, Sequence[int]],
    owners: Mapping[PartitionKey, GroupMember],
) -> dict[str, list[PartitionKey]]:
    """Each member's partitions by its id, sorted.

    :param owners: who has which partitions now. What is no longer there, or no longer read by
        its owner, is passed over.
    """
    ordered = members_in_order(members)
    place = {member.id: number for number, member in enumerate(ordered)}
    takers = {
        topic: [place[reader.id] for reader in readers]
        for topic, readers in readers_of(ordered, partitions).items()
    }
    kept, free = _split(partitions, takers, {key: place[who.id] for key, who in owners.items()})
    shares = _Shares(len(ordered), takers)
    shares.start(kept)
    for key in free:
        shares.add(key)
    # What nobody has moves first, for it costs nothing. That also ends a cooperative rebalance
    # with its second round: what the first held back finds a place without moving anything else.
    shares.level()
    shares.release(kept)
    shares.level()
    return {member.id: shares.of(number) for number, member in enumerate(ordered)}


def _split(
    partitions: Mapping[str, Sequence[int]],
    takers: Mapping[str, Sequence[int]],
    owners: Mapping[PartitionKey, int],
) -> tuple[dict[PartitionKey, int], list[PartitionKey]]:
    """What has an owner that may go on, with it; and the others, those with little choice first."""
    kept, free = {}, []
    for topic in sorted(takers, key=lambda topic: (len(takers[topic]), topic)):
        for id_ in sorted(set(partitions[topic])):
            owner = owners.get((topic, id_))
            if owner is not None and owner in takers[topic]:
                kept[topic, id_] = owner
            else:
                free.append((topic, id_))
    return kept, free


class _Shares:
    """Who has what while it is being evened out. Members are numbers.

    :param takers: who may have the partitions of a topic.
    """

    def __init__(self, members: int, takers: Mapping[str, list[int]]) -> None:
        self._takers = takers
        self._allowed = {topic: frozenset(numbers) for topic, numbers in takers.items()}
        self._loads = [0] * members
        # Topic -> ids. What was given is taken again before what a member had already.
        self._given: list[dict[str, list[int]]] = [defaultdict(list) for _ in range(members)]
        self._had: list[dict[str, list[int]]] = [defaultdict(list) for _ in range(members)]
        # Giver -> taker -> how many movable partitions of the one the other may have.
        self._movable = [[0] * members for _ in range(members)]

    def start(self, kept: Mapping[PartitionKey, int]) -> None:
        """Count what members have; it does not move yet."""
        for owner in kept.values():
            self._loads[owner] += 1

    def release(self, kept: Mapping[PartitionKey, int]) -> None:
        """Let what members had move, too."""
        for (topic, id_), owner in kept.items():
            self._had[owner][topic].append(id_)
            self._count(owner, topic, 1)

    def add(self, key: PartitionKey) -> None:
        """Give a partition to the one with the fewest."""
        topic, id_ = key
        self._give(min(self._takers[topic], key=self._loads.__getitem__), topic, id_)

    def level(self) -> None:
        """Even out, from the fullest share down.

        A member from which nothing can wander is done: later, emptier ones find no way through it
        to those it could not reach itself, or it had found that way.
        """
        fullest = [(-load, number) for number, load in enumerate(self._loads)]
        heapify(fullest)
        while fullest:
            load, giver = heappop(fullest)
            # Its load has changed since: it is in the heap a second time.
            if -load != self._loads[giver]:
                continue
            way = self._way_down(giver)
            if way:
                self._hand_on(way)
                heappush(fullest, (-self._loads[way[0]], way[0]))
                heappush(fullest, (-self._loads[way[-1]], way[-1]))

    def of(self, member: int) -> list[PartitionKey]:
        """The partitions of a member, sorted."""
        return sorted(
            (topic, id_)
            for pile in (self._given[member], self._had[member])
            for topic, ids in pile.items()
            for id_ in ids
        )

    def _way_down(self, giver: int) -> list[int]:
        """The shortest way to a member with at least two fewer; empty if there is none."""
        came_from = {giver: giver}
        reached = [giver]
        while reached:
            reached = self._next_after(reached, came_from)
            target = min(reached, key=self._loads.__getitem__, default=giver)
            if self._loads[target] <= self._loads[giver] - 2:
                return _trail(came_from, giver, target)
        return []

    def _next_after(self, reached: Iterable[int], came_from: dict[int, int]) -> list[int]:
        """Members that can be handed something by those, noted with whom it comes from."""
        found = []
        for giver in reached:
            for taker, count in enumerate(self._movable[giver]):
                if count and taker not in came_from:
                    came_from[taker] = giver
                    found.append(taker)
        return found

    def _hand_on(self, way: Sequence[int]) -> None:
        # Nobody hands on what he was just handed: the way, being the shortest, would be shorter.
        for giver, taker in pairwise(way):
            self._give(taker, *self._take(giver, taker))

    def _give(self, member: int, topic: str, id_: int) -> None:
        self._given[member][topic].append(id_)
        self._loads[member] += 1
        self._count(member, topic, 1)

    def _take(self, giver: int, taker: int) -> PartitionKey:
        """Take a partition that the other may have."""
        pile, topic = next(
            (pile, topic)
            for pile in (self._given[giver], self._had[giver])
            for topic in pile
            if taker in self._allowed[topic]
        )
        id_ = pile[topic].pop()
        if not pile[topic]:
            del pile[topic]
        self._loads[giver] -= 1
        self._count(giver, topic, -1)
        return topic, id_

    def _count(self, giver: int, topic: str, change: int) -> None:
        movable = self._movable[giver]
        for taker in self._takers[topic]:
            movable[taker] += change


def _trail(came_from: Mapping[int, int], first: int, last: int) -> list[int]:
    trail = [last]
    while trail[-1] != first:
        trail.append(came_from[trail[-1]])
    return trail[::-1]
