"""Asking one broker one thing: how it sees its cluster is what "ready" is decided by."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ..wire.header import decode_response_header, encode_request
from ..wire.messages.find_coordinator import FindCoordinatorRequest
from ..wire.messages.metadata import MetadataRequest, MetadataResponse
from ..wire.schema import ApiMessage
from .ports import HOST

__all__ = ["View", "all_see", "ask", "ask_for_offsets_topic", "exchange"]

_M = TypeVar("_M", bound=ApiMessage)
_CLIENT_ID = "pykafka-embedded"
#: Seconds for one answer; an attempt that gets none is repeated by the caller.
_ANSWER_WITHIN = 10.0


@dataclass(frozen=True)
class View:
    """A broker's answer: ids of the brokers, and topics with the leader of each partition (-1
    while there is none)."""

    brokers: frozenset[int] = frozenset()
    topics: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def leaders(self, topic: str) -> tuple[int, ...]:
        """The leader of each partition of the topic, without those that are not alive."""
        return tuple(
            leader for leader in dict(self.topics).get(topic, ()) if leader in self.brokers
        )

    @property
    def names(self) -> list[str]:
        """The topics' names."""
        return [name for name, _ in self.topics]


def ask(port: int, host: str = HOST) -> View | None:
    """The cluster as the broker on ``port`` sees it; None if it does not answer (yet)."""
    answer = exchange(port, MetadataRequest(topics=[]), MetadataResponse, 0, host)
    if answer is None:
        return None
    topics = (
        (topic.name or "", tuple(partition.leader_id for partition in topic.partitions))
        for topic in answer.topics
    )
    return View(frozenset(broker.node_id for broker in answer.brokers), tuple(topics))


def ask_for_offsets_topic(port: int) -> None:
    """Have the broker make the topic that holds committed offsets, if it does not exist.

    Broker 0.8.2.2, observed: while a cluster has no partition at all its brokers are never told
    of each other, and metadata answers list none.
    """
    _frame(port, FindCoordinatorRequest(), 0)


def all_see(addresses: Iterable[tuple[str, int]], expected: Callable[[View], bool]) -> bool:
    """Whether each of these brokers (host, port) answers, and with what is ``expected``."""
    views = [ask(port, host) for host, port in addresses]
    return all(view is not None and expected(view) for view in views)


def exchange(
    port: int, request: ApiMessage, answer: type[_M], version: int, host: str = HOST
) -> _M | None:
    """The answer of the broker on ``port``, over a connection of its own; None if none came."""
    frame = _frame(port, request, version, host)
    if frame is None:
        return None
    _, body = decode_response_header(type(request), version, frame)
    return answer.decode(frame[body:], version)


def _frame(port: int, request: ApiMessage, version: int, host: str = HOST) -> bytes | None:
    """An answer's frame without its length; None for a broker that is down, or hangs up."""
    try:
        with socket.create_connection((host, port), _ANSWER_WITHIN) as sock:
            sock.sendall(encode_request(request, version, 1, _CLIENT_ID))
            with sock.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                frame = stream.read(size)
                return frame if len(frame) == size else None
    except (OSError, struct.error):
        return None
