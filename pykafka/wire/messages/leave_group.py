"""LeaveGroup (API 13): end membership of a group."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = ["LeaveGroupRequest", "LeaveGroupResponse", "MemberIdentity", "MemberResponse"]


class MemberIdentity(Struct):
    member_id: str = field(STRING, "3+")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)
    reason: str | None = field(STRING, "5+", nullable="5+", default=None, ignorable=True)


class LeaveGroupRequest(ApiMessage, api_key=13, versions="0-5", flexible="4+"):
    """Leave: the coordinator rebalances at once. From version 3 on for several ``members``."""

    group_id: str = field(STRING, "0+")
    member_id: str = field(STRING, "0-2", default="")
    members: list[MemberIdentity] = field(ArrayOf(MemberIdentity), "3+", factory=list)


class MemberResponse(Struct):
    member_id: str = field(STRING, "3+")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+")
    error_code: int = field(INT16, "3+")


class LeaveGroupResponse(ApiMessage, answers=LeaveGroupRequest):
    """Top-level, and from version 3 on a code for each member."""

    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    error_code: int = field(INT16, "0+")
    members: list[MemberResponse] = field(ArrayOf(MemberResponse), "3+", factory=list)
