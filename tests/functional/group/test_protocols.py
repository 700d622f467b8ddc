"""How members share partitions: by the protocols there are, several of them, and one's own."""

from __future__ import annotations

from typing import Any

import pytest
from functional.group.conftest import BROKER, Fill, Join, one_release, only_broker, only_zookeeper
from functional.group.reading import Seen, eventually, shared

from pykafka.balancedconsumer import BalancedConsumer
from pykafka.exceptions import (
    InconsistentGroupProtocol,
    InvalidOptionError,
    UsageError,
)
from pykafka.membershipprotocol import (
    CooperativeStickyProtocol,
    GroupMembershipProtocol,
    RangeProtocol,
    RoundRobinProtocol,
    StickyProtocol,
)


@one_release
@pytest.mark.parametrize("protocol", [RangeProtocol, RoundRobinProtocol], ids=["range", "robin"])
def test_neighbours_or_in_turn(fill: Fill, join: Join, protocol: GroupMembershipProtocol) -> None:
    topic = fill(10, 10, 10, 10)
    first, second = (join(topic, membership_protocol=protocol) for _ in range(2))
    shared(first, second, among=4)
    shares = {frozenset(first.partitions), frozenset(second.partitions)}
    if protocol is RangeProtocol:
        assert shares == {frozenset({0, 1}), frozenset({2, 3})}
    else:
        assert shares == {frozenset({0, 2}), frozenset({1, 3})}
    Seen().take(40, first, second)


@only_broker
@one_release
def test_sticky_moves_as_little_as_it_can(fill: Fill, join: Join) -> None:
    topic = fill(*[10] * 6)
    sticky: dict[str, Any] = {"membership_protocol": StickyProtocol}
    first, second = join(topic, **sticky), join(topic, **sticky)
    shared(first, second, among=6)
    had = set(first.partitions), set(second.partitions)
    third = join(topic, **sticky)
    shared(first, second, third, among=6)
    assert set(first.partitions) < had[0]
    assert set(second.partitions) < had[1]
    third.stop()
    shared(first, second, among=6)
    Seen().take(60, first, second)


@only_broker
@pytest.mark.kafka(since="0.11", why="the oldest brokers tell no more than this")
def test_a_cooperative_member_goes_on_reading_what_stays(fill: Fill, join: Join) -> None:
    topic = fill(*[2000] * 4)
    read_meanwhile = 0
    revoked: list[Any] = []

    def pre(consumer: BalancedConsumer, going: Any) -> None:
        nonlocal read_meanwhile
        revoked.append(going)
        # The group waits for this callback: what stays can be read all the same.
        stays = set(range(4)) - set(going)
        until = 40
        while until:
            message = consumer.consume(block=False)
            if message is not None:
                assert message.partition_id in stays
                seen.add(message)
                read_meanwhile += 1
                until -= 1

    options: dict[str, Any] = {
        "membership_protocol": CooperativeStickyProtocol,
        "queued_max_messages": 10,
        "fetch_message_max_bytes": 4000,
    }
    seen = Seen()
    first = join(topic, pre_rebalance_callback=pre, **options)
    shared(first, among=4)
    seen.take(100, first)
    second = join(topic, **options)
    shared(first, second, among=4)
    assert len(revoked) == 1
    assert len(revoked[0]) == 2
    assert read_meanwhile == 40
    seen.take(8000 - 140, first, second)
    assert seen.is_exactly(p0=2000, p1=2000, p2=2000, p3=2000)


@only_broker
@one_release
def test_a_group_moves_from_one_protocol_to_another_member_by_member(
    fill: Fill, join: Join
) -> None:
    topic = fill(*[20] * 4)
    old = [join(topic, auto_commit_enable=True) for _ in range(2)]
    shared(*old, among=4)
    seen = Seen()
    # All members know range as long as one needs it.
    both = [CooperativeStickyProtocol, RangeProtocol]
    new = [join(topic, auto_commit_enable=True, membership_protocol=both) for _ in range(2)]
    shared(*old, *new, among=4)
    seen.take(40, *old, *new)
    for member in old:
        member.stop()
    shared(*new, among=4)
    seen.take(40, *new)
    assert seen.is_exactly(p0=20, p1=20, p2=20, p3=20)


@only_broker
@one_release
def test_a_member_that_shares_otherwise_is_refused(fill: Fill, join: Join) -> None:
    topic = fill(10)
    member = join(topic)
    with pytest.raises(InconsistentGroupProtocol, match="membership_protocol"):
        join(topic, membership_protocol=RoundRobinProtocol)
    Seen().take(10, member)
    assert member.health().error is None


@only_zookeeper
@one_release
def test_in_zookeeper_nothing_is_known_of_what_members_had(fill: Fill, join: Join) -> None:
    topic = fill(10)
    with pytest.raises(UsageError, match="ManagedBalancedConsumer"):
        join(topic, membership_protocol=StickyProtocol)


@one_release
@pytest.mark.parametrize("given", ["range", None, [], ["range"]], ids=str)
def test_what_is_no_protocol_is_refused(fill: Fill, join: Join, given: Any) -> None:
    topic = fill(1)
    with pytest.raises(UsageError, match="membership_protocol"):
        join(topic, membership_protocol=given)


@only_zookeeper
@one_release
def test_in_zookeeper_there_is_one_protocol(fill: Fill, join: Join) -> None:
    topic = fill(1)
    with pytest.raises(InvalidOptionError, match="membership_protocol"):
        join(topic, membership_protocol=[RangeProtocol, RoundRobinProtocol])
    join(topic, membership_protocol=[RoundRobinProtocol])


def test_a_protocol_of_ones_own(fill: Fill, join: Join, kind: str) -> None:
    topic = fill(10, 10, 10)
    met: list[Any] = []

    def all_for_the_last(participants: Any, partitions: Any, member: bytes) -> set[Any]:
        members = sorted(participants)
        met.append((members, member))
        return set(partitions.values()) if member == members[-1] else set()

    protocol = RangeProtocol._replace(protocol_name=b"the-last", decide_partitions=all_for_the_last)
    members = [join(topic, membership_protocol=protocol) for _ in range(3)]
    eventually(
        lambda: sorted(len(member.partitions) for member in members) == [0, 0, 3],
        "one of them has everything",
    )
    seen = Seen()
    seen.take(30, *members)
    assert all(member in group for group, member in met)
    assert max(len(group) for group, _ in met) == 3
    assert {partition.topic for m in members for partition in m.partitions.values()} == {topic}
    # Ids are the group's, so that whoever decides can tell members apart.
    (busy,) = (member for member in members if member.partitions)
    identity = str(busy.health().member_id).encode()
    chosen = max(group[-1] for group, _ in met)
    assert chosen.startswith(identity) or kind == BROKER


@one_release
def test_a_protocol_that_raises_ends_the_member(fill: Fill, join: Join) -> None:
    def broken(participants: Any, partitions: Any, member: bytes) -> set[Any]:
        raise ZeroDivisionError("the protocol's own")

    topic = fill(1)
    protocol = RangeProtocol._replace(protocol_name=b"broken", decide_partitions=broken)
    with pytest.raises(ZeroDivisionError, match="the protocol's own"):
        join(topic, membership_protocol=protocol)
