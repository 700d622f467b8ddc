"""The record sink over librdkafka."""

from __future__ import annotations

import time
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from ...core.outstanding import Outstanding
from ...core.producing import Batch, Lane, SendOptions
from ...exceptions import KafkaException, ProduceFailureError
from ...message import Message
from ...options import Settings
from ...wire.messages.produce import ProduceRequest
from ..client import ClientCore
from ..producer.sink import SinkEvents, unsendable
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
        if self._handle is None or not self._handle.usable:
            return
        limit = self._options.batch_max_bytes
        now = self._client.loop.time()
        for lane in self._lanes.values():
            while lane.ready(limit) and lane.not_before <= now:
                batch = lane.next_batch(limit, now, 0.0)
                if batch is None:
                    break
                self._hand_over(self._handle, lane, batch)

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

    def _hand_over(self, handle: Handle, lane: Lane, batch: Batch) -> None:
        away = self._away[lane.partition_id]
        try:
            columns = _Columns(self._library.ffi, batch, self._stamps())
        except (TypeError, KafkaException) as error:
            failure = unsendable(self._options.topic, lane, error)
            self._events.failed(lane, lane.settle(), failure)
            return
        messages = columns.messages
        messages.partition = lane.partition_id
        messages.first = first = away.next_number
        code = self._library.ffi.new("int32_t *")
        count = self._library.lib.pykafka_rd_produce(handle.pointer, messages, code)
        refused = code[0]
        if refused in {_QUEUE_FULL, _UNKNOWN_PARTITION}:
            away.add(batch.messages[:count])
            lane.hand_over(count)
            lane.not_before = self._client.loop.time() + _ASK_AGAIN_S
            self._try_again(handle, refused)
            return
        taken = count + bool(refused)
        away.add(batch.messages[:taken])
        lane.hand_over(taken)
        if refused:
            self._settle([Outcome(lane.partition_id, first + count, 1, -1, -1, refused)])

    def _stamps(self) -> bool:
        return self._client.highest_version(ProduceRequest) >= _FIRST_WITH_TIMESTAMPS

    def _try_again(self, handle: Handle, code: int) -> None:
        """Later; if it does not know a partition, after it has asked for them."""
        if self._asking:
            return
        self._asking = True
        if code == _UNKNOWN_PARTITION:
            lib, timeout_ms = self._library.lib, int(self._client.socket_timeout_s * 1000)
            self._client.backend.run_native(
                lambda: lib.pykafka_rd_refresh(handle.pointer, timeout_ms),
                name="librdkafka's metadata",
            )
        self._client.loop.call_later(_ASK_AGAIN_S, self._asked)

    def _asked(self) -> None:
        self._asking = False
        self.wake()

    # -- outcomes ---------------------------------------------------------------------

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            lane = self._lanes[outcome.partition]
            found = self._away[outcome.partition].take(outcome.first, outcome.count)
            if not found:
                continue
            lane.settle_away(len(found))
            batch = Batch(found, 0, 0.0)
            if outcome.error:
                self._events.failed(lane, batch, self._error(lane, batch, outcome.error))
            else:
                self._events.delivered(
                    lane, batch, outcome.base_offset, outcome.log_append_time
                )

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


#: The first version of Produce whose messages have timestamps.
_FIRST_WITH_TIMESTAMPS = 2


class _Columns:
    """A batch as C takes it.

    :ivar messages: ``pykafka_rd_messages``; what it points to lives as long as this.
    :raises TypeError: a key or value is no bytes any more.
    """

    def __init__(self, ffi: Any, batch: Batch, stamps: bool) -> None:
        found = batch.messages
        values = [message.value for message in found]
        keys = [message.partition_key for message in found]
        self._kept: list[Any] = []
        self._ffi = ffi
        self.messages = ffi.new("pykafka_rd_messages *")
        self.messages.count = len(found)
        self.messages.value_lengths = self._numbers(_lengths(values))
        parts: Any = values
        if keys.count(None) < len(keys):
            self.messages.key_lengths = self._numbers(_lengths(keys))
            parts = chain.from_iterable(zip(keys, values, strict=True))
        if keys.count(None) or None in values:
            parts = filter(None, parts)
        self.messages.data = self._bytes(b"".join(parts))
        if stamps:
            self.messages.timestamps = self._numbers(_timestamps(found))
        if batch.has_headers:
            self._headers(found)

    def _headers(self, found: list[Message]) -> None:
        lengths: list[int] = []
        parts: list[bytes] = []
        for message in found:
            lengths.append(len(message.headers))
            for key, value in message.headers:
                encoded = key.encode(errors="surrogateescape")
                lengths += (len(encoded), -1 if value is None else len(value))
                parts += (encoded, value or b"")
        self.messages.headers = self._numbers(lengths)
        self.messages.header_data = self._bytes(b"".join(parts))

    def _numbers(self, numbers: list[int]) -> Any:
        return self._keep("int64_t[]", array("q", numbers))

    def _bytes(self, data: bytes) -> Any:
        return self._keep("char[]", data)

    def _keep(self, kind: str, data: Any) -> Any:
        view = self._ffi.from_buffer(kind, data)
        self._kept.append(view)
        return view


def _lengths(parts: list[bytes | None]) -> list[int]:
    if None in parts:
        return [-1 if part is None else len(part) for part in parts]
    return list(map(len, parts))  # type: ignore[arg-type]  # none is None


def _timestamps(found: list[Message]) -> list[int]:
    stamps = [message.timestamp for message in found]
    if None in stamps:
        now_ms = int(time.time() * 1000)
        return [now_ms if stamp is None else stamp for stamp in stamps]
    return stamps
