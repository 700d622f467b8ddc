"""ConsumerGroupDescribe (API 69): state and members of KIP-848 groups."""

from __future__ import annotations

from ..primitives import BOOL, INT8, INT16, INT32, STRING, UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "Assignment",
    "ConsumerGroupDescribeRequest",
    "ConsumerGroupDescribeResponse",
    "DescribedGroup",
    "Member",
    "TopicPartitions",
]


class ConsumerGroupDescribeRequest(ApiMessage, api_key=69, versions="0-1", flexible="0+"):
    """Describe groups; to be sent to their coordinator."""

    group_ids: list[str] = field(ArrayOf(STRING), "0+")
    include_authorized_operations: bool = field(BOOL, "0+")


class TopicPartitions(Struct):
    topic_id: bytes = field(UUID, "0+")
    topic_name: str = field(STRING, "0+")
    partitions: list[int] = field(ArrayOf(INT32), "0+")


class Assignment(Struct):
    topic_partitions: list[TopicPartitions] = field(ArrayOf(TopicPartitions), "0+")


class Member(Struct):
    member_id: str = field(STRING, "0+")
    instance_id: str | None = field(STRING, "0+", nullable="0+", default=None)
    rack_id: str | None = field(STRING, "0+", nullable="0+", default=None)
    member_epoch: int = field(INT32, "0+")
    client_id: str = field(STRING, "0+")
    client_host: str = field(STRING, "0+")
    subscribed_topic_names: list[str] = field(ArrayOf(STRING), "0+")
    subscribed_topic_regex: str | None = field(STRING, "0+", nullable="0+", default=None)
    assignment: Assignment = field(Assignment, "0+")
    target_assignment: Assignment = field(Assignment, "0+")
    member_type: int = field(INT8, "1+", default=-1, ignorable=True)


class DescribedGroup(Struct):
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+", default=None)
    group_id: str = field(STRING, "0+")
    group_state: str = field(STRING, "0+")
    group_epoch: int = field(INT32, "0+")
    assignment_epoch: int = field(INT32, "0+")
    assignor_name: str = field(STRING, "0+")
    members: list[Member] = field(ArrayOf(Member), "0+")
    authorized_operations: int = field(INT32, "0+", default=-2147483648)


class ConsumerGroupDescribeResponse(ApiMessage, answers=ConsumerGroupDescribeRequest):
    """State, epochs and members of each group."""

    throttle_time_ms: int = field(INT32, "0+")
    groups: list[DescribedGroup] = field(ArrayOf(DescribedGroup), "0+")
