"""Messages as C takes them."""

from __future__ import annotations

import time
from array import array
from typing import Any

from ...core.producing import Lane
from ...message import Message
from ...wire.records.joining import Joined

__all__ = ["Columns"]


class Columns:
    """Messages of one partition.

    :ivar struct: ``pykafka_rd_messages``; what it points to lives as long as this.
    :raises TypeError: a key or value is no bytes any more.
    """

    def __init__(self, ffi: Any, messages: list[Message], lane: Lane, stamps: bool) -> None:
        self._joined = Joined(
            [message.value for message in messages],
            [message.partition_key for message in messages] if lane.has_keys else None,
            _timestamps(messages) if stamps else None,
        )
        self.struct = ffi.new("pykafka_rd_messages *")
        self.struct.partition = lane.partition_id
        self._joined.fill(ffi, self.struct.messages)
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
        now_ms = int(time.time() * 1000)
        return [now_ms if stamp is None else stamp for stamp in stamps]
    return stamps
