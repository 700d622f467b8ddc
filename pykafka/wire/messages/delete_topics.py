"""DeleteTopics (API 20): delete topics."""

from __future__ import annotations

from ..primitives import INT16, INT32, STRING, UUID, ZERO_UUID, ArrayOf
from ..schema import ApiMessage, Struct, field

__all__ = [
    "DeletableTopicResult",
    "DeleteTopicState",
    "DeleteTopicsRequest",
    "DeleteTopicsResponse",
]


class DeleteTopicState(Struct):
    name: str | None = field(STRING, "6+", nullable="6+", default=None)
    topic_id: bytes = field(UUID, "6+")


class DeleteTopicsRequest(ApiMessage, api_key=20, versions="0-6", flexible="4+"):
    """Delete topics; to be sent to the controller.

    By ``topic_names``, from version 6 on by ``topics``.
    """

    topics: list[DeleteTopicState] = field(ArrayOf(DeleteTopicState), "6+", factory=list)
    topic_names: list[str] = field(ArrayOf(STRING), "0-5", factory=list, ignorable=True)
    timeout_ms: int = field(INT32, "0+")


class DeletableTopicResult(Struct):
    name: str | None = field(STRING, "0+", nullable="6+")
    topic_id: bytes = field(UUID, "6+", default=ZERO_UUID, ignorable=True)
    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "5+", nullable="5+", default=None, ignorable=True)


class DeleteTopicsResponse(ApiMessage, answers=DeleteTopicsRequest):
    """A result for each topic."""

    throttle_time_ms: int = field(INT32, "1+", default=0, ignorable=True)
    responses: list[DeletableTopicResult] = field(ArrayOf(DeletableTopicResult), "0+")
