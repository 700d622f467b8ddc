"""What stands in front of every Nimbus, without any."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from pykafka.embedded.ports import HOST, free_ports
from pykafka.embedded.process import GuardedPopen
from pykafka.embedded.storm import relay
from pykafka.embedded.waiting import wait_until


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """The port of a relay, and two that it tries."""
    found = free_ports(3)
    command = [sys.executable, "-I", "-S", relay.__file__, *map(str, found)]
    with GuardedPopen(command) as process:
        wait_until(lambda: hangs_up(found[0]), 15, "a relay that listens")
        yield found
        process.kill()


def hangs_up(port: int) -> bool:
    """Whether there is one who takes connections and ends them."""
    try:
        with socket.create_connection((HOST, port), 5) as client:
            return client.recv(1) == b""
    except OSError:
        return False


def converse(server: socket.socket, client: socket.socket) -> None:
    """See that each hears what the other says, and that one sees the other hang up."""
    server.settimeout(15)
    client.settimeout(15)
    connection, _ = server.accept()
    with connection:
        connection.settimeout(15)
        client.sendall(b"question")
        assert connection.recv(100) == b"question"
        connection.sendall(b"answer" * 50_000)
        with client.makefile("rb") as answers:
            assert answers.read(300_000) == b"answer" * 50_000
    assert client.recv(1) == b""


@pytest.mark.parametrize("up", [0, 1], ids=["the first", "the second, as the first is down"])
def test_it_leads_to(up: int, ports: list[int]) -> None:
    relay_port, *targets = ports
    with (
        socket.create_server((HOST, targets[up])) as server,
        socket.create_connection((HOST, relay_port), 15) as client,
    ):
        converse(server, client)


def test_with_nobody_there_it_hangs_up(ports: list[int]) -> None:
    assert hangs_up(ports[0])


def test_it_goes_on_after_one_is_gone(ports: list[int]) -> None:
    for _ in range(3):
        test_it_leads_to(1, ports)
