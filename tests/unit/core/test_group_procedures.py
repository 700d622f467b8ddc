"""Listing and describing groups: whom that is asked of, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from procedure_script import asks, is_a, play

from pykafka.core.effects import Node, Refresh, Request, Sleep
from pykafka.core.groups import CLASSIC, CONSUMER, DEAD
from pykafka.core.metadata import BrokerInfo, Snapshot
from pykafka.core.procedures.coordinator import Patience
from pykafka.core.procedures.groups import describe_all_groups, describe_groups, list_groups
from pykafka.core.procedures.membership import Terms, join_group
from pykafka.exceptions import (
    GroupAuthorizationFailed,
    GroupCoordinatorNotAvailable,
    InconsistentGroupProtocol,
    MalformedDataError,
    SocketDisconnectedError,
    UnsupportedVersion,
)
from pykafka.wire import consumer_protocol
from pykafka.wire.messages import consumer_group_describe as newer
from pykafka.wire.messages.describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsResponse,
)
from pykafka.wire.messages.find_coordinator import FindCoordinatorResponse
from pykafka.wire.messages.join_group import JoinGroupResponse
from pykafka.wire.messages.list_groups import ListedGroup, ListGroupsResponse

GONE = SocketDisconnectedError("gone")
PATIENCE = Patience(retries=1, backoff_s=1.0, timeout_s=5.0)
UNKNOWN = UnsupportedVersion("no such request")


class View:
    """Brokers 1 and 2."""

    def __init__(self, **coordinators: int) -> None:
        self.coordinators: dict[str, Node] = dict(coordinators)
        brokers = {1: BrokerInfo(1, "one", 9092), 2: BrokerInfo(2, "two", 9092)}
        self.snapshot = Snapshot(brokers, {})

    def nodes(self) -> Sequence[Node]:
        return [1, 2]


def listed(*groups: str, code: int = 0, type: str = "", state: str = "") -> ListGroupsResponse:
    found = [
        ListedGroup(group_id=g, protocol_type="consumer", group_type=type, group_state=state)
        for g in groups
    ]
    return ListGroupsResponse(error_code=code, groups=found)


def described(*groups: DescribedGroup) -> DescribeGroupsResponse:
    return DescribeGroupsResponse(groups=list(groups))


def classic(name: str, state: str = "Stable", code: int = 0, **data: bytes) -> DescribedGroup:
    members = [
        DescribedGroupMember(
            member_id=member,
            client_id="c",
            client_host="/127.0.0.1",
            member_metadata=said,
            member_assignment=consumer_protocol.write_assignment(0, [("t", [0, 1])]),
        )
        for member, said in data.items()
    ]
    return DescribedGroup(
        error_code=code,
        group_id=name,
        group_state=state,
        protocol_type="consumer",
        protocol_data="range",
        members=members,
    )


def consumers(name: str, code: int = 0) -> newer.ConsumerGroupDescribeResponse:
    part = newer.TopicPartitions(topic_id=bytes(16), topic_name="t", partitions=[3])
    member = newer.Member(
        member_id="m",
        member_epoch=1,
        client_id="c",
        client_host="/127.0.0.1",
        subscribed_topic_names=["t"],
        assignment=newer.Assignment(topic_partitions=[part]),
        target_assignment=newer.Assignment(topic_partitions=[]),
    )
    group = newer.DescribedGroup(
        error_code=code,
        group_id=name,
        group_state="Stable",
        group_epoch=1,
        assignment_epoch=1,
        assignor_name="uniform",
        members=[member],
    )
    return newer.ConsumerGroupDescribeResponse(throttle_time_ms=0, groups=[group])


def test_all_brokers_are_asked_for_their_groups() -> None:
    lines = [
        (asks("ListGroups", 1), listed("a")),
        (asks("ListGroups", 2), listed("b", type="Consumer", state="Empty")),
    ]
    found = play(list_groups(View(), PATIENCE), lines)
    assert {name: group.coordinator for name, group in found.items()} == {"a": 1, "b": 2}
    assert (found["a"].type, found["a"].state) == (CLASSIC, "")
    assert (found["b"].type, found["b"].state) == (CONSUMER, "Empty")


def test_only_who_could_not_say_is_asked_again() -> None:
    lines = [
        (asks("ListGroups", 1), listed("a")),
        (asks("ListGroups", 2), listed(code=15)),
        (is_a(Sleep, seconds=1.0), None),
        (is_a(Refresh, topics=[]), None),
        (asks("ListGroups", 2), listed("b")),
    ]
    assert sorted(play(list_groups(View(), PATIENCE), lines)) == ["a", "b"]


def test_a_list_that_is_not_whole_is_an_error_that_names_the_broker() -> None:
    again = [(is_a(Sleep), None), (is_a(Refresh), None), (asks("ListGroups", 2), GONE)]
    lines = [(asks("ListGroups", 1), listed("a")), (asks("ListGroups", 2), GONE), *again]
    with pytest.raises(SocketDisconnectedError, match="broker 2"):
        play(list_groups(View(), PATIENCE), lines)


def test_brokers_that_have_no_groups_are_not_asked_again() -> None:
    with pytest.raises(UnsupportedVersion):
        play(list_groups(View(), PATIENCE), [(asks("ListGroups", 1), UNKNOWN)])


def test_groups_of_one_coordinator_are_described_at_once() -> None:
    said = consumer_protocol.write_subscription(0, ["t"])
    lines = [(asks("DescribeGroups", 1), described(classic("a", m=said), classic("b", "Empty")))]
    found = play(describe_groups(View(a=1, b=1), ["a", "b"], PATIENCE), lines)
    (member,) = found["a"].members
    assert (found["a"].type, found["a"].protocol, found["a"].coordinator) == (CLASSIC, "range", 1)
    assert member.subscription.topics == ["t"]
    assert member.assignment.partitions == [("t", [0, 1])]
    assert found["b"].state == "Empty"


def test_one_members_nonsense_hides_nobody() -> None:
    good = consumer_protocol.write_subscription(0, ["t"])
    lines = [(asks("DescribeGroups"), described(classic("a", bad=b"\0\0\x7f", good=good)))]
    bad, fine = play(describe_groups(View(a=1), ["a"], PATIENCE), lines)["a"].members
    assert (bad.subscription.topics, bad.subscription.user_data) == ([], b"\0\0\x7f")
    assert fine.subscription.topics == ["t"]


@pytest.mark.parametrize(("state", "code"), [("Dead", 69), ("Dead", 0)], ids=["new", "old"])
def test_what_is_no_classic_group_may_be_one_of_the_newer_protocol(state: str, code: int) -> None:
    lines = [
        (asks("DescribeGroups", 1), described(classic("a", state, code))),
        (asks("ConsumerGroupDescribe", 1), consumers("a")),
    ]
    group = play(describe_groups(View(a=1), ["a"], PATIENCE), lines)["a"]
    assert (group.type, group.state, group.protocol) == (CONSUMER, "Stable", "uniform")
    assert group.members[0].subscription.topics == ["t"]
    assert group.members[0].assignment.partitions == [("t", [3])]


@pytest.mark.parametrize("answer", [UNKNOWN, consumers("a", 69)], ids=["not spoken", "not there"])
def test_a_group_that_is_not_there_is_dead(answer: object) -> None:
    lines = [
        (asks("DescribeGroups", 1), described(classic("a", "", 69))),
        (asks("ConsumerGroupDescribe", 1), answer),
    ]
    group = play(describe_groups(View(a=1), ["a"], PATIENCE), lines)["a"]
    assert (group.state, group.error_code, group.members) == (DEAD, 0, ())


def test_a_coordinator_that_moved_is_looked_for() -> None:
    there = FindCoordinatorResponse(error_code=0, node_id=2, host="two", port=9092)
    lines = [
        (asks("DescribeGroups", 1), described(classic("a", code=16), classic("b"))),
        (is_a(Sleep), None),
        (asks("FindCoordinator"), there),
        (asks("DescribeGroups", 2), described(classic("a"))),
    ]
    found = play(describe_groups(View(a=1, b=1), ["a", "b"], PATIENCE), lines)
    assert {name: group.coordinator for name, group in found.items()} == {"a": 2, "b": 1}


def test_patience_ends_with_the_error_of_the_group() -> None:
    lines = [
        (asks("DescribeGroups", 1), described(classic("a", code=15))),
        (is_a(Sleep), None),
        (asks("FindCoordinator", 1), GONE),
        (
            asks("FindCoordinator", 2),
            FindCoordinatorResponse(error_code=0, node_id=1, host="one", port=9092),
        ),
        (asks("DescribeGroups", 1), described(classic("a", code=15))),
    ]
    with pytest.raises(GroupCoordinatorNotAvailable, match="'a'"):
        play(describe_groups(View(a=1), ["a"], PATIENCE), lines)


def test_a_group_that_may_not_be_described_is_not_asked_for_again() -> None:
    lines = [(asks("DescribeGroups", 1), described(classic("a", code=30)))]
    with pytest.raises(GroupAuthorizationFailed, match="'a'"):
        play(describe_groups(View(a=1), ["a"], PATIENCE), lines)


def test_an_answer_that_leaves_a_group_out_is_malformed() -> None:
    found = FindCoordinatorResponse(error_code=0, node_id=1, host="one", port=9092)
    lines = [
        (asks("DescribeGroups", 1), described()),
        (is_a(Sleep), None),
        (asks("FindCoordinator"), found),
        (asks("DescribeGroups", 1), described()),
    ]
    with pytest.raises(MalformedDataError, match="leaves out a"):
        play(describe_groups(View(a=1), ["a"], PATIENCE), lines)


def test_whoever_lists_a_group_describes_it() -> None:
    lines = [
        (asks("ListGroups", 1), listed("b")),
        (asks("ListGroups", 2), listed("a")),
        (asks("DescribeGroups", 1), described(classic("b"))),
        (asks("DescribeGroups", 2), described(classic("a"))),
    ]
    assert list(play(describe_all_groups(View(), PATIENCE), lines)) == ["a", "b"]


def test_of_types_that_cannot_be_described_the_listing_is_told() -> None:
    lines = [
        (asks("ListGroups", 1), listed("s", type="Share", state="Stable")),
        (asks("ListGroups", 2), listed()),
        (asks("DescribeGroups", 1), described(classic("s", "Dead", 69))),
        (asks("ConsumerGroupDescribe", 1), consumers("s", 69)),
    ]
    group = play(describe_all_groups(View(), PATIENCE), lines)["s"]
    assert (group.type, group.state, group.members) == ("share", "Stable", ())


def refused_with(*coordinators_answers: object) -> InconsistentGroupProtocol:
    """What a member is told that nobody shares an assignor with."""
    terms = Terms("g", "member 1", 10.0, 60.0, 3.0, 5.0)
    joining = join_group(View(g=1), terms, "", [("sticky", b""), ("roundrobin", b"")], "new")
    refusal = JoinGroupResponse(
        error_code=InconsistentGroupProtocol.ERROR_CODE,
        protocol_name="",
        leader="",
        member_id="",
        members=[],
    )
    with pytest.raises(InconsistentGroupProtocol) as caught:
        play(
            joining, [(is_a(Request), refusal), *((is_a(Request), a) for a in coordinators_answers)]
        )
    return caught.value


def test_who_knows_no_assignor_of_a_group_is_told_which_would_do() -> None:
    told = str(refused_with(described(classic("g", m=b""))))
    assert "joining group 'g'" in told
    assert "this member knows the assignors sticky, roundrobin" in told
    assert "the group shares its partitions by range (option membership_protocol)" in told


def test_a_group_that_is_none_of_consumers_is_named_as_such() -> None:
    connect = classic("g")
    connect.protocol_type = "connect"
    assert "one of 'connect', not of consumers" in str(refused_with(described(connect)))


def test_a_refusal_is_told_also_if_the_group_cannot_be_described() -> None:
    assert "this member knows the assignors" in str(refused_with(GONE))
