"""What a producer has queued per partition, and what becomes of a batch that was sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import repeat, starmap
from operator import attrgetter
from typing import Any, NamedTuple

from ..common import CompressionType
from ..exceptions import ProducerStoppedException, RemoteError, UnsupportedVersion
from ..message import Message, SharedFields
from ..wire.errors import ErrorInfo
from ..wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ..wire.primitives import ZERO_UUID
from ..wire.records.batch_headers import headers_size
from ..wire.records.encode import BATCH_OVERHEAD, MESSAGE_OVERHEAD, encode_records

__all__ = [
    "BY_NAME",
    "FIRST_WITH_ZSTD",
    "LEADS_NOT",
    "Batch",
    "Lane",
    "SendOptions",
    "is_worth_halving",
    "is_worth_retrying",
    "produce_request",
    "record_format",
]

#: The highest Produce version in which topics go by their names.
BY_NAME = 12
#: From this Produce version on brokers take zstd.
FIRST_WITH_ZSTD = 7
_FIRST_WITH_FORMAT = (0, 2, 3)
_UNKNOWN = -1
_SHARED = attrgetter("_shared")
#: "Leader not available" and "not leader": which broker leads is still, or again, being settled.
LEADS_NOT = (5, 6)
#: MESSAGE_TOO_LARGE and RECORD_LIST_TOO_LARGE.
_TOO_LARGE = (10, 18)


class SendOptions(NamedTuple):
    """The options that sending needs; see :data:`pykafka.options.PRODUCER`."""

    topic: str
    codec: int
    required_acks: int
    ack_timeout_ms: int
    max_retries: int
    batch_max_bytes: int
    delivery_timeout_s: float


def record_format(version: int) -> int:
    """The record format (magic byte) that a version of Produce carries."""
    return max(magic for magic, first in enumerate(_FIRST_WITH_FORMAT) if version >= first)


class Batch:
    """Messages of one partition that are sent, retried and reported together.

    :ivar size: bytes of the messages in it, uncompressed.
    :ivar attempts: how often it was sent.
    :ivar turned_away: how often by a broker that leads the partition no more, or not yet: nothing
        was written then.
    :ivar deadline: on the monotonic clock; after it, it is reported failed.
    """

    __slots__ = (
        "_encoded",
        "attempts",
        "deadline",
        "has_headers",
        "messages",
        "size",
        "turned_away",
    )

    def __init__(
        self, messages: list[Message], size: int, deadline: float, has_headers: bool = False
    ) -> None:
        self.messages = messages
        self.size = size
        self.deadline = deadline
        self.has_headers = has_headers
        self.attempts = 0
        self.turned_away = 0
        self._encoded: tuple[int, bytes] | None = None

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self.messages)

    @property
    def shared(self) -> SharedFields | None:
        """What all of them share; ``None`` if not all do."""
        found = list(map(_SHARED, self.messages))
        # Compares by identity, in C.
        return found[0] if found.count(found[0]) == len(found) else None

    def part(self, start: int, stop: int) -> Batch:
        """Some of the messages, for whoever sent them all."""
        return Batch(self.messages[start:stop], 0, self.deadline)

    def acknowledge(self, base_offset: int, timestamp_ms: int) -> None:
        """Give the messages the offsets and the timestamp that are stored, where told (not -1)."""
        if base_offset >= 0:
            for offset, message in enumerate(self.messages, base_offset):
                message.offset = offset
        if timestamp_ms >= 0:
            for message in self.messages:
                message.timestamp = timestamp_ms

    @property
    def tries(self) -> int:
        """How many attempts count: those that may have written something."""
        return self.attempts - self.turned_away

    def encoded(self, version: int, codec: int, now_ms: int) -> bytes:
        """Its bytes for a version of Produce; a retry that meets another format encodes again.

        :param now_ms: the timestamp of messages that were produced before it was known that the
            format has one.
        :raises UnsupportedVersion: the version has no headers, or not this codec.
        """
        magic = record_format(version)
        if codec == CompressionType.ZSTD and version < FIRST_WITH_ZSTD:
            raise UnsupportedVersion("the broker takes no zstd: Kafka 2.1 and newer do")
        if self._encoded is None or self._encoded[0] != magic:
            rows = [
                (now_ms if m.timestamp is None else m.timestamp, m.partition_key, m.value)
                for m in self.messages
            ]
            headers = [m.headers for m in self.messages] if self.has_headers else None
            self._encoded = (magic, encode_records(rows, magic, codec, headers=headers))
        return self._encoded[1]


class Lane:
    """One partition of a producer: its messages leave it in the order they came.

    Any thread appends to ``queue`` and adds to ``bytes``, without a lock; everything else
    belongs to the I/O thread. At most one batch has left the queue and is not settled:
    that is what keeps the order through retries. Who keeps that order in another way takes
    all that there is (:meth:`take_all`), as often as it likes.

    :ivar bytes: of the messages in the queue, about: it may be too low where threads added
        at the same time, until the queue is empty.
    :ivar has_headers: whether a message in it ever had headers; ``has_keys``: a key;
        ``has_times``: a timestamp of its own.
    :ivar is_stamped: whether all or some of the queue were given timestamps.
    :ivar wake_bytes: bytes in the queue at which the I/O thread is told of them;
        ``wake_step`` is how many more that takes each time.
    :ivar due: how many of the queue are to be sent without waiting for more.
    :ivar current: the batch that was taken out and is not settled.
    :ivar handed: messages that were taken by :meth:`take_all`, ever.
    :ivar in_flight: whether a request of this lane has no answer yet. A batch may be settled
        before: its time can be over while a broker says nothing.
    :ivar settled: messages acknowledged or reported failed, ever.
    :ivar not_before: no sending until then, after a failure.
    :ivar failure: why nothing was acknowledged the last time.
    """

    __slots__ = (
        "_handed_settled",
        "_seen",
        "bytes",
        "current",
        "due",
        "failure",
        "handed",
        "has_headers",
        "has_keys",
        "has_times",
        "in_flight",
        "is_stamped",
        "not_before",
        "partition_id",
        "queue",
        "settled",
        "shared",
        "wake_bytes",
        "wake_step",
    )

    def __init__(self, partition: Any, codec: int, wake_step: int) -> None:
        self.partition_id: int = partition.id
        self.shared = SharedFields(partition, partition.id, codec)
        self.queue: deque[Message] = deque()
        self.bytes = 0
        self.has_headers = False
        self.has_keys = False
        self.has_times = False
        self.is_stamped = False
        self.wake_step = wake_step
        self.wake_bytes = wake_step
        self.due = 0
        self.current: Batch | None = None
        self.handed = 0
        self._handed_settled = 0
        self.in_flight = False
        self.settled = 0
        self.not_before = 0.0
        self.failure: RemoteError | None = None
        #: (how many messages there had ever been, when that was seen), the oldest first.
        self._seen: deque[tuple[int, float]] = deque()

    def unsettled(self) -> int:
        """How many messages are neither acknowledged nor reported; rather too many where some
        are on their way out of the queue."""
        queued = len(self.queue)
        return queued + self._gone() - self.settled

    def ready(self, batch_max_bytes: int) -> bool:
        """Whether there is something to send as soon as ``not_before`` allows it."""
        if self.in_flight:
            return False
        return self.current is not None or self.due > 0 or self.bytes >= batch_max_bytes

    def look(self, now: float) -> None:
        """Remember that what is in the lane now has been there since ``now`` at the latest.

        Called every so often, this tells the age of messages, none of which has a clock.
        """
        while self._seen and self._seen[0][0] <= self.settled:
            self._seen.popleft()
        ever = self._gone() + len(self.queue)
        if ever > (self._seen[-1][0] if self._seen else self.settled):
            self._seen.append((ever, now))

    def expired(self, then: float) -> int:
        """How many messages of the queue, from its head on, were seen at ``then`` or before."""
        gone = self._gone()
        return max((ever - gone for ever, when in self._seen if when <= then), default=0)

    def make_all_due(self) -> None:
        """Let everything that is queued be sent without waiting for more."""
        self.due = len(self.queue)
        if not self.due:
            self.bytes = 0  # what threads that added at the same time have left

    def next_batch(self, batch_max_bytes: int, now: float, lifetime_s: float) -> Batch | None:
        """The batch to send: the one that failed before, or the next ones of the queue.

        :param lifetime_s: of a message; the batch's deadline is that of its first one.
        """
        if self.current is None and self.queue:
            seen = self._head_seen(now)
            messages = self._take(batch_max_bytes)
            if not messages:
                return None
            size = self._size(messages)
            while size > batch_max_bytes and len(messages) > 1:
                # The guess was too high: give the end back.
                keep = max(1, len(messages) * batch_max_bytes // size - 1)
                self.queue.extendleft(reversed(messages[keep:]))
                del messages[keep:]
                size = self._size(messages)
            self._make_current(messages, size, seen + lifetime_s)
        return self.current

    def take_head(self, count: int) -> bool:
        """Make the first so many messages of the queue the current batch, not to be sent.

        ``False`` if there are none.
        """
        messages = self._pop(count)
        if messages:
            self._make_current(messages, self._size(messages), 0.0)
        return bool(messages)

    def put_back(self) -> None:
        """Return the current batch, which has never left, to the head of the queue."""
        batch = self.current
        assert batch is not None
        self.current = None
        self.queue.extendleft(reversed(batch.messages))
        self.due += len(batch.messages)
        self.bytes += batch.size

    def halve(self) -> None:
        """Keep the first half of the current batch; the rest goes back to the head of the queue."""
        batch = self.current
        assert batch is not None
        keep = len(batch.messages) // 2
        rest = batch.messages[keep:]
        self.queue.extendleft(reversed(rest))
        self.due += len(rest)
        self.bytes += self._size(rest)
        kept = batch.messages[:keep]
        self.current = Batch(kept, self._size(kept), batch.deadline, self.has_headers)

    def take_all(self) -> list[Message]:
        """All that is queued, for somebody else to send: it batches, retries and times out by
        itself.

        For one thread at a time, as :meth:`give_back`, but not only the I/O thread.
        """
        # First of all counted: who looks meanwhile sees too many rather than too few.
        queued = len(self.queue)
        self.handed += queued
        messages = self._pop(queued)
        self.handed -= queued - len(messages)
        self.bytes = 0
        self.wake_bytes = self.wake_step
        return messages

    def give_back(self, messages: list[Message]) -> None:
        """These, the last ones that were taken, go back to the head of the queue."""
        self.queue.extendleft(reversed(messages))
        self.bytes += self._size(messages)
        self.handed -= len(messages)

    def settle_handed(self, count: int) -> None:
        """So many of those that were handed over are acknowledged, or reported failed."""
        self._handed_settled += count
        self.settled += count

    def stamp(self) -> None:
        """Let each message of the queue have a timestamp."""
        for message in self.queue.copy():
            _ = message.timestamp
        self.is_stamped = True

    def _make_current(self, messages: list[Message], size: int, deadline: float) -> None:
        self.due = max(0, self.due - len(messages))
        self.bytes = max(0, self.bytes - size) if self.queue else 0
        self.wake_bytes = self.bytes + self.wake_step
        self.current = Batch(messages, size, deadline, self.has_headers)

    def _gone(self) -> int:
        """How many messages have left the queue, ever."""
        away = self.handed - self._handed_settled
        return self.settled + away + (len(self.current.messages) if self.current else 0)

    def _head_seen(self, now: float) -> float:
        gone = self._gone()
        return next((when for ever, when in self._seen if ever > gone), now)

    def _take(self, batch_max_bytes: int) -> list[Message]:
        """About as many messages as fit, by their average size."""
        count = len(self.queue)
        if self.bytes > batch_max_bytes:
            count = max(1, count * batch_max_bytes // self.bytes)
        return self._pop(count)

    def _pop(self, count: int) -> list[Message]:
        """At most so many messages from the head of the queue.

        Fewer are there if a thread, which came too late for a stop, takes its own one back
        meanwhile.
        """
        messages: list[Message] = []
        with suppress(IndexError):  # what was taken before stays
            messages.extend(starmap(self.queue.popleft, repeat((), count)))
        return messages

    def _size(self, messages: list[Message]) -> int:
        fixed = BATCH_OVERHEAD + MESSAGE_OVERHEAD[1] * len(messages)
        if self.has_headers:
            fixed += sum(headers_size(m.headers) for m in messages)
        try:
            values = sum([len(m.value) for m in messages if m.value])
            keys = sum([len(m.partition_key) for m in messages if m.partition_key])
        except TypeError:
            return fixed  # one was changed to what is no bytes: encoding it will say so
        return fixed + values + keys

    def close(self) -> None:
        """Take no message any more, not even from a thread that is about to append one."""
        self.queue = _ClosedQueue()

    def settle(self) -> Batch:
        """Take leave of the current batch."""
        batch = self.current
        assert batch is not None
        self.current = None
        self.settled += len(batch.messages)
        return batch


class _ClosedQueue(deque[Message]):
    """The queue of a producer that was stopped."""

    def append(self, _: Message) -> None:
        raise ProducerStoppedException("the producer is stopped; start() it again")


def produce_request(
    records: Sequence[tuple[int, bytes]], options: SendOptions, topic_id: bytes = ZERO_UUID
) -> ProduceRequest:
    """The request that appends these encoded batches (partition id, bytes)."""
    return ProduceRequest(
        acks=options.required_acks,
        timeout_ms=options.ack_timeout_ms,
        topic_data=[
            TopicProduceData(
                name=options.topic,
                topic_id=topic_id,
                partition_data=[
                    PartitionProduceData(index=id_, records=encoded) for id_, encoded in records
                ],
            )
        ],
    )


def is_worth_halving(info: ErrorInfo, batch: Batch) -> bool:
    """Whether a smaller batch may be accepted where this one was too large.

    One message over the broker's limit has all of its batch refused, and so does a compressed
    batch over it; in halves, only what is too large by itself fails.
    """
    return info.code in _TOO_LARGE and len(batch.messages) > 1


def is_worth_retrying(info: ErrorInfo, batch: Batch, options: SendOptions, now: float) -> bool:
    """Whether a batch that was refused is to be sent again."""
    # "Unknown error" is what a broker of 0.8.2.2 that is shutting down answers, and 2.x retried.
    if not (info.retriable or info.refresh_metadata or info.code == _UNKNOWN):
        return False
    return batch.tries <= options.max_retries and now < batch.deadline
