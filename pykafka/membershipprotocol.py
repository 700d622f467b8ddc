"""How the members of a group share a topic's partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from .protocol import ConsumerGroupProtocolMetadata

if TYPE_CHECKING:
    from .partition import Partition

__all__ = [
    "GroupMembershipProtocol",
    "RangeProtocol",
    "RoundRobinProtocol",
    "decide_partitions_range",
    "decide_partitions_roundrobin",
]


class GroupMembershipProtocol(NamedTuple):
    """One way to share partitions.

    :ivar protocol_type: ``b"consumer"``.
    :ivar protocol_name: what the group's coordinator knows it by.
    :ivar metadata: what a member says of itself.
    :ivar decide_partitions: from the ids of all members, the topic's partitions by id, and
        the id of one member to the set of that member's partitions. Every member runs it
        on the same input, so that the order of the input must not matter.
    """

    protocol_type: bytes
    protocol_name: bytes
    metadata: ConsumerGroupProtocolMetadata
    decide_partitions: Callable[
        [Iterable[bytes], Mapping[int, Partition], bytes],
        set[Partition],
    ]


def decide_partitions_range(
    participants: Iterable[bytes], partitions: Mapping[int, Partition], consumer_id: bytes
) -> set[Partition]:
    """Neighbouring partitions for each member; the first members get one more.

    :raises ValueError: the member is not one of the participants.
    """
    members, parts = sorted(participants), _in_order(partitions)
    place = members.index(consumer_id)
    share, rest = divmod(len(parts), len(members))
    start = share * place + min(place, rest)
    return set(parts[start : start + share + (place < rest)])


def decide_partitions_roundrobin(
    participants: Iterable[bytes], partitions: Mapping[int, Partition], consumer_id: bytes
) -> set[Partition]:
    """One partition for each member in turn.

    :raises ValueError: the member is not one of the participants.
    """
    members = sorted(participants)
    return set(_in_order(partitions)[members.index(consumer_id) :: len(members)])


def _in_order(partitions: Mapping[int, Partition]) -> list[Partition]:
    """2.x's order, by text: 10 stands before 2. Groups with members of 2.x depend on it."""

    def as_text(partition: Partition) -> str:
        leader = -1 if partition.leader is None else partition.leader.id
        return f"{leader}-{partition.id}"

    return sorted(partitions.values(), key=as_text)


RangeProtocol = GroupMembershipProtocol(
    b"consumer", b"range", ConsumerGroupProtocolMetadata(), decide_partitions_range
)
RoundRobinProtocol = GroupMembershipProtocol(
    b"consumer", b"roundrobin", ConsumerGroupProtocolMetadata(), decide_partitions_roundrobin
)
