"""Messages as C takes them: what they hold in one piece, and how long each part of it is."""

from __future__ import annotations

import time
from array import array
from itertools import chain
from typing import Any

from ...core.producing import Lane
from ...message import Message

__all__ = ["Columns"]


class Columns:
    """Messages of one partition.

    :ivar struct: ``pykafka_rd_messages``; what it points to lives as long as this.
    :raises TypeError: a key or value is no bytes any more.
    """

    def __init__(self, ffi: Any, messages: list[Message], lane: Lane, stamps: bool) -> None:
        self._kept: list[Any] = []
        self._ffi = ffi
        self.struct = struct = ffi.new("pykafka_rd_messages *")
        struct.count = len(messages)
        struct.partition = lane.partition_id
        values = [message.value for message in messages]
        parts: Any = values
        some_null = None in values
        struct.value_lengths = self._lengths(values, some_null)
        if lane.has_keys:
            keys = [message.partition_key for message in messages]
            struct.key_lengths = self._lengths(keys, None in keys)
            parts = chain.from_iterable(zip(keys, values, strict=True))
            some_null = True
        struct.data = self._bytes(b"".join(filter(None, parts) if some_null else parts))
        if stamps:
            struct.timestamps = self._numbers(_timestamps(messages))
        if lane.has_headers:
            self._headers(messages)

    def _headers(self, messages: list[Message]) -> None:
        lengths: list[int] = []
        parts: list[bytes] = []
        for message in messages:
            lengths.append(len(message.headers))
            for key, value in message.headers:
                encoded = key.encode(errors="surrogateescape")
                lengths += (len(encoded), -1 if value is None else len(value))
                parts += (encoded, value or b"")
        self.struct.headers = self._numbers(lengths)
        self.struct.header_data = self._bytes(b"".join(parts))

    def _lengths(self, parts: list[Any], some_null: bool) -> Any:
        if some_null:
            return self._numbers([-1 if part is None else len(part) for part in parts])
        return self._numbers(map(len, parts))

    def _numbers(self, numbers: Any) -> Any:
        return self._keep("int64_t[]", array("q", numbers))

    def _bytes(self, data: bytes) -> Any:
        return self._keep("char[]", data)

    def _keep(self, kind: str, data: Any) -> Any:
        view = self._ffi.from_buffer(kind, data)
        self._kept.append(view)
        return view


def _timestamps(messages: list[Message]) -> list[int]:
    stamps = [message.timestamp for message in messages]
    if None in stamps:
        now_ms = int(time.time() * 1000)
        return [now_ms if stamp is None else stamp for stamp in stamps]
    return stamps
