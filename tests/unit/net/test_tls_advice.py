"""What is told beside a handshake that failed."""

from __future__ import annotations

import ssl

import pytest

from pykafka.net.tls_advice import advice_on_handshake


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("reset by peer"),
        ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "TLS/SSL connection has been closed"),
    ],
)
def test_a_peer_that_hangs_up_may_not_speak_tls(error: Exception) -> None:
    assert advice_on_handshake(error) == "; is this port a TLS listener?"


def test_nothing_is_told_of_what_may_be_anything() -> None:
    assert advice_on_handshake(ssl.SSLError(1, "something")) == ""
