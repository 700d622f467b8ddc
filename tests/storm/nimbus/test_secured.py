"""Clusters that want more than is spoken here are told apart from those that are broken.

How they answer plain Thrift was seen on Storm 2.8.3: its TLS port with an alert, the SASL
plug-ins (digest, Kerberos) by hanging up, while they refuse a mechanism in so many words.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pykafka.embedded.ports import HOST
from pykafka.storm.exceptions import NimbusUnreachableError, NotNimbusError, SecuredNimbusError
from pykafka.storm.nimbus.client import Nimbus


@contextmanager
def serving(converse: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that does so with each connection."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(10)
                    try:
                        converse(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"{HOST}:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(15)


def sasl(connection: socket.socket) -> None:
    """As Thrift's TSaslServerTransport."""
    head = connection.recv(5)
    if head[0] == 1:
        mechanism = connection.recv(int.from_bytes(head[1:], "big"))
        message = b"Unsupported mechanism type " + mechanism
        connection.sendall(b"\3" + len(message).to_bytes(4, "big") + message)


def test_sasl() -> None:
    with (
        serving(sasl) as address,
        pytest.raises(SecuredNimbusError, match=rf"{address} wants Kerberos, or another SASL"),
    ):
        Nimbus(address).cluster()


def tls(connection: socket.socket) -> None:
    """As Java's TLS, which says of what is none that it expected something else."""
    connection.recv(5)
    connection.sendall(b"\x15\3\3\0\2\2\n")


def test_tls() -> None:
    with (
        serving(tls) as address,
        pytest.raises(SecuredNimbusError, match=rf"{address} wants TLS"),
    ):
        Nimbus(address).cluster()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\4what", b"\0\0\0\0", b"\0\0\0\1\x80"]
)
def test_something_else_is_not_taken_for_nimbus(answer: bytes) -> None:
    with (
        serving(lambda connection: connection.recv(5) and connection.sendall(answer)) as address,
        pytest.raises((NotNimbusError, NimbusUnreachableError), match=address),
    ):
        Nimbus(address, timeout=5).cluster()


def test_one_that_hangs_up_is_unreachable() -> None:
    with (
        serving(lambda connection: connection.recv(5) and None) as address,
        pytest.raises(NimbusUnreachableError, match=f"{address}: .*(closed|reset)"),
    ):
        Nimbus(address).cluster()
