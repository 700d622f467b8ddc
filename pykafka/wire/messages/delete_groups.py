"""DeleteGroups (API 42): delete empty groups."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = ["DeletableGroupResult", "DeleteGroupsRequest", "DeleteGroupsResponse"]


class DeleteGroupsRequest(ApiMessage, api_key=42, versions="0-2", flexible="2+"):
    """Delete groups with their offsets; to be sent to their coordinator."""

    groups_names: list[str] = field(ArrayOf(STRING), "0+")


class DeletableGroupResult(Struct):
    group_id: str = field(STRING, "0+")
    error_code: int = field(INT16, "0+")


class DeleteGroupsResponse(ApiMessage, answers=DeleteGroupsRequest):
    """A code for each group."""

    throttle_time_ms: int = field(INT32, "0+")
    results: list[DeletableGroupResult] = field(ArrayOf(DeletableGroupResult), "0+")
