"""Being a member of a group that brokers coordinate: join, sync, heartbeat, leave.

The classic protocol of Kafka 0.9 and newer. Which codes mean what is
``org.apache.kafka.common.protocol.Errors``; how a coordinator uses them was observed on 0.9.0.1
to 4.3.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ...exceptions import (
    InconsistentGroupProtocol,
    ProtocolClientError,
    RemoteError,
    UnsupportedVersion,
)
from ...wire.errors import error_info
from ...wire.messages.heartbeat import HeartbeatRequest
from ...wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ...wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ...wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ...wire.schema import ApiMessage
from ..effects import Node, Now, Procedure, Request, Sleep
from .cluster_view import ClusterView
from .coordinator import Patience, ask_coordinator, find_coordinator, told
from .groups import describe_groups

__all__ = [
    "Joined",
    "JoinedMember",
    "Terms",
    "heartbeats",
    "join_group",
    "leave_group",
    "sync_group",
]

#: What consumers call the protocol that they share.
PROTOCOL_TYPE = "consumer"
#: From this version on a member says which others leave, and why; before only that it leaves.
_FIRST_WITH_MEMBERS = 3
_MEMBER_ID_REQUIRED = 79
_REBALANCE_IN_PROGRESS = 27
#: What refusals mean in terms of the member's options.
_ADVICE = {
    26: "session_timeout_ms is not within the broker's group.min.session.timeout.ms and"
    " group.max.session.timeout.ms",
    82: "another member has come with the same group_instance_id and taken its place",
}
#: A member that is not answered says so again this often, if it does so more rarely else.
_RETRY_S = 0.25


class Terms(NamedTuple):
    """On what terms a member is in its group.

    :ivar purpose: of its connection to the coordinator, which nobody else uses: the answer to a
        join takes as long as the slowest member.
    :ivar session_s: after so long without a heartbeat it is taken to be dead.
    :ivar rebalance_s: how long the others wait for it when the group rebalances.
    :ivar answer_s: how long a broker may take for what does not depend on other members.
    :ivar instance_id: of a static member (2.3 and newer), else ``None``.
    """

    group: str
    purpose: str
    session_s: float
    rebalance_s: float
    heartbeat_s: float
    answer_s: float
    instance_id: str | None = None


class JoinedMember(NamedTuple):
    """A member, as the leader of its group is told of it."""

    id: str
    instance_id: str | None
    said: bytes


class Joined(NamedTuple):
    """A member's place in a generation of its group.

    :ivar protocol: the assignor that all members know.
    :ivar members: of the leader, who are to be assigned; empty for the others.
    :ivar leading: whether this member assigns.
    """

    generation: int
    member_id: str
    protocol: str
    members: tuple[JoinedMember, ...]
    leading: bool


def join_group(
    view: ClusterView,
    terms: Terms,
    member_id: str,
    protocols: Sequence[tuple[str, bytes]],
    reason: str,
) -> Procedure[Joined]:
    """Join, or stay in, the next generation; answered when all members have.

    :param member_id: as the coordinator gave it, empty for a new member.
    :param protocols: assignors with what this member says to them, best first.
    :raises UnknownMemberId: the coordinator has dropped this member; join again as a new one.
    :raises InconsistentGroupProtocol: the others know none of the assignors; tells which would do.
    :raises UnsupportedVersion: ``instance_id`` is given and the broker is older than 2.3.
    :raises RemoteError: it is not a member.
    """
    doing = f"joining group {terms.group!r}"

    def judge(answer: Any) -> tuple[Any, ProtocolClientError | None]:
        if answer.error_code in (0, _MEMBER_ID_REQUIRED):
            return answer, None
        return None, _refused(doing, answer.error_code)

    answer: Any = None
    while answer is None or answer.error_code:
        # From version 4 on a new member is told its id first, and joins with it.
        member_id = member_id if answer is None else answer.member_id
        request = JoinGroupRequest(
            group_id=terms.group,
            session_timeout_ms=round(terms.session_s * 1000),
            rebalance_timeout_ms=round(terms.rebalance_s * 1000),
            member_id=member_id,
            group_instance_id=terms.instance_id,
            protocol_type=PROTOCOL_TYPE,
            protocols=[JoinGroupRequestProtocol(name=n, metadata=said) for n, said in protocols],
            reason=reason,
        )
        # Version 0 has no rebalance time-out: there the session's stands for it.
        wait_s = max(terms.session_s, terms.rebalance_s) + 5.0
        try:
            answer = yield from _ask(view, terms, request, doing, wait_s, judge)
        except InconsistentGroupProtocol as error:
            raise (yield from _no_common_assignor(view, terms, protocols, error)) from error
    members = tuple(
        JoinedMember(m.member_id, m.group_instance_id, bytes(m.metadata)) for m in answer.members
    )
    return Joined(
        answer.generation_id,
        answer.member_id,
        answer.protocol_name or "",
        members,
        answer.leader == answer.member_id and not answer.skip_assignment,
    )


def _no_common_assignor(
    view: ClusterView,
    terms: Terms,
    protocols: Sequence[tuple[str, bytes]],
    error: InconsistentGroupProtocol,
) -> Procedure[InconsistentGroupProtocol]:
    """The same error with what this member offers and, if that can be found out, what would do."""
    offered = ", ".join(name for name, _ in protocols)
    what = f"{error}: this member knows the assignors {offered}"
    try:
        patience = Patience(0, 0.0, terms.answer_s)
        group = (yield from describe_groups(view, [terms.group], patience))[terms.group]
    except RemoteError:
        return InconsistentGroupProtocol(what)
    if group.protocol_type not in ("", PROTOCOL_TYPE):
        return InconsistentGroupProtocol(
            f"{what}; the group is one of {group.protocol_type!r}, not of consumers"
        )
    if group.protocol:
        what += f"; the group shares its partitions by {group.protocol}"
    return InconsistentGroupProtocol(f"{what} (option membership_protocol)")


def sync_group(
    view: ClusterView, terms: Terms, joined: Joined, assignments: Mapping[str, bytes]
) -> Procedure[bytes]:
    """What this member is assigned, in the encoding of the protocol.

    :param assignments: of the leader, what each member is assigned; empty for the others.
    :raises RebalanceInProgress: the group has begun to rebalance again: join again.
    :raises IllegalGeneration: likewise, without this member.
    :raises UnknownMemberId: see :func:`join_group`.
    """
    doing = f"getting the assignment of group {terms.group!r}"

    def judge(answer: Any) -> tuple[bytes | None, ProtocolClientError | None]:
        if answer.error_code:
            return None, _refused(doing, answer.error_code)
        return bytes(answer.assignment), None

    request = SyncGroupRequest(
        group_id=terms.group,
        generation_id=joined.generation,
        member_id=joined.member_id,
        group_instance_id=terms.instance_id,
        protocol_type=PROTOCOL_TYPE,
        protocol_name=joined.protocol,
        assignments=[
            SyncGroupRequestAssignment(member_id=id_, assignment=given)
            for id_, given in assignments.items()
        ],
    )
    given: bytes = yield from _ask(view, terms, request, doing, terms.rebalance_s + 5.0, judge)
    return given


def heartbeats(
    view: ClusterView,
    terms: Terms,
    joined: Joined,
    alive: Callable[[float], None],
    rebalancing: Callable[[], None],
) -> Procedure[None]:
    """Say regularly that the member lives; runs until it is cancelled or the member is none.

    :param alive: called when the coordinator has heard it, with when that was sent.
    :param rebalancing: called when the group rebalances, again with every heartbeat.
    :raises UnknownMemberId: the coordinator has dropped the member.
    :raises IllegalGeneration: the group has gone on without it.
    :raises ProtocolClientError: likewise, for a reason that no new attempt can mend.
    """
    doing = f"staying in group {terms.group!r}"
    request = HeartbeatRequest(
        group_id=terms.group,
        generation_id=joined.generation,
        member_id=joined.member_id,
        group_instance_id=terms.instance_id,
    )
    # Less than the session, so that there is time for another attempt.
    patience = Patience(0, 0.0, max(terms.session_s / 3, min(terms.heartbeat_s, terms.session_s)))
    pause = terms.heartbeat_s
    while True:
        yield Sleep(pause)
        sent = yield Now()
        pause = min(_RETRY_S, terms.heartbeat_s)
        try:
            node = yield from find_coordinator(view, terms.group, patience)
            answer = yield Request(node, request, terms.purpose, patience.timeout_s)
        except RemoteError:
            # It will be noticed by its consequence, if it has one: the end of the lease.
            view.coordinators.pop(terms.group, None)
            continue
        if answer.error_code not in (0, _REBALANCE_IN_PROGRESS):
            info = error_info(answer.error_code)
            if not info.retriable:
                raise _refused(doing, info.code)
            if info.find_coordinator:
                view.coordinators.pop(terms.group, None)
            continue
        alive(sent)
        pause = terms.heartbeat_s
        if answer.error_code:
            rebalancing()


def leave_group(view: ClusterView, terms: Terms, member_id: str, reason: str) -> Procedure[None]:
    """End membership, so that the others need not wait for the end of the session.

    :raises RemoteError: the coordinator could not be told.
    """
    doing = f"leaving group {terms.group!r}"
    node = yield from find_coordinator(view, terms.group, Patience(0, 0.0, terms.answer_s))

    def message(version: int) -> ApiMessage:
        if version < _FIRST_WITH_MEMBERS:
            return LeaveGroupRequest(group_id=terms.group, member_id=member_id)
        leaving = MemberIdentity(
            member_id=member_id, group_instance_id=terms.instance_id, reason=reason
        )
        return LeaveGroupRequest(group_id=terms.group, members=[leaving])

    try:
        answer = yield Request(node, message, terms.purpose, terms.answer_s, api=LeaveGroupRequest)
    except RemoteError as error:
        raise told(doing, error) from error
    code = answer.error_code or next((m.error_code for m in answer.members if m.error_code), 0)
    if code:
        raise error_info(code).exception(doing)


def _ask(
    view: ClusterView,
    terms: Terms,
    request: ApiMessage,
    doing: str,
    timeout_s: float,
    judge: Callable[[Any], tuple[Any, ProtocolClientError | None]],
) -> Procedure[Any]:
    """Ask the coordinator, wherever it is; whether to begin anew is the member's decision."""

    def ask(node: Node) -> Request:
        return Request(node, request, terms.purpose, timeout_s)

    try:
        # Found first: those who know it answer sooner than it does itself.
        yield from find_coordinator(view, terms.group, Patience(1, _RETRY_S, terms.answer_s))
        patience = Patience(0, 0.0, timeout_s)
        return (yield from ask_coordinator(view, terms.group, ask, doing, patience, judge))
    except UnsupportedVersion as error:
        raise _too_old(terms, doing, error) from error


def _refused(doing: str, code: int) -> ProtocolClientError:
    advice = _ADVICE.get(code)
    return error_info(code).exception(doing if advice is None else f"{doing}: {advice}")


def _too_old(terms: Terms, doing: str, error: UnsupportedVersion) -> UnsupportedVersion:
    if terms.instance_id is not None:
        return UnsupportedVersion(
            f"{doing}: option group_instance_id needs brokers of Kafka 2.3 or newer: {error}"
        )
    return UnsupportedVersion(
        f"{doing}: brokers of Kafka before 0.9 do not coordinate groups; use"
        f" a BalancedConsumer, which does it through ZooKeeper: {error}"
    )
