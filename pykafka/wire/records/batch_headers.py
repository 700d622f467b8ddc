"""Headers of records: decoded when asked for, because most readers never ask.

Their number, then each a key (never null) and a value, both behind a varint length.
(KIP-82; Kafka protocol guide, "Record Header".)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...exceptions import MalformedDataError
from .varints import read_bytes, read_length, varint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from .batch_rows import HeaderPlaces

__all__ = ["Headers", "StoredHeaders", "encode_headers"]

#: Keys may repeat, and their order counts. A key is UTF-8 on the wire; bytes that are none
#: stand in it as lone surrogates ("surrogateescape"), and are encoded to what they were.
Headers: TypeAlias = "Sequence[tuple[str, bytes | None]]"

_NOT_UTF8 = "surrogateescape"


class StoredHeaders(NamedTuple):
    """The headers of a batch's records as they lie in its bytes."""

    data: bytes
    places: HeaderPlaces

    def of(self, offset: int) -> Headers:
        """Those of one record; empty if it has none.

        :raises MalformedDataError: they are damaged.
        """
        place = self.places.get(offset)
        if place is None:
            return ()
        try:
            return self._decode(*place)
        except IndexError:
            raise MalformedDataError("the headers are cut off") from None

    def _decode(self, position: int, end: int) -> Headers:
        data = self.data
        count, position = read_length(data, position)
        if count > (end - position) // 2:
            raise MalformedDataError(f"{count} headers in {end - position} bytes")
        headers = []
        for _ in range(count):
            key, position = read_bytes(data, position)
            value, position = read_bytes(data, position)
            if key is None:
                raise MalformedDataError("a header without key")
            headers.append((key.decode(errors=_NOT_UTF8), value))
        if position != end:
            raise MalformedDataError(f"the headers end {end - position} bytes early")
        return headers


def encode_headers(headers: Headers) -> bytes:
    """The number of the headers, and they."""
    parts = [varint(len(headers))]
    for key, value in headers:
        encoded = key.encode(errors=_NOT_UTF8)
        parts += (varint(len(encoded)), encoded)
        parts += (varint(-1), b"") if value is None else (varint(len(value)), value)
    return b"".join(parts)
