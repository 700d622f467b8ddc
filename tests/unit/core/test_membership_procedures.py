"""Joining, staying in and leaving a group, by a script of what its coordinator answers."""

from __future__ import annotations

from typing import Any

import pytest
from procedure_script import Line, asks, is_a, play
from unit.core.test_control import GONE, View, coordinator

from pykafka.core.effects import Now, Sleep
from pykafka.core.procedures.membership import (
    Joined,
    JoinedMember,
    Terms,
    heartbeats,
    join_group,
    leave_group,
    sync_group,
)
from pykafka.exceptions import (
    GroupLoadInProgress,
    ProtocolClientError,
    RebalanceInProgress,
    SocketDisconnectedError,
    UnknownMemberId,
    UnsupportedVersion,
)
from pykafka.wire.messages.heartbeat import HeartbeatResponse
from pykafka.wire.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from pykafka.wire.messages.leave_group import LeaveGroupResponse, MemberResponse
from pykafka.wire.messages.sync_group import SyncGroupResponse

TERMS = Terms("g", "member 1", 6.0, 30.0, 2.0, 10.0)
JOINED = Joined(4, "me", "range", (), False)


def known() -> View:
    view = View()
    view.coordinators["g"] = 1
    return view


def joined(code: int = 0, **fields: Any) -> JoinGroupResponse:
    answer = JoinGroupResponse(
        error_code=code,
        generation_id=4,
        protocol_name="range",
        leader="me",
        member_id="me",
        members=[],
    )
    for name, value in fields.items():
        setattr(answer, name, value)
    return answer


def join(view: View, lines: list[Line], member: str = "") -> Joined:
    result: Joined = play(join_group(view, TERMS, member, [("range", b"said")], "why"), lines)
    return result


def test_the_leader_is_told_of_all_members():
    other = JoinGroupResponseMember(member_id="you", group_instance_id="i", metadata=b"x")
    answer = joined(members=[other])
    assert join(known(), [(asks("JoinGroup", 1), answer)]) == Joined(
        4, "me", "range", (JoinedMember("you", "i", b"x"),), True
    )


def test_a_leader_that_is_not_to_assign_does_not():
    answer = joined(skip_assignment=True)
    assert not join(known(), [(asks("JoinGroup", 1), answer)]).leading


def test_a_new_member_joins_again_with_the_id_that_it_is_told():
    def joins_as(member: str) -> Any:
        return lambda e: asks("JoinGroup", 1)(e) and e.message.member_id == member

    lines = [
        (joins_as(""), joined(79, member_id="mine")),
        (joins_as("mine"), joined(member_id="mine", leader="other")),
    ]
    assert join(known(), lines).member_id == "mine"


@pytest.mark.parametrize(
    ("code", "error"),
    [(25, UnknownMemberId), (24, ProtocolClientError), (14, GroupLoadInProgress)],
)
def test_what_a_coordinator_refuses_names_the_group(code: int, error: type[Exception]):
    with pytest.raises(error, match="'g'"):
        join(known(), [(asks("JoinGroup", 1), joined(code))])


def test_a_coordinator_that_is_none_any_more_is_looked_for_at_the_next_attempt():
    view = known()
    with pytest.raises(SocketDisconnectedError):
        join(view, [(asks("JoinGroup", 1), GONE)])
    assert view.coordinators == {}
    lines = [(asks("FindCoordinator"), coordinator(node=2)), (asks("JoinGroup", 2), joined())]
    join(view, lines)


def test_brokers_that_do_not_coordinate_groups_get_advice():
    with pytest.raises(UnsupportedVersion, match=r"0\.9.*BalancedConsumer"):
        join(known(), [(asks("JoinGroup", 1), UnsupportedVersion("none in common"))])


def test_static_membership_that_brokers_do_not_know_names_its_option():
    terms = TERMS._replace(instance_id="i")
    with pytest.raises(UnsupportedVersion, match=r"group_instance_id needs.*2\.3"):
        play(
            join_group(known(), terms, "", [("range", b"")], ""),
            [(asks("JoinGroup", 1), UnsupportedVersion("JoinGroup 5"))],
        )


def test_the_leader_hands_in_what_all_are_assigned():
    def hands_in(effect: Any) -> bool:
        given = {a.member_id: a.assignment for a in effect.message.assignments}
        return asks("SyncGroup", 1)(effect) and given == {"me": b"a", "you": b"b"}

    procedure = sync_group(known(), TERMS, JOINED, {"me": b"a", "you": b"b"})
    assert play(procedure, [(hands_in, SyncGroupResponse(error_code=0, assignment=b"a"))]) == b"a"


def test_a_group_that_rebalances_again_is_said_to():
    with pytest.raises(RebalanceInProgress, match="'g'"):
        play(
            sync_group(known(), TERMS, JOINED, {}),
            [(asks("SyncGroup", 1), SyncGroupResponse(error_code=27, assignment=b""))],
        )


def beats(lines: list[Line], view: View) -> tuple[list[float], int]:
    """When it was heard, and how often a rebalance was asked for; ends by UnknownMemberId."""
    heard: list[float] = []
    asked = 0

    def rebalancing() -> None:
        nonlocal asked
        asked += 1

    end: list[Line] = [
        (is_a(Sleep), None),
        (is_a(Now), 99.0),
        (asks("Heartbeat"), HeartbeatResponse(error_code=25)),
    ]
    with pytest.raises(UnknownMemberId, match="'g'"):
        play(heartbeats(view, TERMS, JOINED, heard.append, rebalancing), [*lines, *end])
    return heard, asked


def test_what_counts_is_when_a_heartbeat_was_sent():
    lines: list[Line] = [
        (is_a(Sleep, seconds=2.0), None),
        (is_a(Now), 10.0),
        (asks("Heartbeat", 1), HeartbeatResponse(error_code=0)),
        (is_a(Sleep, seconds=2.0), None),
        (is_a(Now), 13.0),
        (asks("Heartbeat", 1), HeartbeatResponse(error_code=27)),
    ]
    assert beats(lines, known()) == ([10.0, 13.0], 1)


def test_a_heartbeat_that_is_not_answered_is_repeated_soon_at_whoever_coordinates():
    lines: list[Line] = [
        (is_a(Sleep, seconds=2.0), None),
        (is_a(Now), 10.0),
        (asks("Heartbeat", 1), GONE),
        (is_a(Sleep, seconds=0.25), None),
        (is_a(Now), 10.5),
        (asks("FindCoordinator"), coordinator(node=2)),
        (asks("Heartbeat", 2), HeartbeatResponse(error_code=16)),
        (is_a(Sleep, seconds=0.25), None),
        (is_a(Now), 11.0),
        (asks("FindCoordinator"), coordinator(node=1)),
        (asks("Heartbeat", 1), HeartbeatResponse(error_code=0)),
    ]
    assert beats(lines, known()) == ([11.0], 0)


def test_leaving_says_who_leaves():
    def leaves(effect: Any) -> bool:
        old, new = effect.message(2), effect.message(5)
        return (
            asks("LeaveGroup", 1)(effect)
            and (old.member_id, old.members) == ("me", [])
            and [(m.member_id, m.reason) for m in new.members] == [("me", "why")]
        )

    answer = LeaveGroupResponse(error_code=0)
    play(leave_group(known(), TERMS, "me", "why"), [(leaves, answer)])


def test_a_refusal_to_one_of_the_members_is_an_error():
    answer = LeaveGroupResponse(
        error_code=0,
        members=[MemberResponse(member_id="me", group_instance_id=None, error_code=25)],
    )
    with pytest.raises(UnknownMemberId, match="leaving group 'g'"):
        play(leave_group(known(), TERMS, "me", "why"), [(asks("LeaveGroup", 1), answer)])
