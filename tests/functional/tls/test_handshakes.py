"""Handshakes with a peer in the test's hands, that no Kafka would do, or not at will."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from functional.client.programs import run_program
from functional.tls.conftest import Connect, trusting
from functional.tls.refusals import refused
from functional.tls.test_round_trips import _HAS_GEVENT

from pykafka.connection import SslConfig
from pykafka.embedded.certificates import Certificates
from pykafka.exceptions import ConnectFailedError
from pykafka.net import connector
from pykafka.net.address import Address

#: Seconds; no thread of this waits longer for anything.
_BOUND = 20.0

Behave = Callable[[socket.socket], None]


@contextmanager
def peer(behave: Behave) -> Iterator[str]:
    """The address of one that does so with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(sock: socket.socket) -> None:
            sock.settimeout(_BOUND)
            with sock, suppress(OSError):
                behave(sock)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    threading.Thread(target=serve, args=(sock,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(_BOUND)


def says_nothing(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def says(data: bytes) -> Behave:
    """One that waits for the client, then says this and goes."""

    def behave(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(data)

    return behave


def resets(sock: socket.socket) -> None:
    # What is closed with something unread is not ended in good form.
    sock.recv(1)


@pytest.fixture
def serve_tls(certificates: Certificates) -> Iterator[Callable[..., str]]:
    """``serve_tls(then, **settings)``: the address of a TLS server of Python's own."""
    with ExitStack() as stack:

        def make(then: Callable[[ssl.SSLSocket], None], **settings: Any) -> str:
            context = ssl.create_default_context(
                ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.root_cert)
            )
            # It is for servers, too, as far as this one asks.
            context.load_cert_chain(
                certificates.keystore.with_suffix(".pem"), certificates.keystore.with_suffix(".key")
            )
            for name, value in settings.items():
                setattr(context, name, value)

            def behave(sock: socket.socket) -> None:
                # A copy stays open: closed with something unread, it might take its alert along.
                with sock.dup() as kept:
                    try:
                        secured = context.wrap_socket(sock, server_side=True)
                    except ssl.SSLError:
                        says_nothing(kept)
                    else:
                        with secured:
                            then(secured)

            return stack.enter_context(peer(behave))

        yield make


def test_a_peer_that_never_answers_is_given_up_in_time(
    certificates: Certificates, connect: Connect
) -> None:
    with peer(says_nothing) as address:
        begin = time.monotonic()
        with refused(address):
            connect(address, ssl_config=trusting(certificates), socket_timeout_ms=700)
        assert time.monotonic() - begin < 5


def test_connecting_and_handshake_have_one_bound(certificates: Certificates) -> None:
    with peer(says_nothing) as address:
        host, _, port = address.partition(":")
        options = connector.ConnectOptions(0.5, ssl_config=trusting(certificates))
        begin = time.monotonic()
        with pytest.raises(ConnectFailedError, match=rf"{address} did not end.*TLS listener\?"):
            connector.connect(socket, Address(host, int(port)), options)
        assert 0.4 < time.monotonic() - begin < 5


@pytest.mark.parametrize(
    "behave",
    [says(b""), resets, says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), says(bytes(64))],
    ids=["an end", "a reset", "web", "zeros"],
)
def test_what_is_no_tls_may_be_another_port(
    certificates: Certificates, connect: Connect, behave: Behave
) -> None:
    with peer(behave) as address, refused(address, "is this port a TLS listener?"):
        connect(address, ssl_config=trusting(certificates))


def test_a_peer_that_hangs_up_on_a_client_without_tls_may_want_it(connect: Connect) -> None:
    with peer(says(b"")) as address, refused(address, "if this port is a TLS listener"):
        connect(address)


def test_a_certificate_is_missed_after_the_handshake(
    certificates: Certificates, connect: Connect, serve_tls: Callable[..., str]
) -> None:
    address = serve_tls(
        lambda sock: sock.recv(1),
        verify_mode=ssl.CERT_REQUIRED,
        minimum_version=ssl.TLSVersion.TLSv1_3,
    )
    with refused(address, "; the broker wants a client certificate", "certfile"):
        connect(address, ssl_config=trusting(certificates))


def test_an_end_without_a_word_after_the_handshake_may_be_for_want_of_a_certificate(
    certificates: Certificates, connect: Connect, serve_tls: Callable[..., str]
) -> None:
    address = serve_tls(lambda sock: sock.close())
    with refused(address, "maybe the broker wants a client certificate"):
        connect(address, ssl_config=trusting(certificates))


def test_no_version_of_tls_in_common(
    certificates: Certificates, connect: Connect, serve_tls: Callable[..., str]
) -> None:
    address = serve_tls(lambda sock: None, maximum_version=ssl.TLSVersion.TLSv1_2)
    context = trusting(certificates).context
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with refused(address, "no version of TLS in common"):
        connect(address, ssl_config=context)


class _Raises:
    def wrap_socket(self, sock: socket.socket) -> ssl.SSLSocket:
        raise KeyError("no such alias")


class _ReturnsNothing:
    def wrap_socket(self, sock: socket.socket) -> None:
        return None


@pytest.mark.parametrize(
    ("own", "words"),
    [(_Raises, "KeyError('no such alias')"), (_ReturnsNothing, "returned no socket: None")],
)
def test_what_a_wrap_socket_does_wrong_is_told_at_once(
    connect: Connect, own: type[Any], words: str
) -> None:
    with peer(says_nothing) as address, refused(address, "wrap_socket", words):
        connect(address, ssl_config=own())


class _Renamed(SslConfig):
    """As code for 2.x may have it, where the host's name did not matter."""

    def wrap_socket(self, sock: socket.socket) -> ssl.SSLSocket:
        raise ssl.SSLError("this one was asked")


def test_a_subclass_that_wraps_otherwise_is_asked_to(
    certificates: Certificates, connect: Connect
) -> None:
    with peer(says_nothing) as address, refused(address, "this one was asked"):
        connect(address, ssl_config=_Renamed(str(certificates.root_cert)))


@pytest.mark.skipif(not _HAS_GEVENT, reason="gevent is not installed")
def test_a_handshake_that_hangs_holds_up_no_other_greenlet(certificates: Certificates) -> None:
    with peer(says_nothing) as address:
        out = run_program(
            """
            import sys
            import gevent
            from pykafka import KafkaClient
            from pykafka.connection import SslConfig
            from pykafka.exceptions import NoBrokersAvailableError

            turns = 0
            def tick():
                global turns
                while True:
                    turns += 1
                    gevent.sleep(0.005)
            gevent.spawn(tick)
            config = SslConfig(sys.argv[2])
            try:
                KafkaClient(
                    sys.argv[1], ssl_config=config, use_greenlets=True, socket_timeout_ms=1000
                )
            except NoBrokersAvailableError:
                print("refused", turns > 20)
            """,
            address,
            str(certificates.root_cert),
        )
    assert out == "refused True\n"
