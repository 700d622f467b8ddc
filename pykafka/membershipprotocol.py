"""How the members of a group share a topic's partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .core.assignors import ASSIGNORS, Assignor, GroupMember
from .core.assignors.vocabulary import member_from, readers_of
from .exceptions import UsageError
from .protocol import ConsumerGroupProtocolMetadata
from .utils.compat import get_bytes, get_string
from .wire.consumer_protocol import read_subscription, write_subscription

if TYPE_CHECKING:
    from .core.partition_keys import PartitionKey
    from .partition import Partition

__all__ = [
    "CooperativeStickyProtocol",
    "GroupMembershipProtocol",
    "RangeProtocol",
    "RoundRobinProtocol",
    "StickyProtocol",
    "assignor_of",
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


def _decide_partitions_sticky(
    participants: Iterable[bytes], partitions: Mapping[int, Partition], consumer_id: bytes
) -> set[Partition]:
    """:raises UsageError: always."""
    raise UsageError(
        "sticky assignment needs what members had before; only members of groups with a broker as"
        " coordinator (ManagedBalancedConsumer) tell it"
    )


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
#: As even as can be, and members keep as much of what they had as they can. For groups with a
#: broker as coordinator only: its ``decide_partitions`` raises :exc:`UsageError`.
StickyProtocol = GroupMembershipProtocol(
    b"consumer",
    b"sticky",
    ConsumerGroupProtocolMetadata(user_data=b""),
    _decide_partitions_sticky,
)
#: The same, and members go on reading what they keep while the group rebalances.
CooperativeStickyProtocol = StickyProtocol._replace(protocol_name=b"cooperative-sticky")

_BUILT_IN = (RangeProtocol, RoundRobinProtocol, StickyProtocol, CooperativeStickyProtocol)


def assignor_of(
    protocol: GroupMembershipProtocol, partition_of: Callable[[PartitionKey], Partition]
) -> Assignor:
    """What shares a group's partitions as its membership protocol says.

    For the four protocols of this module (told by their name and ``decide_partitions``) that is
    what Kafka's own clients do under the same name: they may be members, too. Any other protocol
    is asked itself, topic by topic, with the members that read the topic.

    :param partition_of: the object for a topic and a partition's id, which ``decide_partitions``
        is given. What either raises passes through :meth:`Assignor.assign`.
    """
    for known in _BUILT_IN:
        if (protocol.protocol_name, protocol.decide_partitions) == (
            known.protocol_name,
            known.decide_partitions,
        ):
            return ASSIGNORS[get_string(known.protocol_name)]
    return _Custom(protocol, partition_of)


class _Custom:
    """A user's membership protocol as an assignor."""

    cooperative = False

    def __init__(
        self, protocol: GroupMembershipProtocol, partition_of: Callable[[PartitionKey], Partition]
    ) -> None:
        self.name = get_string(protocol.protocol_name)
        self._protocol = protocol
        self._partition_of = partition_of

    def subscription(
        self, topics: Sequence[str], owned: Sequence[PartitionKey], generation: int
    ) -> bytes:
        said = self._protocol.metadata
        return write_subscription(said.version, topics, said.user_data)

    def member(self, id: str, instance_id: str | None, said: bytes) -> GroupMember:
        return member_from(id, instance_id, read_subscription(said))

    def assign(
        self, members: Sequence[GroupMember], partitions: Mapping[str, Sequence[int]]
    ) -> dict[str, list[PartitionKey]]:
        shares: dict[str, list[PartitionKey]] = {member.id: [] for member in members}
        for topic, readers in readers_of(members, partitions).items():
            ids = [get_bytes(reader.id) for reader in readers]
            objects = {id_: self._partition_of((topic, id_)) for id_ in partitions[topic]}
            for id_ in ids:
                decided = self._protocol.decide_partitions(ids, objects, id_)
                found = sorted(partition.id for partition in decided)
                shares[get_string(id_)] += [(topic, partition) for partition in found]
        return shares
