"""A connection against a peer that answers what the test tells it to."""

from __future__ import annotations

import queue
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from pykafka.exceptions import (
    FrameTooLargeError,
    MalformedDataError,
    SocketDisconnectedError,
    WaitTimedOutError,
)
from pykafka.net.address import Address
from pykafka.net.connection import Connection
from pykafka.runtime.backend import ThreadBackend
from pykafka.runtime.loop import Loop
from pykafka.wire.messages.metadata import MetadataRequest, MetadataResponse
from pykafka.wire.messages.produce import ProduceRequest

BOUND_S = 10.0
MOST_BYTES = 1_000_000


class Peer:
    """Both ends: a connection on a loop, and the broker's socket in the test's hands."""

    def __init__(self) -> None:
        self.loop = Loop(ThreadBackend(), "test")
        ours, self.sock = socket.socketpair()
        ours.setblocking(False)
        self.sock.settimeout(BOUND_S)
        self.outcomes: queue.Queue[Any] = queue.Queue()
        self.closed = queue.Queue[Any]()
        self.call(self._connect, ours)

    def _connect(self, ours: socket.socket) -> None:
        self.connection = Connection(
            self.loop, ours, Address("broker", 1), "me", MOST_BYTES, self.closed.put
        )

    def call(self, function, *args):
        """Call on the loop and wait for it."""
        done: queue.Queue[None] = queue.Queue()
        self.loop.call_soon(lambda: (function(*args), done.put(None)))
        done.get(timeout=BOUND_S)

    def ask(self, message=None, timeout_s=BOUND_S, respond=True):
        """Send a request; its outcome will be in ``outcomes``."""
        message = message or MetadataRequest(topics=[])
        self.call(self._send, message, timeout_s, respond)

    def _send(self, message, timeout_s, respond) -> None:
        self.connection.send(
            message, 0, timeout_s, lambda *out: self.outcomes.put(out), respond=respond
        )

    def read_request(self) -> tuple[int, bytes]:
        """(correlation id, all of the frame behind its length)"""
        frame = self._read(struct.unpack(">i", self._read(4))[0])
        return struct.unpack_from(">i", frame, 4)[0], frame

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self.sock.recv(size - len(data))
        return data

    def outcome(self):
        return self.outcomes.get(timeout=BOUND_S)

    def end(self) -> None:
        self.call(self.connection.close)
        self.loop.stop(BOUND_S)
        self.sock.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.end()


def frame(correlation_id: int, body: bytes) -> bytes:
    return struct.pack(">ii", len(body) + 4, correlation_id) + body


ANSWER = MetadataResponse(brokers=[], topics=[])
BODY = ANSWER.encode(0)


def test_an_answer_reaches_who_asked(peer):
    peer.ask()
    correlation_id, request = peer.read_request()
    assert b"me" in request
    peer.sock.sendall(frame(correlation_id, BODY))
    assert peer.outcome() == (ANSWER, None)


def test_answers_are_taken_byte_by_byte(peer):
    peer.ask()
    correlation_id, _ = peer.read_request()
    for byte in frame(correlation_id, BODY):
        peer.sock.sendall(bytes([byte]))
    assert peer.outcome() == (ANSWER, None)


def test_several_answers_in_one_piece(peer):
    for _ in range(3):
        peer.ask()
    ids = [peer.read_request()[0] for _ in range(3)]
    assert len(set(ids)) == 3
    peer.sock.sendall(b"".join(frame(id_, BODY) for id_ in ids))
    assert [peer.outcome() for _ in range(3)] == [(ANSWER, None)] * 3


def test_a_large_answer_between_small_ones(peer):
    from pykafka.wire.messages.metadata import MetadataResponseBroker

    brokers = [MetadataResponseBroker(node_id=n, host="h" * 50, port=1) for n in range(5000)]
    large = MetadataResponse(brokers=brokers, topics=[])
    for _ in range(3):
        peer.ask()
    ids = [peer.read_request()[0] for _ in range(3)]
    bodies = [BODY, large.encode(0), BODY]
    peer.sock.sendall(b"".join(frame(id_, body) for id_, body in zip(ids, bodies, strict=True)))
    assert [peer.outcome()[0] for _ in range(3)] == [ANSWER, large, ANSWER]


def test_a_large_request_is_sent_while_the_peer_takes_its_time(peer):
    from pykafka.wire.messages.metadata import MetadataRequestTopic

    many = MetadataRequest(topics=[MetadataRequestTopic(name="t" * 200) for _ in range(20_000)])
    peer.ask(many)
    correlation_id, request = peer.read_request()
    assert len(request) > 4_000_000
    peer.sock.sendall(frame(correlation_id, BODY))
    assert peer.outcome() == (ANSWER, None)


def test_a_request_without_an_answer_is_over_when_it_is_sent(peer):
    peer.ask(ProduceRequest(acks=0, timeout_ms=1, topic_data=[]), respond=False)
    assert peer.outcome() == (None, None)
    peer.read_request()
    # What follows is matched to its own answer.
    peer.ask()
    correlation_id, _ = peer.read_request()
    peer.sock.sendall(frame(correlation_id, BODY))
    assert peer.outcome() == (ANSWER, None)


def test_a_peer_that_hangs_up_fails_what_is_under_way(peer):
    peer.ask()
    peer.ask()
    peer.read_request()
    peer.sock.close()
    for _ in range(2):
        response, error = peer.outcome()
        assert response is None
        assert isinstance(error, SocketDisconnectedError)
        assert "broker:1" in str(error)
        assert "Metadata" in str(error)
    assert peer.closed.get(timeout=BOUND_S) is peer.connection


def test_a_peer_that_hangs_up_before_it_has_answered_may_want_tls(peer):
    peer.ask()
    peer.read_request()
    peer.sock.shutdown(socket.SHUT_RDWR)
    assert str(peer.outcome()[1]).endswith("; if this port is a TLS listener, give ssl_config")


def test_a_peer_that_hangs_up_after_an_answer_is_no_tls_listener(peer):
    for _ in range(2):
        peer.ask()
    correlation_id, _ = peer.read_request()
    peer.sock.sendall(frame(correlation_id, BODY))
    assert peer.outcome() == (ANSWER, None)
    peer.sock.shutdown(socket.SHUT_RDWR)
    assert "TLS" not in str(peer.outcome()[1])


def test_an_alert_of_tls_is_known_only_where_an_answer_begins_the_connection(peer):
    peer.ask()
    correlation_id, _ = peer.read_request()
    peer.sock.sendall(frame(correlation_id, BODY))
    assert peer.outcome() == (ANSWER, None)
    peer.ask()
    peer.sock.sendall(bytes.fromhex("15030300020228"))
    assert isinstance(peer.outcome()[1], FrameTooLargeError)


def test_an_answer_that_does_not_come_is_bounded(peer):
    peer.ask(timeout_s=0.05)
    response, error = peer.outcome()
    assert response is None
    assert isinstance(error, WaitTimedOutError)
    assert "Metadata within 0.05 s" in str(error)
    assert not peer.connection.open


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (struct.pack(">i", MOST_BYTES + 1), FrameTooLargeError, "receive_max_bytes"),
        (struct.pack(">i", -1), MalformedDataError, "is it a Kafka broker"),
        (struct.pack(">i", 3), MalformedDataError, "is it a Kafka broker"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", FrameTooLargeError, "is a Kafka broker"),
        (bytes.fromhex("15030300020228"), MalformedDataError, "give ssl_config"),
        (frame(77, BODY), MalformedDataError, "correlation id 77"),
        (frame(1, BODY + b"x"), MalformedDataError, "Metadata"),
        (frame(1, BODY[:-1]), MalformedDataError, "Metadata"),
        (frame(1, b"\x7f\xff\xff\xff"), MalformedDataError, "Metadata"),
    ],
)
def test_what_is_no_answer_closes_the_connection_with_a_typed_error(peer, data, error, text):
    peer.ask()
    peer.read_request()
    peer.sock.sendall(data)
    response, found = peer.outcome()
    assert response is None
    assert type(found) is error
    assert text in str(found)
    assert not peer.connection.open


def test_an_answer_that_nobody_asked_for_closes_the_connection(peer):
    peer.sock.sendall(frame(1, BODY))
    assert peer.closed.get(timeout=BOUND_S) is peer.connection


def test_a_closed_connection_refuses_at_once(peer):
    peer.call(peer.connection.close)
    peer.ask()
    response, error = peer.outcome()
    assert response is None
    assert isinstance(error, SocketDisconnectedError)
