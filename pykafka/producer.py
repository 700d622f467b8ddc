"""The producer."""

from __future__ import annotations

import datetime as dt
import logging
import weakref
from collections.abc import Callable, Iterable, Mapping
from time import time_ns as _time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from . import options
from .common import CompressionType
from .core.producing import FIRST_WITH_ZSTD, SendOptions, record_format
from .exceptions import (
    InvalidMessageTypeError,
    KafkaException,
    MessageSizeTooLarge,
    ProduceFailureError,
    UnsupportedVersion,
    UsageError,
)
from .message import Bare, Message
from .partition import to_milliseconds
from .partitioners import InIdOrder
from .runtime.implementation import PYTHON, new_sink, require_implementation
from .runtime.producer.produced import Produced
from .runtime.producer.production import Production
from .runtime.producer.reports import SyncReport
from .wire.messages.produce import ProduceRequest
from .wire.records.batch_headers import headers_size
from .wire.records.codecs import require_codec
from .wire.records.encode import MESSAGE_OVERHEAD

if TYPE_CHECKING:
    from .cluster import Cluster
    from .partition import Partition
    from .topic import Topic

__all__ = ["Producer"]

log = logging.getLogger(__name__)

#: Headers as users give them.
HeadersToSend: TypeAlias = "Mapping[str, bytes | None] | Iterable[tuple[str, bytes | None]]"

_LAST_MS = 2**63 - 1
#: Values of so many bytes are not counted one by one where messages are handed over in windows...
_SMALL = 4000
#: ... if that many bytes of them may be queued.
_ROOM_FOR_SMALL = 32_000_000
#: What a message counts beside its key and value, whatever its format will be.
_OVERHEAD = MESSAGE_OVERHEAD[1]


class Producer:
    """Sends messages to one topic.

    :param cluster: the topic's cluster.
    :param topic: the topic to send to.
    :param partitioner: ``f(partitions, key) -> partition``, called in the producing thread;
        without one, messages go round robin.
    :param compression: a :class:`~pykafka.common.CompressionType`.
    :param max_retries: how often a batch that was sent and failed is sent again.
    :param retry_backoff_ms: first wait before that.
    :param required_acks: 0 none, 1 the leader's, -1 those of all in-sync replicas.
    :param ack_timeout_ms: how long a broker waits for them.
    :param max_queued_messages: unacknowledged messages at which :meth:`produce` waits.
    :param min_queued_messages: messages that are queued before they are sent...
    :param linger_ms: ... or how long the first of them waits.
    :param queue_empty_timeout_ms: accepted for 2.x.
    :param block_on_queue_full: wait when the queue is full, instead of raising.
    :param max_request_size: bytes of messages in one batch of a partition.
    :param sync: :meth:`produce` returns when the message is acknowledged, or raises.
    :param delivery_reports: outcomes are fetched with :meth:`get_delivery_report`.
    :param pending_timeout_ms: how long a sync :meth:`produce` waits, and how long
        :meth:`stop` waits without an acknowledgement; -1 for ``delivery_timeout_ms``.
    :param auto_start: start now.
    :param serializer: ``f(value, key) -> (value, key)``, called in :meth:`produce`.
    :param delivery_timeout_ms: after this time a message is acknowledged or reported failed.
    :param max_queued_bytes: as ``max_queued_messages``, in bytes; soft.
    :raises CodecNotAvailableError: the codec's package is not installed.

    Every message ends acknowledged, reported failed, or raised at the next
    :meth:`produce`, :meth:`flush` or :meth:`stop`; also what is queued when the program ends
    without :meth:`stop` is sent (within five seconds, else the number lost goes to stderr).
    Messages of a partition keep their order through retries. Thread-safe.
    """

    _use_rdkafka = False
    #: Whether messages are stamped; known from the start on.
    _stamps = False
    #: Values of so many bytes go the short way; none does before the start.
    _short = -1

    @options.checked(options.PRODUCER)
    def __init__(
        self,
        cluster: Cluster,
        topic: Topic,
        partitioner: Callable[[list[Partition], Any], Partition] | None = None,
        compression: int = CompressionType.NONE,
        max_retries: int = 3,
        retry_backoff_ms: int = 100,
        required_acks: int = 1,
        ack_timeout_ms: int = 10000,
        max_queued_messages: int = 100000,
        min_queued_messages: int = 70000,
        linger_ms: int = 5000,
        queue_empty_timeout_ms: int = 0,
        block_on_queue_full: bool = True,
        max_request_size: int = 1000012,
        sync: bool = False,
        delivery_reports: bool = False,
        pending_timeout_ms: int = 5000,
        auto_start: bool = True,
        serializer: Callable[[Any, Any], tuple[bytes | None, bytes | None]] | None = None,
        delivery_timeout_ms: int = 120000,
        max_queued_bytes: int = 268435456,
    ) -> None:
        settings = options.validated(options.PRODUCER, locals())
        if require_implementation(self._use_rdkafka) == PYTHON:
            require_codec(compression)  # librdkafka brings its own along
        self._require_zstd(cluster, compression)
        self._settings = settings
        self._cluster = cluster
        self._topic = topic
        self._partitioner = partitioner
        self._serializer = serializer
        self._max_size = max_request_size
        self._unreported = not (sync or delivery_reports)
        partitions = InIdOrder(topic.partitions.values())
        name = topic.name.decode()
        send = SendOptions(
            name,
            compression,
            required_acks,
            ack_timeout_ms,
            max_retries,
            max_request_size,
            delivery_timeout_ms / 1000,
        )
        sink = new_sink(self._use_rdkafka, cluster.core, settings, send)
        self._core = Production(cluster.core, settings, name, sink, partitions)
        self._permits = self._core.permits
        self._reports = self._core.reports
        cluster.register(self)
        # What is queued by a producer that is dropped is sent; nothing is waited for here.
        weakref.finalize(self, self._core.abandon).atexit = False
        if auto_start:
            self.start()

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} topic={self._topic.name!r}>"

    def start(self) -> None:
        """Begin to send; also after :meth:`stop`. Idempotent."""
        self._stamps = self._format() > 0
        if self._goes_short():
            self._short = _SMALL
        self._core.start()

    def _goes_short(self) -> bool:
        """Whether messages that are but a small value take no looking at each."""
        s = self._settings
        return (
            self._core.pushes
            and self._stamps
            and not (s.sync or self._partitioner or self._serializer)
            and s.max_request_size > _SMALL + _OVERHEAD
            and s.max_queued_bytes >= _ROOM_FOR_SMALL
        )

    def stop(self) -> None:
        """Send what is queued without lingering, then stop. Idempotent, bounded.

        :raises ProduceFailureError: messages were not acknowledged within
            ``pending_timeout_ms`` of the last one that was, and neither reports nor ``sync``
            tell of them; it is stopped all the same.
        """
        self._core.stop()

    def flush(self, timeout_ms: int | None = None) -> None:
        """Send what is queued without lingering, and wait until it is settled.

        :param timeout_ms: ``delivery_timeout_ms`` without.
        :raises WaitTimedOutError: not all of it is settled in time; it stays queued.
        :raises ProduceFailureError: messages failed, and neither reports nor ``sync`` tell.
        :raises ProducerStoppedException: it is stopped.
        """
        bound = self._settings.delivery_timeout_ms if timeout_ms is None else timeout_ms
        self._core.flush(bound / 1000)

    def __enter__(self) -> Producer:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def produce(
        self,
        message: Any,
        partition_key: Any = None,
        timestamp: float | dt.datetime | None = None,
        headers: HeadersToSend | None = None,
    ) -> Message:
        """Queue a message; with ``sync``, wait until it is acknowledged.

        :param message: the value, ``bytes`` or ``None`` (anything that ``serializer`` takes).
        :param partition_key: the key, likewise; also goes to the partitioner.
        :param timestamp: milliseconds since 1970 or a naive UTC datetime; the time of the call
            without (with librdkafka up to 10 ms later; Kafka before 0.10 keeps none).
        :param headers: ``(key, value)`` pairs or a mapping; keys are ``str``, values ``bytes`` or
            ``None``.
        :returns: the message; its ``offset`` is set when it is acknowledged.
        :raises InvalidMessageTypeError: a value or key is no bytes (a ``TypeError``), or a header
            is none.
        :raises MessageSizeTooLarge: it is larger than ``max_request_size``; with ``sync``
            also what the broker says.
        :raises ProducerQueueFullError: the queue is full and ``block_on_queue_full`` is off.
        :raises ProducerStoppedException: it is stopped.
        :raises ProduceFailureError: earlier messages failed (see :attr:`messages` of it), or
            with ``sync`` this one.
        :raises UsageError: the partitioner chose what is no partition of the topic.
        :raises UnsupportedVersion: there is a ``timestamp`` or ``headers``, and the brokers are
            too old for that (before 0.10, before 0.11).
        """
        if (
            message.__class__ is not bytes
            or partition_key is not None
            or timestamp is not None
            or headers is not None
            or len(message) > self._short
        ):
            return self._produce(message, partition_key, timestamp, headers)
        # All that follows is what the long way does with such a message.
        permits = self._permits
        take: Any = permits.take
        try:
            lane = take()
        except StopIteration:
            take = None
            lane = self._core.look()
        produced: Message = Produced()
        produced.value = message
        produced.partition_key = None
        produced.offset = -1
        if self._unreported:
            produced._shared = lane.shared
        else:
            try:
                produced._shared = self._reports.local.lanes[lane.partition_id]
            except (AttributeError, KeyError):
                produced._shared = self._reports.shared(lane)
        lane.queue.append(produced)
        if take is not permits.take:
            self._core.wake(produced, lane)
            self._follow_topic()
        return produced

    def _produce(  # noqa: PLR0912, PLR0915 - written out: a helper would be a call per message
        self,
        message: Any,
        partition_key: Any,
        timestamp: float | dt.datetime | None,
        headers: HeadersToSend | None,
    ) -> Message:
        """The long way of a message."""
        core = self._core
        if self._serializer is not None:
            message, partition_key = self._serializer(message, partition_key)
        size = _OVERHEAD
        if message is not None:
            if type(message) is not bytes:
                self._refuse_type("value", message)
            size += len(message)
        if partition_key is not None:
            if type(partition_key) is not bytes:
                self._refuse_type("key", partition_key)
            size += len(partition_key)
        if headers is not None:
            headers, headers_bytes = self._checked_headers(headers)
            size += headers_bytes
        if size > self._max_size:
            self._refuse_size(size)
        if timestamp is not None:
            timestamp = self._checked_timestamp(timestamp)
        elif self._stamps:
            # The one clock of a message's way: a batch's would be late by up to linger_ms.
            timestamp = _time_ns() // 1_000_000
        lane = None
        if self._partitioner is not None:
            chosen = self._partitioner(core.partitions, partition_key)
            try:
                lane = core.lanes[chosen._id]
            except (KeyError, AttributeError):
                core.check_running()
                raise self._no_partition(chosen) from None
        produced = Bare()
        produced.value = message
        produced.partition_key = partition_key
        produced.offset = -1
        produced.timestamp = timestamp
        permits = self._permits
        take: Any = permits.take
        try:
            turn = take()
        except StopIteration:
            take = None
            turn = core.look()
        if lane is None:
            lane = turn
        if partition_key is not None:
            lane.has_keys = True
        lane.has_times = True
        if headers:
            produced.headers = headers
            lane.has_headers = True
        report = None
        if self._unreported:
            produced._shared = lane.shared
        elif self._settings.sync:
            report = SyncReport(self._cluster.handler.Event())
            produced._shared = lane.shared.copy()
            produced._shared.delivery_report_q = report
            take = None
        else:
            try:
                produced._shared = self._reports.local.lanes[lane.partition_id]
            except (AttributeError, KeyError):
                produced._shared = self._reports.shared(lane)
        lane.queue.append(produced)
        lane.bytes += size
        if take is not permits.take or lane.bytes >= lane.wake_bytes:
            core.wake(produced, lane)
            self._follow_topic()
        return produced if report is None else self._acknowledged(produced, report)

    def _follow_topic(self) -> None:
        """Take partitions up that the topic has got meanwhile; looked at once a batch."""
        partitions = self._topic.partitions
        if len(partitions) > len(self._core.partitions):
            self._core.grow(InIdOrder(partitions.values()))

    def get_delivery_report(
        self, block: bool = True, timeout: float | None = None
    ) -> tuple[Message, Exception | None]:
        """The outcome of a message that the calling thread produced: ``(message, error)``.

        :param block: wait for one; :param timeout: in seconds, ``None`` for ever.
        :raises queue.Empty: there is none (in time).
        :raises KafkaException: ``delivery_reports`` is off.
        """
        self._require_reports()
        return self._core.get_report(block, timeout)

    def get_delivery_reports(self) -> list[tuple[list[Message], Exception | None]]:
        """The outcomes that there are of messages that the calling thread produced.

        As :meth:`get_delivery_report`, without waiting and many at a time: each entry has
        messages of one batch, in their order, and what became of all of them.

        :raises KafkaException: ``delivery_reports`` is off.
        """
        self._require_reports()
        return self._core.get_all_reports()

    def _require_reports(self) -> None:
        if not self._settings.delivery_reports:
            raise KafkaException("delivery reports are off: give delivery_reports=True")

    def _acknowledged(self, produced: Message, report: SyncReport) -> Message:
        timeout_ms = self._settings.pending_timeout_ms
        if timeout_ms < 0:
            timeout_ms = self._settings.delivery_timeout_ms
        if not report.wait(timeout_ms / 1000):
            raise ProduceFailureError(
                f"no acknowledgement from {self._topic.name.decode()}/{produced.partition_id}"
                f" within {timeout_ms} ms (pending_timeout_ms); the message may still arrive",
                messages=[produced],
            )
        if report.error is not None:
            raise report.error
        return produced

    def _refuse_type(self, what: str, value: Any) -> None:
        raise InvalidMessageTypeError(
            f"{what} must be bytes or None, not {type(value).__name__}: {value!r:.60}",
            "give bytes, or a serializer= that makes them (pykafka.utils.serialize_utf8)",
        )

    def _no_partition(self, chosen: object) -> UsageError:
        ids = sorted(self._core.lanes)
        return UsageError(
            f"the partitioner chose {chosen!r}, which is none of the partitions that it was given"
            f" of {self._topic.name.decode()}: {ids}"
        )

    def _refuse_size(self, size: int) -> None:
        raise MessageSizeTooLarge(
            f"a message of {size} bytes to {self._topic.name.decode()} is over max_request_size"
            f" ({self._max_size})"
        )

    def _checked_timestamp(self, timestamp: float | dt.datetime) -> int:
        if self._format() < 1:
            raise UnsupportedVersion(
                f"a timestamp needs Kafka 0.10 or newer, and the brokers of"
                f" {self._topic.name.decode()} are older: leave timestamp= out"
            )
        ms: Any = timestamp
        if isinstance(timestamp, dt.datetime):
            ms = to_milliseconds(timestamp)
        # Bounds that a NaN is not within either.
        if not isinstance(ms, (int, float)) or not 0 <= ms <= _LAST_MS:
            raise InvalidMessageTypeError(
                f"timestamp must be a datetime or milliseconds since 1970, not {timestamp!r}"
            )
        return int(ms)

    def _checked_headers(
        self, headers: HeadersToSend
    ) -> tuple[list[tuple[str, bytes | None]], int]:
        """The headers, and how many bytes they take at most."""
        if self._format() < 2:
            raise UnsupportedVersion(
                f"headers need Kafka 0.11 or newer, and the brokers of"
                f" {self._topic.name.decode()} are older: leave headers= out"
            )
        try:
            pairs = headers.items() if isinstance(headers, Mapping) else headers
            checked = [(key, value) for key, value in pairs]
        except (TypeError, ValueError) as error:
            raise InvalidMessageTypeError(
                f"headers must be (key, value) pairs or a mapping, not {headers!r:.60}"
            ) from error
        for key, value in checked:
            if not isinstance(key, str) or not (value is None or isinstance(value, bytes)):
                raise InvalidMessageTypeError(
                    f"a header has a str as its key and bytes or None as its value, not"
                    f" {key!r:.60}: {value!r:.60}"
                )
        try:
            return checked, headers_size(checked)
        except UnicodeEncodeError as error:
            raise InvalidMessageTypeError(
                f"the key of a header must be text that UTF-8 can say, not {error.object!r:.60}"
            ) from error

    def _format(self) -> int:
        """The record format that every broker that was met can store."""
        return record_format(self._cluster.core.highest_version(ProduceRequest))

    def _require_zstd(self, cluster: Cluster, compression: int) -> None:
        if compression == CompressionType.ZSTD:
            version = cluster.core.highest_version(ProduceRequest)
            if version < FIRST_WITH_ZSTD:
                raise UnsupportedVersion(
                    "compression=ZSTD needs Kafka 2.1 or newer, and the brokers are older"
                )
