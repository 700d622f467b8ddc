"""Heartbeat (API 12): stay a member of a group."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING
from ..schema import ApiMessage, field

__all__ = ["HeartbeatRequest", "HeartbeatResponse"]


class HeartbeatRequest(ApiMessage, api_key=12, versions="0-4", flexible="4+"):
    """Say that the member lives."""

    group_id: str = field(STRING, "0+")
    generation_id: int = field(INT32, "0+")
    member_id: str = field(STRING, "0+")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)


class HeartbeatResponse(ApiMessage, answers=HeartbeatRequest):
    """Whether the group is rebalancing (27) or has dropped the member."""

    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    error_code: int = field(INT16, "0+")
