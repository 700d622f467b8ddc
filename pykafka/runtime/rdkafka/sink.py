"""The record sink over librdkafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...core.outstanding import Handed, Outstanding
from ...core.producing import Batch, Lane, SendOptions, record_format
from ...exceptions import KafkaException, ProduceFailureError
from ...message import Message
from ...options import Settings
from ...wire.messages.produce import ProduceRequest
from ..client import ClientCore
from ..producer.sink import SinkEvents, unsendable
from .columns import Columns
from .handle import Handle, Outcome
from .library import Library
from .properties import producer_properties

__all__ = ["RdKafkaSink"]

# Codes of what it does not take, or did not deliver.
_QUEUE_FULL, _UNKNOWN_PARTITION = -184, -190
_TIMED_OUT = -192
_REFUSED_FOR_NOW = (_QUEUE_FULL, _UNKNOWN_PARTITION)
#: How long after it did not know a partition it is told to ask, and asked again.
_ASK_AGAIN_S = 0.2


class RdKafkaSink:
    """Hands messages over, and reports what librdkafka says became of them.

    It batches, retries and times out by itself, and keeps the order of a partition; see
    :class:`~pykafka.runtime.producer.sink.PushedSink`.

    Its lock is held by whoever takes messages out of lanes and hands them over. Outcomes take
    none: the threads that produce and the I/O thread would wait for each other.

    :raises InvalidOptionError: it cannot honour an option.
    """

    def __init__(
        self, library: Library, client: ClientCore, settings: Settings, options: SendOptions
    ) -> None:
        self._library = library
        self._client = client
        self._settings = settings
        self._options = options
        self._reported = settings.delivery_reports or settings.sync
        # What it does not take is said before anything begins.
        producer_properties(library, client, settings).free()
        self._lock = client.backend.lock()
        self._lanes: Mapping[int, Lane] = {}
        self._away: dict[int, Outstanding] = {}
        self._handle: Handle | None = None
        self._ended: Handle | None = None
        self._stamps = False
        #: The lanes that were taken since the last call of :meth:`stamp`.
        self._taken: set[int] = set()
        self._asking = False
        #: Whether it takes no more until there are outcomes.
        self._full = False

    def open(self) -> None:
        properties = producer_properties(self._library, self._client, self._settings)
        self._handle = Handle(
            self._client,
            properties,
            self._client_closed,
            topic=self._options.topic,
            outcomes=self._settle,
            times=self._reported and self._has_times(),
        )

    def _has_times(self) -> bool:
        return record_format(self._client.highest_version(ProduceRequest)) > 0

    def start(self, lanes: Mapping[int, Lane], events: SinkEvents) -> None:
        self._events = events
        self._stamps = self._has_times()
        self._lanes = lanes
        self.lanes_added()

    def lanes_added(self) -> None:
        for id_ in self._lanes:
            self._away.setdefault(id_, Outstanding())

    def push(self, at_least: int = 1) -> None:
        with self._lock:
            for lane in list(self._lanes.values()):
                if len(lane.queue) >= at_least or lane.bytes >= self._options.batch_max_bytes:
                    self._take(lane)

    def stamp(self) -> None:
        taken, self._taken = self._taken, set()
        left = [lane for lane in self._lanes.values() if lane.partition_id not in taken]
        if any(lane.queue for lane in left):
            with self._lock:
                for lane in left:
                    lane.stamp()

    def stop(self) -> None:
        with self._lock:
            handle, self._handle = self._handle, None
        if handle is None:
            return
        handle.close()
        self._ended = handle
        self._fail_all("the producer was stopped before they were acknowledged")

    def close(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended.join()

    def _client_closed(self, error: BaseException) -> None:
        """Nobody hears any more what it says."""
        self.stop()
        now = self._client.loop.time()
        for lane in self._lanes.values():
            while lane.next_batch(self._options.batch_max_bytes, now, 0.0) is not None:
                assert isinstance(error, Exception)
                self._events.failed(lane, lane.settle(), error)

    # -- handing over, with the lock, in any thread -----------------------------------

    def _take(self, lane: Lane) -> None:
        handle = self._handle
        if handle is None or not handle.usable or self._full:
            return
        if lane.not_before and lane.not_before > self._client.loop.time():
            return
        messages = lane.take_all()
        if not messages:
            return
        self._taken.add(lane.partition_id)
        try:
            columns = Columns(self._library.ffi, messages, lane, self._stamps, self._reported)
        except (TypeError, KafkaException) as error:
            failure = unsendable(self._options.topic, lane, error)
            self._client.loop.call_soon(self._fail, lane, Batch(messages, 0, 0.0), failure)
            return
        self._hand_over(handle, lane, messages, columns)

    def _hand_over(
        self, handle: Handle, lane: Lane, messages: list[Message], columns: Columns
    ) -> None:
        away = self._away[lane.partition_id]
        columns.struct.first = first = away.add(columns.handed)
        columns.struct.largest = self._options.batch_max_bytes
        code = self._library.ffi.new("int32_t *")
        count = self._library.lib.pykafka_rd_produce(handle.pointer, columns.struct, code)
        refused = code[0]
        if not refused:
            return
        failed = refused not in _REFUSED_FOR_NOW
        lane.give_back(messages[count + failed :])
        away.drop(first + count + failed, len(messages) - count - failed)
        if refused == _QUEUE_FULL:
            self._full = True
            self._client.loop.call_soon(self._look_for_room)
        elif refused == _UNKNOWN_PARTITION:
            lane.not_before = self._client.loop.time() + _ASK_AGAIN_S
            self._client.loop.call_soon(self._ask)
        else:
            bad = Outcome(lane.partition_id, first + count, 1, -1, -1, refused)
            self._client.loop.call_soon(self._settle, [bad])
            self._client.loop.call_soon(self.push)

    # -- on the loop ------------------------------------------------------------------

    def _ask(self) -> None:
        """Have it ask which partitions there are, and try again then."""
        if not self._asking and self._handle is not None:
            self._asking = True
            self._handle.refresh()
            self._client.loop.call_later(_ASK_AGAIN_S, self._asked)

    def _asked(self) -> None:
        self._asking = False
        now = self._client.loop.time()
        for lane in self._lanes.values():
            lane.look(now)
            # What waits here has no deadline there.
            late = lane.expired(now - self._options.delivery_timeout_s)
            if late and lane.take_head(late):
                batch = lane.settle()
                self._events.failed(lane, batch, self._error(lane, batch.count, _TIMED_OUT))
        self.push()

    def _fail(self, lane: Lane, batch: Handed, error: Exception) -> None:
        lane.settle_handed(batch.count)
        self._events.failed(lane, batch, error)

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            lane = self._lanes[outcome.partition]
            found = self._away[outcome.partition].take(outcome.first, outcome.number)
            if outcome.error:
                self._fail_pieces(lane, [batch for _, batch in found], outcome.error)
                continue
            ahead = outcome.base_offset - outcome.first
            told = outcome.base_offset >= 0
            batches = [(batch, first + ahead if told else -1) for first, batch in found]
            lane.settle_handed(sum([batch.count for batch, _ in batches]))
            self._events.delivered(lane, batches, outcome.timestamp)
        if outcomes:
            self._look_for_room(True)

    def _look_for_room(self, there_is_some: bool = False) -> None:
        """After it was full. Outcomes tell of room; the last one may have come before that."""
        if self._full and (there_is_some or not any(self._away.values())):
            self._full = False
            self.push()

    def _fail_pieces(self, lane: Lane, pieces: Iterable[Handed], error: int | str) -> None:
        """Report them failed in one piece: it is one line of the log."""
        messages = [message for piece in pieces for message in piece.messages]
        if messages:
            told = self._error(lane, len(messages), error)
            self._fail(lane, Batch(messages, 0, 0.0), told)

    def _error(self, lane: Lane, count: int, error: int | str) -> KafkaException:
        where = f"{count} messages to {self._options.topic}/{lane.partition_id}"
        if isinstance(error, str):
            return ProduceFailureError(f"{where}: {error}")
        if error > 0:
            return self._library.error(error, f"producing {where}")
        why = "not acknowledged in time" if error == _TIMED_OUT else self._library.error_text(error)
        return ProduceFailureError(f"{where}: {why} ({self._library.error_name(error)})")

    def _fail_all(self, why: str) -> None:
        for id_, lane in self._lanes.items():
            self._fail_pieces(lane, self._away[id_].take_all(), why)
