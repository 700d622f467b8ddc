"""ConsumerGroupHeartbeat (API 68): groups that the broker assigns (KIP-848)."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING, UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "Assignment",
    "ConsumerGroupHeartbeatRequest",
    "ConsumerGroupHeartbeatResponse",
    "TopicPartitions",
]


class TopicPartitions(Struct):
    topic_id: bytes = field(UUID, "0+")
    partitions: list[int] = field(ArrayOf(INT32), "0+")


class ConsumerGroupHeartbeatRequest(ApiMessage, api_key=68, versions="0-1", flexible="0+"):
    """Join (epoch 0), stay, and leave (epoch -1, or -2 for a static member)."""

    group_id: str = field(STRING, "0+")
    member_id: str = field(STRING, "0+")
    member_epoch: int = field(INT32, "0+")
    instance_id: str | None = field(STRING, "0+", nullable="0+", default=None)
    rack_id: str | None = field(STRING, "0+", nullable="0+", default=None)
    rebalance_timeout_ms: int = field(INT32, "0+", default=-1)
    subscribed_topic_names: list[str] | None = field(
        ArrayOf(STRING), "0+", nullable="0+", default=None
    )
    subscribed_topic_regex: str | None = field(STRING, "1+", nullable="1+", default=None)
    server_assignor: str | None = field(STRING, "0+", nullable="0+", default=None)
    topic_partitions: list[TopicPartitions] | None = field(
        ArrayOf(TopicPartitions), "0+", nullable="0+", default=None
    )


class Assignment(Struct):
    topic_partitions: list[TopicPartitions] = field(ArrayOf(TopicPartitions), "0+")


class ConsumerGroupHeartbeatResponse(ApiMessage, answers=ConsumerGroupHeartbeatRequest):
    """The member's epoch and, when it changed, its assignment."""

    throttle_time_ms: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+", default=None)
    member_id: str | None = field(STRING, "0+", nullable="0+", default=None)
    member_epoch: int = field(INT32, "0+")
    heartbeat_interval_ms: int = field(INT32, "0+")
    assignment: Assignment | None = field(Assignment, "0+", nullable="0+", default=None)
