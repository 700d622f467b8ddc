"""AddOffsetsToTxn (API 25): make a group's offsets part of a transaction."""

from __future__ import annotations

from ..primitives import INT16, INT32, INT64, STRING
from ..schema import ApiMessage, field

__all__ = ["AddOffsetsToTxnRequest", "AddOffsetsToTxnResponse"]


class AddOffsetsToTxnRequest(ApiMessage, api_key=25, versions="0-4", flexible="3+"):
    """Announce the group; to be sent to the transaction's coordinator."""

    transactional_id: str = field(STRING, "0+")
    producer_id: int = field(INT64, "0+")
    producer_epoch: int = field(INT16, "0+")
    group_id: str = field(STRING, "0+")


class AddOffsetsToTxnResponse(ApiMessage, answers=AddOffsetsToTxnRequest):
    """Whether it was accepted."""

    throttle_time_ms: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")
