"""How a group shares partitions: completely, without overlap, and as 2.8 does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.assignors import ASSIGNORS, GroupMember
from pykafka.exceptions import MalformedDataError, UsageError
from pykafka.membershipprotocol import (
    CooperativeStickyProtocol,
    GroupMembershipProtocol,
    RangeProtocol,
    RoundRobinProtocol,
    StickyProtocol,
    assignor_of,
)
from pykafka.protocol import ConsumerGroupProtocolMetadata
from pykafka.wire.consumer_protocol import read_subscription


class Place(SimpleNamespace):
    """Stands for a partition."""

    def __hash__(self) -> int:
        return hash(self.id)


def topic(leaders: dict[int, int | None]) -> dict[int, Any]:
    return {
        id_: Place(id=id_, leader=None if leader is None else SimpleNamespace(id=leader))
        for id_, leader in leaders.items()
    }


def share(protocol: GroupMembershipProtocol, members: list[bytes], partitions: Any) -> Any:
    return {
        member: {p.id for p in protocol.decide_partitions(members, partitions, member)}
        for member in members
    }


def test_names_are_those_of_the_wire() -> None:
    assert RangeProtocol[:2] == (b"consumer", b"range")
    assert RoundRobinProtocol[:2] == (b"consumer", b"roundrobin")
    assert StickyProtocol[:2] == (b"consumer", b"sticky")
    assert CooperativeStickyProtocol[:2] == (b"consumer", b"cooperative-sticky")


def test_range_gives_neighbours_in_the_order_of_text() -> None:
    partitions = topic(dict.fromkeys(range(11), 0))
    assert share(RangeProtocol, [b"b", b"a"], partitions) == {
        b"a": {0, 1, 10, 2, 3, 4},
        b"b": {5, 6, 7, 8, 9},
    }


def test_the_leader_comes_first_in_that_order() -> None:
    partitions = topic({0: 2, 1: 1, 2: 1, 3: None})
    assert share(RangeProtocol, [b"a", b"b"], partitions) == {b"a": {1, 3}, b"b": {0, 2}}


def test_roundrobin_deals_them_out() -> None:
    partitions = topic(dict.fromkeys(range(5), 0))
    assert share(RoundRobinProtocol, [b"b", b"a"], partitions) == {b"a": {0, 2, 4}, b"b": {1, 3}}


@pytest.mark.parametrize("protocol", [RangeProtocol, RoundRobinProtocol])
@given(partitions=st.integers(0, 40), members=st.integers(1, 12))
def test_each_partition_has_one_owner_and_shares_differ_by_one(
    protocol: GroupMembershipProtocol, partitions: int, members: int
) -> None:
    shares = share(
        protocol,
        [b"%d" % number for number in range(members)],
        topic({id_: id_ % 3 for id_ in range(partitions)}),
    ).values()
    assert sorted(id_ for ids in shares for id_ in ids) == list(range(partitions))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("protocol", [RangeProtocol, RoundRobinProtocol])
def test_a_stranger_gets_an_error(protocol: GroupMembershipProtocol) -> None:
    with pytest.raises(ValueError, match="stranger"):
        protocol.decide_partitions([b"a"], topic({0: 0}), b"stranger")


@pytest.mark.parametrize("protocol", [StickyProtocol, CooperativeStickyProtocol])
def test_sticky_cannot_be_decided_without_what_members_had(
    protocol: GroupMembershipProtocol,
) -> None:
    with pytest.raises(UsageError, match="ManagedBalancedConsumer"):
        protocol.decide_partitions([b"a"], topic({0: 0}), b"a")


def unasked(key: object) -> Any:
    raise AssertionError(f"asked for {key}")


@pytest.mark.parametrize(
    "protocol", [RangeProtocol, RoundRobinProtocol, StickyProtocol, CooperativeStickyProtocol]
)
def test_known_protocols_share_as_kafkas_own_clients(protocol: GroupMembershipProtocol) -> None:
    assert assignor_of(protocol, unasked) is ASSIGNORS[protocol.protocol_name.decode()]


@pytest.mark.parametrize(
    "changed",
    [
        RangeProtocol._replace(protocol_name=b"mine"),
        RoundRobinProtocol._replace(decide_partitions=RangeProtocol.decide_partitions),
    ],
)
def test_a_protocol_that_only_borrows_is_the_users(changed: GroupMembershipProtocol) -> None:
    assignor = assignor_of(changed, unasked)
    assert assignor not in ASSIGNORS.values()
    assert assignor.name == changed.protocol_name.decode()


def last_takes_all(participants: Any, partitions: Any, consumer_id: bytes) -> Any:
    return set(partitions.values()) if consumer_id == max(participants) else set()


def test_a_users_protocol_is_asked_topic_by_topic_with_those_who_read_it() -> None:
    metadata = ConsumerGroupProtocolMetadata(1, [b"x"], b"mine")
    protocol = GroupMembershipProtocol(b"consumer", b"last", metadata, last_takes_all)
    assignor = assignor_of(protocol, lambda key: Place(id=key[1], topic=key[0]))
    assert not assignor.cooperative
    said = assignor.subscription(["t", "u"], [("t", 0)], 3)
    assert read_subscription(said)[:3] == (1, ["t", "u"], b"mine")
    members = [
        assignor.member("a", None, said),
        assignor.member("b", "static", assignor.subscription(["t", "gone"], [], -1)),
        assignor.member("c", None, assignor.subscription([], [], -1)),
    ]
    assert members[0] == GroupMember("a", ("t", "u"))
    assert assignor.assign(members, {"t": [2, 0], "u": [1], "unread": [0]}) == {
        "a": [("u", 1)],
        "b": [("t", 0), ("t", 2)],
        "c": [],
    }
    with pytest.raises(MalformedDataError):
        assignor.member("a", None, b"")


def test_errors_of_a_users_protocol_pass_through() -> None:
    assignor = assignor_of(
        RangeProtocol._replace(protocol_name=b"mine"),
        lambda key: {}[key],  # type: ignore[arg-type]
    )
    with pytest.raises(KeyError):
        assignor.assign([GroupMember("a", ("t",))], {"t": [0]})
