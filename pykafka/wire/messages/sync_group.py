"""SyncGroup (API 14): get what a member is assigned."""

from __future__ import annotations

from ..primitives import BYTES, INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = ["SyncGroupRequest", "SyncGroupRequestAssignment", "SyncGroupResponse"]


class SyncGroupRequestAssignment(Struct):
    member_id: str = field(STRING, "0+")
    assignment: bytes = field(BYTES, "0+")


class SyncGroupRequest(ApiMessage, api_key=14, versions="0-5", flexible="4+"):
    """Ask for the assignment; the leader hands in those of all members."""

    group_id: str = field(STRING, "0+")
    generation_id: int = field(INT32, "0+")
    member_id: str = field(STRING, "0+")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)
    protocol_type: str | None = field(STRING, "5+", nullable="5+", default=None, ignorable=True)
    protocol_name: str | None = field(STRING, "5+", nullable="5+", default=None, ignorable=True)
    assignments: list[SyncGroupRequestAssignment] = field(ArrayOf(SyncGroupRequestAssignment), "0+")


class SyncGroupResponse(ApiMessage, answers=SyncGroupRequest):
    """``assignment`` in the encoding of the group's protocol."""

    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    error_code: int = field(INT16, "0+")
    protocol_type: str | None = field(STRING, "5+", nullable="5+", default=None, ignorable=True)
    protocol_name: str | None = field(STRING, "5+", nullable="5+", default=None, ignorable=True)
    assignment: bytes = field(BYTES, "0+")
