"""Membership of a group (APIs 11 to 14) as 2.x has it.

An error of the group is a value here (``error_code``), not an exception: a member goes on from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..utils.compat import get_bytes, get_string
from ..wire.messages import heartbeat, join_group, leave_group, sync_group
from .base import Request, Response
from .member_data import ConsumerGroupProtocolMetadata, MemberAssignment

if TYPE_CHECKING:
    from ..membershipprotocol import GroupMembershipProtocol

__all__ = [
    "ConsumerGroupProtocolMetadata",
    "HeartbeatRequest",
    "HeartbeatResponse",
    "JoinGroupRequest",
    "JoinGroupResponse",
    "LeaveGroupRequest",
    "LeaveGroupResponse",
    "MemberAssignment",
    "SyncGroupRequest",
    "SyncGroupResponse",
]

#: From this version of LeaveGroup on, several members may leave at once.
_FIRST_WITH_MEMBERS = 3


class JoinGroupRequest(Request):
    """Join a group, or stay in it for the next generation.

    :param member_id: empty for a new member.
    :param topic_name: what the member reads; the metadata of ``membership_protocol`` say the
        rest.
    :param session_timeout: milliseconds without a heartbeat after which a member is dropped;
        also how long the group waits for its members to join again.
    """

    API_KEY = 11
    #: A new member would first be refused by later ones, to learn its id from the refusal.
    HIGHEST_VERSION = 3

    def __init__(
        self,
        group_id: str | bytes,
        member_id: str | bytes,
        topic_name: str | bytes,
        membership_protocol: GroupMembershipProtocol,
        session_timeout: int = 30000,
    ) -> None:
        self.protocol = membership_protocol
        self.group_id = group_id
        self.session_timeout = session_timeout
        self.member_id = member_id
        self.protocol_type = membership_protocol.protocol_type
        said = membership_protocol.metadata
        # Its own: the protocol's is shared by all consumers of the process.
        metadata = ConsumerGroupProtocolMetadata(
            said.version, [get_bytes(topic_name)], said.user_data
        )
        self.group_protocols = [(membership_protocol.protocol_name, bytes(metadata.get_bytes()))]

    def to_wire(self, version: int) -> join_group.JoinGroupRequest:
        """The same for every version up to 3."""
        return join_group.JoinGroupRequest(
            group_id=get_string(self.group_id),
            session_timeout_ms=self.session_timeout,
            rebalance_timeout_ms=self.session_timeout,
            member_id=get_string(self.member_id),
            protocol_type=get_string(self.protocol_type),
            protocols=[
                join_group.JoinGroupRequestProtocol(name=get_string(name), metadata=metadata)
                for name, metadata in self.group_protocols
            ],
        )


class JoinGroupResponse(Response):
    """The generation that a member has joined.

    :ivar members: for the leader of the group, what each member says of itself, by id.
    """

    API_KEY = 11
    error_code: int
    generation_id: int
    group_protocol: bytes
    leader_id: bytes
    member_id: bytes
    members: dict[bytes, ConsumerGroupProtocolMetadata]

    def _take(self, answer: Any) -> None:
        self.error_code = answer.error_code
        self.generation_id = answer.generation_id
        self.group_protocol = get_bytes(answer.protocol_name or "")
        self.leader_id = get_bytes(answer.leader)
        self.member_id = get_bytes(answer.member_id)
        self.members = {
            get_bytes(member.member_id): ConsumerGroupProtocolMetadata.from_bytestring(
                member.metadata
            )
            for member in answer.members
        }


class SyncGroupRequest(Request):
    """Ask for a member's partitions; the leader hands in those of all.

    :param group_assignment: from the leader, pairs of a member's id and its
        :class:`MemberAssignment`; empty from others.
    """

    API_KEY = 14
    #: Later ones also name the protocol that the group agreed on.
    HIGHEST_VERSION = 4

    def __init__(
        self,
        group_id: str | bytes,
        generation_id: int,
        member_id: str | bytes,
        group_assignment: Iterable[tuple[str | bytes, MemberAssignment]],
    ) -> None:
        self.group_id = group_id
        self.generation_id = generation_id
        self.member_id = member_id
        self.group_assignment = list(group_assignment)

    def to_wire(self, version: int) -> sync_group.SyncGroupRequest:
        """The same for every version up to 4."""
        return sync_group.SyncGroupRequest(
            group_id=get_string(self.group_id),
            generation_id=self.generation_id,
            member_id=get_string(self.member_id),
            assignments=[
                sync_group.SyncGroupRequestAssignment(
                    member_id=get_string(member_id), assignment=bytes(assignment.get_bytes())
                )
                for member_id, assignment in self.group_assignment
            ],
        )


class SyncGroupResponse(Response):
    """The partitions of a member."""

    API_KEY = 14
    error_code: int
    member_assignment: MemberAssignment

    def _take(self, answer: Any) -> None:
        self.error_code = answer.error_code
        self.member_assignment = MemberAssignment.from_bytestring(answer.assignment)


class HeartbeatRequest(Request):
    """Say that a member lives."""

    API_KEY = 12

    def __init__(self, group_id: str | bytes, generation_id: int, member_id: str | bytes) -> None:
        self.group_id = group_id
        self.generation_id = generation_id
        self.member_id = member_id

    def to_wire(self, version: int) -> heartbeat.HeartbeatRequest:
        """The same for every version."""
        return heartbeat.HeartbeatRequest(
            group_id=get_string(self.group_id),
            generation_id=self.generation_id,
            member_id=get_string(self.member_id),
        )


class HeartbeatResponse(Response):
    """Whether the member is one still; code 27 asks it to join again."""

    API_KEY = 12
    error_code: int

    def _take(self, answer: Any) -> None:
        self.error_code = answer.error_code


class LeaveGroupRequest(Request):
    """End a membership."""

    API_KEY = 13

    def __init__(self, group_id: str | bytes, member_id: str | bytes) -> None:
        self.group_id = group_id
        self.member_id = member_id

    def to_wire(self, version: int) -> leave_group.LeaveGroupRequest:
        """One member, alone or as a list."""
        group, member = get_string(self.group_id), get_string(self.member_id)
        if version < _FIRST_WITH_MEMBERS:
            return leave_group.LeaveGroupRequest(group_id=group, member_id=member)
        leaving = leave_group.MemberIdentity(member_id=member)
        return leave_group.LeaveGroupRequest(group_id=group, members=[leaving])


class LeaveGroupResponse(Response):
    """Whether the member has left; the code of the group, else the member's."""

    API_KEY = 13
    error_code: int

    def _take(self, answer: Any) -> None:
        codes = [answer.error_code, *(member.error_code for member in answer.members)]
        self.error_code = next((code for code in codes if code), 0)
