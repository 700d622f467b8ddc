"""FindCoordinator (API 10; ConsumerMetadata in 0.8): the broker of a group."""

from __future__ import annotations

from ..primitives import INT8, INT16, INT32, STRING, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = ["Coordinator", "FindCoordinatorRequest", "FindCoordinatorResponse"]


class FindCoordinatorRequest(ApiMessage, api_key=10, versions="0-6", flexible="3+"):
    """Find a coordinator; any broker knows.

    ``key`` is a group with ``key_type`` 0, a transactional id with 1; from version 4 on several
    are asked for with ``coordinator_keys`` instead.
    """

    key: str = field(STRING, "0-3", default="")
    key_type: int = field(INT8, "1+", default=0)
    coordinator_keys: list[str] = field(ArrayOf(STRING), "4+", factory=list)


class Coordinator(Struct):
    key: str = field(STRING, "4+")
    node_id: int = field(INT32, "4+")
    host: str = field(STRING, "4+")
    port: int = field(INT32, "4+")
    error_code: int = field(INT16, "4+")
    error_message: str | None = field(STRING, "4+", nullable="4+", ignorable=True)


class FindCoordinatorResponse(ApiMessage, answers=FindCoordinatorRequest):
    """One coordinator in the top-level fields; from version 4 on in ``coordinators``."""

    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    error_code: int = field(INT16, "0-3", default=0)
    error_message: str | None = field(STRING, "1-3", nullable="1-3", default="", ignorable=True)
    node_id: int = field(INT32, "0-3", default=0)
    host: str = field(STRING, "0-3", default="")
    port: int = field(INT32, "0-3", default=0)
    coordinators: list[Coordinator] = field(ArrayOf(Coordinator), "4+", factory=list)
