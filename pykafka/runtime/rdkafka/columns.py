"""Messages as C takes them, and what is kept of them."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

from ...core.outstanding import Handed, Unheld
from ...core.producing import Batch, Lane
from ...message import Message
from ...wire.records.joining import Joined

__all__ = ["Columns"]

#: Absent where objects are not counted (PyPy): there each counts as held.
_references: Callable[[Any], int] | None = getattr(sys, "getrefcount", None)


def _counts(messages: list[Any]) -> list[int]:
    assert _references is not None
    return list(map(_references, messages))


#: Of what nothing but a list has.
_ALONE = 0 if _references is None else _counts([object()])[0]


def _is_held(messages: list[Message]) -> bool:
    """Whether anybody else has one of them."""
    return _references is None or _counts(messages).count(_ALONE) < len(messages)


class Columns:
    """Messages that were taken from a lane just now.

    :param stamps: whether their format has timestamps. Where none of them has one of its own and
        nobody holds one, C gives them the time when it takes them.
    :param reported: whether outcomes are reported, which messages share or not.
    :ivar handed: what is kept of them until they are delivered.
    :ivar struct: ``pykafka_rd_messages``; what it points to lives as long as this.
    :raises TypeError: a key or value is no bytes any more.
    """

    def __init__(
        self, ffi: Any, messages: list[Message], lane: Lane, stamps: bool, reported: bool
    ) -> None:
        was_stamped, lane.is_stamped = lane.is_stamped, False
        held = lane.has_headers or _is_held(messages)
        values = [message.value for message in messages]
        keys = [message.partition_key for message in messages] if lane.has_keys else None
        times = None
        if stamps and (held or was_stamped or lane.has_times):
            times = _timestamps(messages)
        joined = self._joined = Joined(values, keys, times)
        batch = Batch(messages, 0, 0.0)
        shared = batch.shared if reported else lane.shared
        self.handed: Handed = batch
        if not held and shared is not None:
            self.handed = Unheld(values, keys, _now_ms() if times is None else times, shared)
        self.struct = ffi.new("pykafka_rd_messages *")
        self.struct.partition = lane.partition_id
        joined.fill(ffi, self.struct.messages)
        if lane.has_headers:
            self._add_headers(ffi, messages)

    def _add_headers(self, ffi: Any, messages: list[Message]) -> None:
        lengths = array("q")
        parts: list[bytes] = []
        for message in messages:
            lengths.append(len(message.headers))
            for key, value in message.headers:
                encoded = key.encode(errors="surrogateescape")
                lengths.extend((len(encoded), -1 if value is None else len(value)))
                parts += (encoded, value or b"")
        self._header_lengths, self._header_data = lengths, b"".join(parts)
        self.struct.headers = ffi.from_buffer("int64_t[]", self._header_lengths)
        self.struct.header_data = ffi.from_buffer("char[]", self._header_data)


def _timestamps(messages: list[Message]) -> list[int]:
    stamps = [message.timestamp for message in messages]
    if None in stamps:
        now_ms = _now_ms()
        return [now_ms if stamp is None else stamp for stamp in stamps]
    return stamps


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
