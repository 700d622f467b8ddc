"""EndTxn (API 26): commit or abort a transaction."""

from __future__ import annotations

from ..primitives import BOOL, INT16, INT32, INT64, STRING
from ..schema import ApiMessage, field

__all__ = ["EndTxnRequest", "EndTxnResponse"]


class EndTxnRequest(ApiMessage, api_key=26, versions="0-5", flexible="3+"):
    """End the transaction; ``committed`` says how."""

    transactional_id: str = field(STRING, "0+")
    producer_id: int = field(INT64, "0+")
    producer_epoch: int = field(INT16, "0+")
    committed: bool = field(BOOL, "0+")


class EndTxnResponse(ApiMessage, answers=EndTxnRequest):
    """From version 5 on also the producer's next id and epoch (KIP-890)."""

    throttle_time_ms: int = field(INT32, "0+")
    error_code: int = field(INT16, "0+")
    producer_id: int = field(INT64, "5+", default=-1, ignorable=True)
    producer_epoch: int = field(INT16, "5+", default=-1, ignorable=True)
