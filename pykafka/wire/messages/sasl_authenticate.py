"""SaslAuthenticate (API 36): exchange SASL tokens."""

from __future__ import annotations

from ..primitives import BYTES, INT16, INT64, STRING
from ..schema import ApiMessage, field

__all__ = ["SaslAuthenticateRequest", "SaslAuthenticateResponse"]


class SaslAuthenticateRequest(ApiMessage, api_key=36, versions="0-2", flexible="2+"):
    """One token of the mechanism that SaslHandshake chose."""

    auth_bytes: bytes = field(BYTES, "0+")


class SaslAuthenticateResponse(ApiMessage, answers=SaslAuthenticateRequest):
    """The broker's token; ``session_lifetime_ms`` 0 is for ever (KIP-368)."""

    error_code: int = field(INT16, "0+")
    error_message: str | None = field(STRING, "0+", nullable="0+")
    auth_bytes: bytes = field(BYTES, "0+")
    session_lifetime_ms: int = field(INT64, "1+", default=0, ignorable=True)
