"""The record sink over librdkafka."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.outstanding import Outstanding
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
#: How long after it did not know a partition it is told to ask, and asked again.
_ASK_AGAIN_S = 0.2


class RdKafkaSink:
    """Hands batches over when they are due, and reports what librdkafka says became of them.

    It batches, retries and times out by itself, and keeps the order of a partition; see
    :class:`~pykafka.runtime.producer.sink.RecordSink`.

    :raises InvalidOptionError: it cannot honour an option.
    """

    def __init__(
        self, library: Library, client: ClientCore, settings: Settings, options: SendOptions
    ) -> None:
        self._library = library
        self._client = client
        self._settings = settings
        self._options = options
        # What it does not take is said before anything begins.
        producer_properties(library, client, settings).free()
        self._lanes: Mapping[int, Lane] = {}
        self._away: dict[int, Outstanding] = {}
        self._handle: Handle | None = None
        self._ended: Handle | None = None
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
        )

    def start(self, lanes: Mapping[int, Lane], events: SinkEvents) -> None:
        self._lanes = lanes
        self._events = events
        self.lanes_added()

    def lanes_added(self) -> None:
        for id_ in self._lanes:
            self._away.setdefault(id_, Outstanding())
        self.wake()

    def wake(self) -> None:
        if self._handle is None or not self._handle.usable or self._full:
            return
        limit = self._options.batch_max_bytes
        now = self._client.loop.time()
        for lane in self._lanes.values():
            if lane.ready(limit) and lane.not_before <= now:
                messages = lane.take_due()
                if messages:
                    self._hand_over(self._handle, lane, messages)

    def stop(self) -> None:
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

    # -- handing over -----------------------------------------------------------------

    def _hand_over(self, handle: Handle, lane: Lane, messages: list[Message]) -> None:
        away = self._away[lane.partition_id]
        try:
            columns = Columns(self._library.ffi, messages, lane, self._stamps())
        except (TypeError, KafkaException) as error:
            lane.settle_away(len(messages))
            failure = unsendable(self._options.topic, lane, error)
            self._events.failed(lane, Batch(messages, 0, 0.0), failure)
            return
        columns.struct.first = first = away.next_number
        code = self._library.ffi.new("int32_t *")
        count = self._library.lib.pykafka_rd_produce(handle.pointer, columns.struct, code)
        refused = code[0]
        if not refused:
            away.add(messages)
            return
        away.add(messages[:count])
        if refused == _QUEUE_FULL:
            self._full = True
        elif refused == _UNKNOWN_PARTITION:
            lane.not_before = self._client.loop.time() + _ASK_AGAIN_S
            self._ask(handle)
        else:
            away.add(messages[count : count + 1])
            self._settle([Outcome(lane.partition_id, first + count, 1, -1, -1, refused)])
            count += 1
            self._client.loop.call_soon(self.wake)
        lane.give_back(messages[count:])

    def _stamps(self) -> bool:
        return record_format(self._client.highest_version(ProduceRequest)) > 0

    def _ask(self, handle: Handle) -> None:
        """Have it ask which partitions there are, and try again then."""
        if not self._asking:
            self._asking = True
            handle.refresh()
            self._client.loop.call_later(_ASK_AGAIN_S, self._asked)

    def _asked(self) -> None:
        self._asking = False
        self.wake()

    # -- outcomes ---------------------------------------------------------------------

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            lane = self._lanes[outcome.partition]
            found = self._away[outcome.partition].take(outcome.first, outcome.number)
            if not found:
                continue
            lane.settle_away(len(found))
            batch = Batch(found, 0, 0.0)
            if outcome.error:
                self._events.failed(lane, batch, self._error(lane, batch, outcome.error))
            else:
                self._events.delivered(lane, batch, outcome.base_offset, outcome.log_append_time)
        if self._full:
            self._full = False
            self.wake()

    def _error(self, lane: Lane, batch: Batch, code: int) -> KafkaException:
        where = f"{len(batch.messages)} messages to {self._options.topic}/{lane.partition_id}"
        if code > 0:
            return self._library.error(code, f"producing {where}")
        why = "not acknowledged in time" if code == _TIMED_OUT else self._library.error_text(code)
        return ProduceFailureError(f"{where}: {why} ({self._library.error_name(code)})")

    def _fail_all(self, why: str) -> None:
        for id_, away in self._away.items():
            messages = away.take_all()
            if messages:
                lane = self._lanes[id_]
                lane.settle_away(len(messages))
                where = f"{self._options.topic}/{id_}"
                error = ProduceFailureError(f"{len(messages)} messages to {where}: {why}")
                self._events.failed(lane, Batch(messages, 0, 0.0), error)
