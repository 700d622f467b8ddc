"""From the bytes of a fetched record set to rows, batch by batch.

A record set is a row of entries. Each starts with its offset (int64) and the size of what
follows (int32), and has at byte 16 the "magic" byte that tells its format: 0 and 1 are
messages (:mod:`.messages`). A compressed message is a wrapper around a message set. A
broker cuts the set where the fetch size ends, so that the last entry may be incomplete.
(Kafka protocol guide, "Message sets"; KIP-31 for offsets inside wrappers; broker 0.8.2.2,
observed.)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ...exceptions import CorruptRecordError, MalformedDataError
from .messages import (
    ENTRY_HEAD,
    ascending,
    damaged,
    needed_size,
    read_entry,
    read_run,
    unwrapped,
)

if TYPE_CHECKING:
    from .messages import Entry, Row

__all__ = ["DEFAULT_MAX_DECOMPRESSED_BYTES", "Batch", "RecordReader", "peek_next_offset"]

#: How large one compressed message may become.
DEFAULT_MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

_offset_and_size = struct.Struct(">qi").unpack_from


class Batch:
    """Rows that were stored together, or that follow each other uncompressed.

    :ivar magic: record format, 0 or 1.
    :ivar codec: a :class:`~pykafka.common.CompressionType` number.
    :ivar timestamp_type: 0 = set by the producer, 1 = by the broker on append.
    :ivar rows: ``(offset, timestamp, key, value)`` with ascending offsets; timestamp in
        milliseconds since 1970, 0 where the format has none (magic 0), -1 where the producer
        gave none; key and value ``bytes`` or ``None``.
    :ivar next_offset: the offset after this batch (past gaps that compaction left).
    """

    __slots__ = ("codec", "magic", "next_offset", "rows", "timestamp_type")

    def __init__(
        self, magic: int, codec: int, timestamp_type: int, rows: list[Row], next_offset: int
    ) -> None:
        self.magic = magic
        self.codec = codec
        self.timestamp_type = timestamp_type
        self.rows = rows
        self.next_offset = next_offset


class RecordReader:
    """Reads one partition's record set from a fetch response, one batch at a time.

    :param data: the bytes as they came; kept until the reader goes.
    :param fetch_offset: the offset that was asked for. A compressed message is stored whole,
        so that a broker may send earlier rows too: they are dropped.
    :param check_crcs: verify checksums. Off, damage inside a message goes unnoticed.
    :param max_decompressed_bytes: the most that one compressed message may become.

    :ivar next_offset: what to fetch after all that was read so far.
    :ivar partial_size: ``None``; after the end was reached, if the set holds nothing but the
        beginning of one entry: how many bytes that entry takes (12, the part that tells, if
        even that is cut). A fetch must be that large to get on.

    Not for use by several threads at once.
    """

    __slots__ = (
        "_check_crcs",
        "_data",
        "_error",
        "_fetch_offset",
        "_max_decompressed_bytes",
        "_position",
        "next_offset",
        "partial_size",
    )

    def __init__(
        self,
        data: bytes,
        fetch_offset: int,
        *,
        check_crcs: bool = True,
        max_decompressed_bytes: int = DEFAULT_MAX_DECOMPRESSED_BYTES,
    ) -> None:
        self._data = data
        self._fetch_offset = fetch_offset
        self._check_crcs = check_crcs
        self._max_decompressed_bytes = max_decompressed_bytes
        self._position = 0
        self._error: CorruptRecordError | None = None
        self.next_offset = fetch_offset
        self.partial_size: int | None = None

    def next_batch(self) -> Batch | None:
        """The next batch that has rows at or after the fetch offset; ``None`` at the end.

        :raises CorruptRecordError: the data is damaged here. What stands before the damage
            was returned already; every further call raises it again.
        :raises CodecNotAvailableError: a codec's package is not installed; again, if called
            again.
        """
        while True:
            if self._error is not None:
                raise self._error.with_traceback(None)
            try:
                batch = self._read()
            except CorruptRecordError as error:
                self._error = error
                continue
            if batch is None or batch.rows:
                return batch

    def _read(self) -> Batch | None:
        entry = read_entry(self._data, self._position, self._check_crcs)
        if entry is None:
            self._end()
            return None
        return self._wrapper(entry) if entry.codec else self._run(entry)

    def _end(self) -> None:
        if self._position == 0:
            if self._data:
                self.partial_size = needed_size(self._data, 0)
        elif self.next_offset == self._fetch_offset:
            # To fetch there again would bring the same for ever.
            raise damaged(self._fetch_offset, "the broker sent only messages before it")

    def _run(self, first: Entry) -> Batch:
        rows = [first.row]
        position = first.end
        while True:
            position = read_run(self._data, position, first.kind, self._check_crcs, rows)
            try:
                entry = read_entry(self._data, position, self._check_crcs)
            except CorruptRecordError as error:
                self._error = error
                break
            if entry is None or entry.kind != first.kind:
                break
            rows.append(entry.row)
            position = entry.end
        self._position = position
        good = ascending(rows)
        if good < len(rows):
            self._error = damaged(rows[good - 1][0] + 1, f"it is numbered {rows[good][0]}")
            del rows[good:]
        return self._batch(first, rows, rows[-1][0] + 1)

    def _wrapper(self, wrapper: Entry) -> Batch:
        try:
            rows = unwrapped(wrapper, self._check_crcs, self._max_decompressed_bytes)
        except (CorruptRecordError, MalformedDataError) as reason:
            first = min(self.next_offset, wrapper.offset)
            raise damaged(first, str(reason), wrapper.offset + 1) from reason
        self._position = wrapper.end
        return self._batch(wrapper, rows, wrapper.offset + 1)

    def _batch(self, first: Entry, rows: list[Row], next_offset: int) -> Batch:
        if rows and rows[0][0] < self._fetch_offset:
            rows = [row for row in rows if row[0] >= self._fetch_offset]
        self.next_offset = max(self.next_offset, next_offset)
        return Batch(first.magic, first.codec, first.timestamp_type, rows, self.next_offset)


def peek_next_offset(data: bytes, entries: int = 64) -> int | None:
    """The offset after the last complete entry, from the heads of the entries only.

    ``None`` if there are more than ``entries`` of them, or no complete one, or if a size
    makes no sense: decoding will tell.
    """
    position = 0
    next_offset: int | None = None
    for _ in range(entries + 1):
        if len(data) - position < ENTRY_HEAD:
            return next_offset
        offset, size = _offset_and_size(data, position)
        position += ENTRY_HEAD + size
        if size < 0:
            return None
        if position > len(data):
            return next_offset
        next_offset = offset + 1
    return None
