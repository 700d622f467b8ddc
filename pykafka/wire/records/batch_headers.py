"""Headers of records: decoded when asked for, because most readers never ask.

Their number, then each a key (never null) and a value, both behind a varint length.
(KIP-82; Kafka protocol guide, "Record Header".)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...exceptions import MalformedDataError
from .message_set import damaged
from .varints import read_bytes, read_length, varint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from .batch_rows import HeaderPlaces

__all__ = ["Headers", "StoredHeaders", "encode_headers", "headers_size"]

#: Keys may repeat, and their order counts. A key is UTF-8 on the wire; bytes that are none
#: stand in it as lone surrogates ("surrogateescape"), and are encoded to what they were.
Headers: TypeAlias = "Sequence[tuple[str, bytes | None]]"

_NOT_UTF8 = "surrogateescape"


class StoredHeaders(NamedTuple):
    """The headers of a batch's records as they lie in its bytes.

    :ivar where: the partition in words, if it is known.
    """

    data: bytes
    places: HeaderPlaces
    where: str = ""

    def of(self, offset: int) -> Headers:
        """Those of one record; empty if it has none.

        :raises CorruptRecordError: they are damaged, which only a producer can have done.
        """
        place = self.places.get(offset)
        if place is None:
            return ()
        try:
            return self._decode(*place)
        except (IndexError, MalformedDataError) as error:
            reason = error if isinstance(error, MalformedDataError) else "they are cut off"
            told = (
                f"{self.where}: its headers: {reason}" if self.where else f"its headers: {reason}"
            )
            raise damaged(offset, told) from error

    def compact(self, offsets: Iterable[int], where: str) -> StoredHeaders:
        """A copy for these records that does not keep the batch's bytes."""
        parts, places, end = [], {}, 0
        for offset in offsets:
            if offset in self.places:
                start, stop = self.places[offset]
                parts.append(self.data[start:stop])
                places[offset] = (end, end := end + stop - start)
        return StoredHeaders(b"".join(parts), places, where)

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


#: The most that a length or a number of headers takes.
_VARINT = 5


def headers_size(headers: Headers) -> int:
    """Bytes that they take at most."""
    texts = sum(len(key.encode(errors=_NOT_UTF8)) + len(value or b"") for key, value in headers)
    return _VARINT * (1 + 2 * len(headers)) + texts
