"""What the errors of TLS mean, for those who have to do something about them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["advice_on_alert", "advice_on_handshake", "advice_on_silence", "is_tls_record"]

_AUTHORITY = "ssl_config must trust (cafile) the authority that signed the broker's certificate"
_NAME = (
    "connect by a name that the broker's certificate holds (hosts=, and advertised.listeners of the"
    " broker), or do without the check (check_hostname=False)"
)
#: By OpenSSL's number of what is wrong with a broker's certificate (X509_V_ERR_...).
_CERTIFICATE = {
    9: "the broker's certificate begins later: check the clocks, or the certificate",
    10: "the broker's certificate is too old: renew it, or check this machine's clock",
    18: _AUTHORITY,
    19: _AUTHORITY,
    20: _AUTHORITY,
    21: _AUTHORITY,
    62: _NAME,
    64: _NAME,
}
_OWN_CERTIFICATE = (
    "the broker wants a client certificate that it trusts: give ssl_config one (certfile, keyfile)"
)
_VERSION = "broker and ssl_config have no version of TLS in common"
#: By parts of OpenSSL's name for what the other end objects to, in this order.
_ALERT = {
    "ALERT_PROTOCOL_VERSION": _VERSION,
    "ALERT_HANDSHAKE_FAILURE": f"no cipher is common to both, or {_OWN_CERTIFICATE}",
    "CERTIFICATE": _OWN_CERTIFICATE,
    "ALERT_UNKNOWN_CA": _OWN_CERTIFICATE,
    "ALERT_ACCESS_DENIED": _OWN_CERTIFICATE,
}
_NO_TLS = "is this port a TLS listener?"
#: ``ssl.SSL_ERROR_ZERO_RETURN``: what some builds of Python make of a peer that has hung up (3.11.2
#: of Debian 12, observed), others of one that has ended TLS in order.
_ENDED = 6
#: The same for what goes wrong at this end of a handshake.
_HANDSHAKE = {
    "UNSUPPORTED_PROTOCOL": _VERSION,
    # Kafka up to 1.1 sends its refusal behind 16 KB that mean nothing (0.9.0.1, 1.1.1 observed).
    "UNEXPECTED_MESSAGE": f"maybe {_OWN_CERTIFICATE}",
    "EOF": _NO_TLS,
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "PACKET_LENGTH": _NO_TLS,
}
#: The first three bytes of an alert's or a handshake's record, as a number.
_RECORDS = frozenset(kind << 16 | 3 << 8 | minor for kind in (0x15, 0x16) for minor in range(5))


# Errors are told apart by what they carry: nobody pays for the import of ssl without TLS.


def advice_on_handshake(error: Exception) -> str:
    """What to do about a handshake that failed, to be put behind the error; empty if unknown."""
    code: int | None = getattr(error, "verify_code", None)
    if code is not None:
        return f"; {_CERTIFICATE.get(code, 'the broker has to show another certificate')}"
    if isinstance(error, ConnectionError) or getattr(error, "errno", None) == _ENDED:
        return f"; {_NO_TLS}"
    return _named(_HANDSHAKE, error) or advice_on_alert(error)


def advice_on_alert(error: Exception) -> str:
    """The same for a connection that was lost later.

    In TLS 1.3 the client's part is done before the broker has looked at its certificate: a
    refusal comes with the first read.
    """
    return _named(_ALERT, error)


def _named(table: Mapping[str, str], error: Exception) -> str:
    reason = str(getattr(error, "reason", ""))
    return next((f"; {advice}" for part, advice in table.items() if part in reason), "")


def advice_on_silence(tls: bool) -> str:
    """What it may mean that a peer took a connection, then ended it and has answered nothing."""
    if tls:
        return f"; maybe {_OWN_CERTIFICATE}"
    return "; if this port is a TLS listener, give ssl_config"


def is_tls_record(head: int) -> bool:
    """Whether the first four bytes from a peer, as a number, begin what only TLS would say."""
    return head >> 8 in _RECORDS
