"""A ZooKeeper alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from services import end_because_missing

from pykafka.embedded import EmbeddedZookeeper
from pykafka.exceptions import DownloadError, MissingRequirementError, UsageError


@pytest.fixture(scope="module")
def zookeeper(pytestconfig: pytest.Config) -> Iterator[EmbeddedZookeeper]:
    try:
        server = EmbeddedZookeeper()
    except (DownloadError, MissingRequirementError) as error:
        end_because_missing(pytestconfig, f"ZooKeeper: {error}")
    with server:
        yield server


def ask(port: int, question: bytes = b"srvr") -> bytes:
    """The answer to a four letter word; empty if there is none within a second."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as sock:
            sock.sendall(question)
            return sock.recv(4096)
    except OSError:
        return b""


def test_ready_means_that_it_serves(zookeeper: EmbeddedZookeeper) -> None:
    assert b"Mode: standalone" in ask(zookeeper.port)
    assert zookeeper.address == f"127.0.0.1:{zookeeper.port}"


def test_killed_it_is_gone_and_restarted_it_has_its_port_again(
    zookeeper: EmbeddedZookeeper,
) -> None:
    zookeeper.kill()
    assert not zookeeper.running
    assert ask(zookeeper.port) == b""
    zookeeper.restart()
    assert b"Mode: standalone" in ask(zookeeper.port)


def test_paused_it_is_there_and_silent(zookeeper: EmbeddedZookeeper) -> None:
    zookeeper.pause()
    try:
        assert zookeeper.running
        assert ask(zookeeper.port) == b""
    finally:
        zookeeper.resume()
    assert b"Mode: standalone" in ask(zookeeper.port)


def test_its_log_can_be_read(zookeeper: EmbeddedZookeeper) -> None:
    assert "ZooKeeper" in zookeeper.log_tail(100)


def test_what_is_stopped_cannot_be_paused_and_leaves_no_folder() -> None:
    with EmbeddedZookeeper() as zookeeper:
        assert zookeeper.data_dir.is_dir()
    zookeeper.stop()
    assert not zookeeper.data_dir.exists()
    with pytest.raises(UsageError, match="ZooKeeper is not running"):
        zookeeper.pause()
