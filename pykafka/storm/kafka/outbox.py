"""What a bolt has for Kafka, until it is known what became of it."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Sequence
from queue import Empty
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...exceptions import ProduceFailureError, WaitTimedOutError
from .composing import Composition
from .producers import Made, Producers

if TYPE_CHECKING:
    from ...message import Message
    from ...producer import Producer

__all__ = ["Events", "Outbox"]

#: Bytes that a message counts beside its key and value: about what its objects take.
_OVERHEAD = 200


class Events(Protocol):
    """Who is told. Ids are those of tuples."""

    def delivered(self, ids: Iterable[Any]) -> None:
        """Brokers acknowledged these."""

    def failed(self, ids: Sequence[Any], error: Exception) -> None:
        """These were not acknowledged, or not in time."""

    def refused(self, tup_id: Any, error: Exception) -> None:
        """This one can never be sent."""

    def delayed(self, error: Exception) -> None:
        """Nothing can be sent yet; it is tried again."""


class _Waiting(NamedTuple):
    """A message that has no producer yet."""

    since: float
    tup_id: Any
    composition: Composition


class Outbox:
    """Hands messages to producers, and keeps account. Used by one thread; waits for nothing.

    :param timeout_s: how long a message may wait for its producer.
    :ivar count: messages that nobody has been told of yet.
    :ivar bytes: about how many bytes they take.
    """

    def __init__(self, producers: Producers, timeout_s: float, events: Events) -> None:
        self.count = 0
        self.bytes = 0
        self._makers = producers
        self._timeout_s = timeout_s
        self._events = events
        self._producers: dict[str, Producer] = {}
        # By topics that are wished for. In the order of their coming, so of their time-outs.
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._sent: dict[Message, Any] = {}
        # Why there is no producer yet, by topic.
        self._delays: dict[str, Exception | None] = {}

    def want(self, topic: str) -> None:
        """Have the producer of a topic made before there is a message for it."""
        self._waiting[topic] = deque()
        self._makers.want(topic)

    def send(self, composition: Composition, tup_id: Any) -> None:
        """Take a message, whose topic is known.

        :raises Exception: it cannot be sent, ever: too large, or the partitioner failed.
        """
        topic = composition.topic
        assert topic is not None
        producer = self._producers.get(topic)
        if producer is not None:
            self._sent[producer.produce(composition.value, composition.key)] = tup_id
        else:
            if topic not in self._waiting:
                self.want(topic)
            self._waiting[topic].append(_Waiting(time.monotonic(), tup_id, composition))
        self.count += 1
        self.bytes += _size(composition.key, composition.value)

    def settle(self) -> int:
        """Tell what became of messages since the last call; of how many."""
        before = self.count
        while not self._makers.made.empty():
            self._take_up(self._makers.made.get())
        for producer in self._producers.values():
            for messages, error in producer.get_delivery_reports():
                self._reported(messages, error)
        self._expire()
        return before - self.count

    def close(self, timeout_s: float) -> None:
        """Send what is there, as far as that takes no longer, then close the client."""
        until = time.monotonic() + timeout_s
        while any(self._waiting.values()) and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(Empty):
                self._take_up(self._makers.made.get(timeout=left))
        for producer in self._producers.values():
            _stop(producer, until)
        self._makers.close(max(0.0, until - time.monotonic()))

    def _take_up(self, made: Made) -> None:
        if made.error is not None and not made.final:
            self._delays[made.topic] = made.error
            self._events.delayed(made.error)
            return
        self._delays.pop(made.topic, None)
        waiting = self._waiting.pop(made.topic, ())
        if made.producer is None:
            self._fail(waiting, _failure(made.topic, "cannot be sent", made.error))
            return
        self._producers[made.topic] = made.producer
        for each in waiting:
            self._hand_over(made.producer, each)

    def _hand_over(self, producer: Producer, waiting: _Waiting) -> None:
        key, value = waiting.composition.key, waiting.composition.value
        try:
            self._sent[producer.produce(value, key)] = waiting.tup_id
        except Exception as error:  # noqa: BLE001 - the user's partitioner, too; told
            self._forget(key, value)
            self._events.refused(waiting.tup_id, error)

    def _reported(self, messages: list[Message], error: Exception | None) -> None:
        take = self._sent.pop
        ids = [take(message) for message in messages]
        for message in messages:
            self._forget(message.partition_key, message.value)
        if error is None:
            self._events.delivered(ids)
        else:
            self._events.failed(ids, error)

    def _expire(self) -> None:
        oldest = time.monotonic() - self._timeout_s
        for topic, queue in list(self._waiting.items()):
            expired = []
            while queue and queue[0].since <= oldest:
                expired.append(queue.popleft())
            if expired:
                why = f"not sent within {self._timeout_s:g} s"
                self._fail(expired, _failure(topic, why, self._delays.get(topic)))
            if expired and not queue:
                self._makers.forget(topic)
                del self._waiting[topic]

    def _fail(self, gone: Iterable[_Waiting], error: Exception) -> None:
        ids = []
        for waiting in gone:
            ids.append(waiting.tup_id)
            self._forget(waiting.composition.key, waiting.composition.value)
        if ids:
            self._events.failed(ids, error)

    def _forget(self, key: bytes | None, value: bytes | None) -> None:
        self.count -= 1
        self.bytes -= _size(key, value)


def _failure(topic: str, why: str, cause: Exception | None) -> Exception:
    error = ProduceFailureError(
        f"messages to topic {topic!r}: {why}" + (f"; {cause}" if cause else "")
    )
    error.__cause__ = cause
    return error


def _size(key: bytes | None, value: bytes | None) -> int:
    return _OVERHEAD + len(key or b"") + len(value or b"")


def _stop(producer: Producer, until: float) -> None:
    # What is not acknowledged by then is not acked either.
    with contextlib.suppress(WaitTimedOutError):
        producer.flush(max(1, int((until - time.monotonic()) * 1000)))
    producer.stop()
