"""Groups as their coordinators describe them, whatever protocol their members speak."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..exceptions import MalformedDataError
from ..wire.consumer_protocol import (
    Assignment,
    Subscription,
    read_assignment,
    read_subscription,
)
from .effects import Node

__all__ = ["CLASSIC", "CONSUMER", "DEAD", "Group", "Member", "classic_group", "consumer_group"]

#: Types of groups: members that join and are assigned by one of them, or by the coordinator
#: (KIP-848, from 4.0 on). There are more in 4.x, which only their listing tells.
CLASSIC, CONSUMER = "classic", "consumer"
#: The state of a group that is not there.
DEAD = "Dead"
#: What members that read topics call the protocol that they share.
_CONSUMER_PROTOCOL = "consumer"


class Member(NamedTuple):
    """A member of a group.

    :ivar host: as its coordinator sees it, such as ``/127.0.0.1``.
    :ivar instance_id: of a static member (2.3 and newer), else ``None``.
    :ivar assignment: empty until it was given something.
    """

    id: str
    client_id: str
    host: str
    instance_id: str | None
    subscription: Subscription
    assignment: Assignment


class Group(NamedTuple):
    """A group.

    :ivar type: :data:`CLASSIC`, :data:`CONSUMER`, or another that the broker named.
    :ivar state: Kafka's word; :data:`DEAD` if there is no such group.
    :ivar protocol_type: ``consumer`` where members read topics; empty without members.
    :ivar protocol: by which partitions are shared, such as ``range``.
    :ivar error_code: what came instead of a description, 0 for none.
    :ivar coordinator: who described it; ``None`` if that does not matter.
    """

    id: str
    type: str
    state: str
    protocol_type: str
    protocol: str
    members: tuple[Member, ...]
    error_code: int = 0
    coordinator: Node | None = None


def classic_group(described: Any) -> Group:
    """The group in an answer to DescribeGroups."""
    read = described.protocol_type == _CONSUMER_PROTOCOL
    members = tuple(
        Member(
            member.member_id,
            member.client_id,
            member.client_host,
            member.group_instance_id,
            _subscription(member.member_metadata, read),
            _assignment(member.member_assignment, read),
        )
        for member in described.members
    )
    return Group(
        described.group_id,
        CLASSIC,
        described.group_state,
        described.protocol_type,
        described.protocol_data,
        members,
        described.error_code,
    )


def consumer_group(described: Any) -> Group:
    """The group in an answer to ConsumerGroupDescribe."""
    members = tuple(
        Member(
            member.member_id,
            member.client_id,
            member.client_host,
            member.instance_id,
            Subscription(0, list(member.subscribed_topic_names)),
            Assignment(
                0,
                [
                    (part.topic_name, list(part.partitions))
                    for part in member.assignment.topic_partitions
                ],
            ),
        )
        for member in described.members
    )
    return Group(
        described.group_id,
        CONSUMER,
        described.group_state,
        _CONSUMER_PROTOCOL,
        described.assignor_name,
        members,
        described.error_code,
    )


# Whoever joins says what it likes, and one member's nonsense must not hide the others: what is
# not to be read is handed on as it is. So is what members of another protocol type say.


def _subscription(data: bytes, read: bool) -> Subscription:
    if read and data:
        try:
            return read_subscription(data)
        except MalformedDataError:
            pass
    return Subscription(0, [], data or None)


def _assignment(data: bytes, read: bool) -> Assignment:
    if read and data:
        try:
            return read_assignment(data)
        except MalformedDataError:
            pass
    return Assignment(0, [], data or None)
