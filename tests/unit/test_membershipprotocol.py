"""How a group shares partitions: completely, without overlap, and as 2.8 does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.membershipprotocol import (
    GroupMembershipProtocol,
    RangeProtocol,
    RoundRobinProtocol,
)


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
