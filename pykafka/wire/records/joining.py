"""Messages in columns, as the extension module takes them, and the message sets that it makes.

Batches of format 2 are made in Python: taking rows apart costs what C saves there (271 ns a message
against 240, and with keys nothing; formats 0 and 1: 491 and 638 against 291 and 243).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from struct import pack
from typing import TYPE_CHECKING, Any

from ...native import scan

if TYPE_CHECKING:
    from .encode import Row

__all__ = ["MESSAGE_OVERHEAD", "Joined", "encode_plain"]

#: Bytes of a message beside its key and value, by magic; in format 2 at most, beside headers
#: and the 61 bytes of each batch.
MESSAGE_OVERHEAD = (26, 34, 32)
#: Of fewer messages Python is done before C is called.
_WORTH_IT = 8


class Joined:
    """What messages hold, in one piece, and how long each part of it is.

    :param keys: ``None`` if no message has one.
    :param times: ``None`` if none has a timestamp.
    :ivar data: keys and values, one after another.
    :raises TypeError: a key or value is no bytes.
    """

    def __init__(
        self, values: Sequence[Any], keys: Sequence[Any] | None, times: Sequence[int] | None
    ) -> None:
        self._count = len(values)
        self._value_lengths, some_null = _lengths(values)
        self._key_lengths = None
        self._times = None if times is None else pack(f"{len(times)}q", *times)
        parts: Iterable[Any] = values
        if keys is not None:
            self._key_lengths, some_null = _lengths(keys)[0], True
            parts = chain.from_iterable(zip(keys, values, strict=True))
        self.data = b"".join(filter(None, parts) if some_null else parts)

    def fill(self, ffi: Any, messages: Any) -> None:
        """Let a ``pykafka_messages`` point to it, which holds as long as this lives."""
        messages.count = self._count
        messages.data = ffi.from_buffer("uint8_t[]", self.data)
        messages.value_lengths = ffi.from_buffer("int64_t[]", self._value_lengths)
        if self._key_lengths is not None:
            messages.key_lengths = ffi.from_buffer("int64_t[]", self._key_lengths)
        if self._times is not None:
            messages.timestamps = ffi.from_buffer("int64_t[]", self._times)


def _lengths(parts: Sequence[Any]) -> tuple[bytes, bool]:
    """Of each, -1 for a null; and whether there is one."""
    form = f"{len(parts)}q"
    try:
        return pack(form, *map(len, parts)), False
    except TypeError:  # one that is null has none, or one that is no bytes: that is said again
        return pack(form, *[-1 if part is None else len(part) for part in parts]), True


def encode_plain(rows: Sequence[Row], magic: int) -> bytes | None:
    """A message set of format 0 or 1, not compressed; ``None`` where Python is to make it."""
    if len(rows) < _WORTH_IT:
        return None
    native = scan()
    if native is None:
        return None
    ffi = native.ffi
    times, keys, values = zip(*rows, strict=True)
    joined = Joined(
        values, None if keys.count(None) == len(keys) else keys, times if magic else None
    )
    messages = ffi.new("pykafka_messages *")
    joined.fill(ffi, messages)
    room = len(joined.data) + MESSAGE_OVERHEAD[magic] * len(rows)
    out = ffi.new_allocator(should_clear_after_alloc=False)("uint8_t[]", room)
    size = native.lib.pykafka_encode_messages(messages, magic, out)
    encoded: bytes = ffi.buffer(out, size)[:]
    return encoded
