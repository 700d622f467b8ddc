"""A producer for each topic, made on a thread of its own: to look for Kafka may take long."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.retry import Backoff
from ...exceptions import (
    ClusterAuthorizationFailed,
    InvalidTopic,
    RemoteError,
    TopicAuthorizationFailed,
)
from ...net.chance import chance

if TYPE_CHECKING:
    from ...client import KafkaClient
    from ...producer import Producer

__all__ = ["Made", "Producers"]

#: Between two attempts to reach Kafka, or to find a topic.
_BACKOFF = Backoff(0.1, 2.0)
#: What brokers say of a topic once and for all.
_FINAL = (ClusterAuthorizationFailed, InvalidTopic, TopicAuthorizationFailed)


class Made(NamedTuple):
    """What became of a wish.

    :ivar producer: None if there is none: then the error says why.
    :ivar final: whether that is all; else it is tried again.
    """

    topic: str
    producer: Producer | None
    error: Exception | None
    final: bool


class Producers:
    """Makes a client and, of it, producers.

    :param make_client: connects to Kafka, or raises.
    :param options: of each producer.
    :ivar made: what became of the wishes.
    """

    def __init__(self, make_client: Callable[[], KafkaClient], options: dict[str, Any]) -> None:
        self.made: SimpleQueue[Made] = SimpleQueue()
        self._make_client = make_client
        self._options = options
        self._wanted: SimpleQueue[str] = SimpleQueue()
        # Those that are still to be granted. Each change is one step for both threads.
        self._wishes: set[str] = set()
        self._closed = threading.Event()
        self._client: KafkaClient | None = None
        self._thread = threading.Thread(
            target=self._serve, name="pykafka bolt looks for Kafka", daemon=True
        )
        self._thread.start()

    def want(self, topic: str) -> None:
        """Have a producer made."""
        self._wishes.add(topic)
        self._wanted.put(topic)

    def forget(self, topic: str) -> None:
        """Nobody waits for that producer any more."""
        self._wishes.discard(topic)

    def close(self, timeout_s: float) -> None:
        """Close the client, as soon as the thread has come to it."""
        self._closed.set()
        self._wanted.put("")
        self._thread.join(timeout_s)

    def _serve(self) -> None:
        again: deque[str] = deque()
        failures = 0
        while not self._closed.is_set():
            topic = self._next(again, _BACKOFF.wait_s(failures, chance()))
            if topic not in self._wishes or self._closed.is_set():
                continue
            made = self._grant(topic)
            self.made.put(made)
            failures = failures + 1 if made.error is not None else 0
            if made.final:
                self._wishes.discard(topic)
            else:
                again.append(topic)
            if self._client is None:
                # Whichever topic comes next: it is the same brokers that are looked for.
                self._closed.wait(_BACKOFF.wait_s(failures, chance()))
        if self._client is not None:
            self._client.close()

    def _next(self, again: deque[str], pause_s: float) -> str:
        """A new wish; if none comes soon, one to be tried again."""
        if not again:
            return self._wanted.get()
        try:
            return self._wanted.get(timeout=pause_s)
        except Empty:
            return again.popleft()

    def _grant(self, topic: str) -> Made:
        try:
            self._client = self._client or self._make_client()
            return Made(topic, self._producer(self._client, topic), None, True)
        except Exception as error:  # noqa: BLE001 - told; the user's make_client may raise any
            return Made(topic, None, error, not _may_pass(error))

    def _producer(self, client: KafkaClient, topic: str) -> Producer:
        return client.topics[topic].get_producer(**self._options)


def _may_pass(error: Exception) -> bool:
    """Whether the same wish may be granted later: Kafka was not reached, or is not ready.

    A broker that has just started says many things of topics: unknown, and even that it failed.
    """
    return isinstance(error, RemoteError) and not isinstance(error, _FINAL)
