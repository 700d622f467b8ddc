"""ListGroups (API 16): groups that a broker coordinates."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = ["ListGroupsRequest", "ListGroupsResponse", "ListedGroup"]


class ListGroupsRequest(ApiMessage, api_key=16, versions="0-5", flexible="3+"):
    """List the groups of one broker: ask all of them for all groups."""

    states_filter: list[str] = field(ArrayOf(STRING), "4+", factory=list)
    types_filter: list[str] = field(ArrayOf(STRING), "5+", factory=list)


class ListedGroup(Struct):
    group_id: str = field(STRING, "0+")
    protocol_type: str = field(STRING, "0+")
    group_state: str = field(STRING, "4+", default="", ignorable=True)
    group_type: str = field(STRING, "5+", default="", ignorable=True)


class ListGroupsResponse(ApiMessage, answers=ListGroupsRequest):
    """Groups by id, with the protocol's type."""

    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    error_code: int = field(INT16, "0+")
    groups: list[ListedGroup] = field(ArrayOf(ListedGroup), "0+")
