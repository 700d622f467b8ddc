"""SaslHandshake (API 17): choose a SASL mechanism."""

from __future__ import annotations

from ..primitives import INT16, STRING, ArrayOf
from ..schema import ApiMessage, field

__all__ = ["SaslHandshakeRequest", "SaslHandshakeResponse"]


class SaslHandshakeRequest(ApiMessage, api_key=17, versions="0-1"):
    """Name the mechanism.

    After version 0 the tokens follow in frames without headers, after version 1 in
    SaslAuthenticate.
    """

    mechanism: str = field(STRING, "0+")


class SaslHandshakeResponse(ApiMessage, answers=SaslHandshakeRequest):
    """The mechanisms that the broker has."""

    error_code: int = field(INT16, "0+")
    mechanisms: list[str] = field(ArrayOf(STRING), "0+")
