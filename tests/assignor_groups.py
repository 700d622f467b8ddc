"""Groups drawn at random for assignors, and what holds of every assignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from pykafka.core.assignors import GroupMember
from pykafka.core.partition_keys import PartitionKey

__all__ = [
    "DrawnGroup",
    "assert_complete",
    "groups",
    "kept",
    "readable",
    "readers",
    "spread",
]

#: The last two are ordered one way by code points and the other way by UTF-16.
LETTERS = "aZ0-é￼😀"
NAMES = st.text(LETTERS, min_size=1, max_size=4)
TOPICS = ["t", "t-10", "t-2", "a", "Z", "u.v", "x_y"]


class DrawnGroup(NamedTuple):
    """Members, and the number of each topic's partitions."""

    members: list[GroupMember]
    sizes: dict[str, int]

    @property
    def partitions(self) -> dict[str, range]:
        return {topic: range(size) for topic, size in self.sizes.items()}


@st.composite
def groups(
    draw: st.DrawFn, *, equal: bool | None = None, claims: bool = True, sane: bool = False
) -> DrawnGroup:
    """A group.

    :param equal: whether all read the same topics; either way if ``None``.
    :param claims: members name partitions that they had.
    :param sane: no two name the same one, and none is gone or no longer read. Every member reads
        something.
    """
    sizes = draw(st.dictionaries(st.sampled_from(TOPICS), st.integers(0, 9), max_size=5))
    names_read = st.sampled_from([*sizes, "gone"])
    topics = st.lists(names_read, unique=True, min_size=int(sane)).map(tuple)
    ids = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    names = draw(st.lists(NAMES, max_size=len(ids), unique=True))
    same = draw(st.booleans()) if equal is None else equal
    all_read = draw(topics)
    members = [
        GroupMember(id_, all_read if same else draw(topics), names[n] if n < len(names) else None)
        for n, id_ in enumerate(ids)
    ]
    if claims:
        members = draw(_with_claims(members, sizes, sane))
    return DrawnGroup(members, sizes)


@st.composite
def _with_claims(
    draw: st.DrawFn, members: list[GroupMember], sizes: Mapping[str, int], sane: bool
) -> list[GroupMember]:
    # Few members have most: that is what has to be evened out.
    who = st.lists(st.integers(0, len(members) - 1), max_size=1 if sane else 2, unique=True)
    owned: dict[int, list[PartitionKey]] = {number: [] for number in range(len(members))}
    for key in [("gone", 0), *((topic, id_) for topic in sizes for id_ in range(sizes[topic] + 1))]:
        topic, id_ = key
        is_there = id_ < sizes.get(topic, 0)
        for number in draw(who):
            if not sane or (is_there and topic in members[number].topics):
                owned[number].append(key)
    generations = st.integers(-1, 2)
    return [
        member._replace(owned=tuple(owned[number]), generation=draw(generations))
        for number, member in enumerate(members)
    ]


def readers(group: DrawnGroup, topic: str) -> set[str]:
    """The ids of those who read a topic."""
    return {member.id for member in group.members if topic in member.topics}


def readable(group: DrawnGroup) -> set[PartitionKey]:
    """Every partition that somebody reads."""
    return {
        (topic, id_)
        for topic, ids in group.partitions.items()
        for id_ in ids
        if readers(group, topic)
    }


def assert_complete(group: DrawnGroup, shares: Mapping[str, Sequence[PartitionKey]]) -> None:
    """Every member is there, every partition is with one of those who read it."""
    assert set(shares) == {member.id for member in group.members}
    given = Counter(key for keys in shares.values() for key in keys)
    assert given == Counter(readable(group))
    for id_, keys in shares.items():
        assert all(id_ in readers(group, topic) for topic, _ in keys)


def spread(counts: Sequence[int]) -> int:
    """How much the largest is above the smallest."""
    return max(counts) - min(counts) if counts else 0


def kept(owners: Mapping[PartitionKey, str], shares: Mapping[str, Sequence[PartitionKey]]) -> int:
    """How many partitions stay with their owner."""
    return sum(owners.get(key) == id_ for id_, keys in shares.items() for key in keys)
