"""Record sets split into columns by the extension module, and rows made of them when needed.

C (``native/scan.c``) finds where keys and values are; Python makes objects of a few hundred rows at
a time, so that they are still in the processor's caches when they are used. What C does not
understand it leaves: the code beside this module reads it, and says what is wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from ...native import scan
from .batch import HEAD
from .batch_rows import SMALLEST_RECORD
from .slices import cut

if TYPE_CHECKING:
    from ...native import Native
    from .batch import BatchHead
    from .batch_rows import HeaderPlaces
    from .message_set import Row

__all__ = ["COLUMNS", "RowColumns", "Rows", "Scanner", "SplitRows", "scanner"]

#: Rows of one batch, or of several that are alike.
Rows: TypeAlias = "list[Row] | SplitRows"

# Columns of the result, in the order of native/scan.c.
_OFFSET, _TIME, _KEY, _KEY_END, _VALUE, _VALUE_END, _HEADERS, _END = range(8)
COLUMNS = 8
#: Rows that one call splits at most, unless one batch has more. Its columns take 64 bytes a row.
_MOST = 4096
#: The least that a message of format 0 takes. Room is made for as many as there may be.
_SMALL = 26
_NO_FLOOR = -(1 << 63)
_record_count = struct.Struct(">57xi").unpack_from


class RowColumns(Sequence["Row"]):
    """Rows whose parts lie in columns: a row is made when it is iterated over.

    :param timestamps: of each, or the one of all; ``keys`` are ``None`` if none has one.
    """

    __slots__ = ("_keys", "_offsets", "_timestamps", "_values")

    def __init__(
        self,
        offsets: Sequence[int],
        timestamps: list[int] | int,
        keys: list[bytes | None] | None,
        values: list[bytes | None],
    ) -> None:
        self._offsets = offsets
        self._timestamps = timestamps
        self._keys = keys
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> RowColumns: ...

    def __getitem__(self, index: int | slice) -> Row | RowColumns:
        stamps, keys = self._timestamps, self._keys
        stamp: Any = stamps[index] if isinstance(stamps, list) else stamps
        key: Any = None if keys is None else keys[index]
        if isinstance(index, slice):
            return RowColumns(self._offsets[index], stamp, key, self._values[index])
        return self._offsets[index], stamp, key, self._values[index]

    def __iter__(self) -> Iterator[Row]:
        return self.iterators()[0]

    def iterators(self) -> tuple[Iterator[Row], Iterator[object]]:
        """One of the rows, and one that is as far and knows how much is left.

        Both are in C all through, so that several threads may share them.
        """
        stamps, keys = self._timestamps, self._keys
        counted = iter(self._values)
        rows = zip(
            self._offsets,
            stamps if isinstance(stamps, list) else repeat(stamps),
            repeat(None) if keys is None else keys,
            counted,  # advanced last: while it has something, so have the others
            strict=False,
        )
        return rows, counted

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as a list


class SplitRows(Sequence["Row"]):
    """Rows that are made when they are asked for, from where they lie in the data.

    :param data: what was split, ``bytes`` or another buffer of which slices are bytes; kept.
    :param columns: ``int64_t[]``, columns that are each as long as ``capacity``; kept.
    :param split: what C told of it.
    :param time: the timestamp of all, where it is not in them.
    :ivar has_headers: whether any has headers.
    :ivar end: the position after them in the data.
    :ivar next_offset: the offset after them, past what compaction took out.
    """

    __slots__ = (
        "_capacity",
        "_columns",
        "_data",
        "_first",
        "_has_keys",
        "_native",
        "_start",
        "_stop",
        "_time",
        "end",
        "has_headers",
        "next_offset",
    )

    def __init__(
        self,
        native: Native,
        data: Any,
        columns: Any,
        capacity: int,
        split: Any,
        time: int | None,
    ) -> None:
        self._native = native
        self._data = data
        self._columns = columns
        self._capacity = capacity
        self._start, self._stop = 0, int(split.rows)
        self._first = columns[0] if split.dense else None
        self._time = columns[capacity * _TIME] if time is None and split.one_time else time
        self._has_keys = split.keys > 0
        self.has_headers = split.headers > 0
        self.end: int = split.position
        self.next_offset: int = split.next_offset

    def __len__(self) -> int:
        return self._stop - self._start

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> RowColumns: ...

    def __getitem__(self, index: int | slice) -> Row | RowColumns:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._made(start, max(start, stop))[::step]
        position = range(len(self))[index]
        return self._made(position, position + 1)[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as a list

    def __iter__(self) -> Iterator[Row]:
        return iter(self[:])

    def behind(self, offset: int) -> None:
        """Leave out the rows before an offset."""
        first, last = self._start, self._stop
        while first < last:  # offsets ascend
            middle = (first + last) // 2
            if self._columns[middle] < offset:
                first = middle + 1
            else:
                last = middle
        self._start = first

    def header_places(self) -> HeaderPlaces:
        """Where the headers of those records are that have some."""
        columns = (self._column(which, self._start, self._stop) for which in (0, _HEADERS, _END))
        return {offset: (at, end) for offset, at, end in zip(*columns, strict=True) if at >= 0}

    def _made(self, start: int, stop: int) -> RowColumns:
        start, stop = start + self._start, stop + self._start
        if self._first is None:
            offsets: Any = self._column(_OFFSET, start, stop)
        else:
            offsets = range(self._first + start, self._first + stop)
        times = self._column(_TIME, start, stop) if self._time is None else self._time
        values = self._slices(_VALUE, start, stop)
        keys = self._slices(_KEY, start, stop) if self._has_keys else None
        return RowColumns(offsets, times, keys, values)

    def _slices(self, which: int, start: int, stop: int) -> list[bytes | None]:
        begins = self._columns + (which * self._capacity + start)
        return cut(self._native, self._data, begins, begins + self._capacity, stop - start)

    def _column(self, which: int, start: int, stop: int) -> list[int]:
        first = self._columns + (which * self._capacity + start)
        numbers: list[int] = self._native.ffi.unpack(first, stop - start)
        return numbers


class Scanner:
    """What the extension module does for :mod:`.decode`. Any thread may use it."""

    def __init__(self, native: Native) -> None:
        self._native = native
        self._lib = native.lib
        self._ffi = native.ffi
        self._make = native.ffi.new_allocator(should_clear_after_alloc=False)

    def batches(
        self, data: bytes, position: int, floor: int | None, check_crcs: bool
    ) -> SplitRows | None:
        """The rows of plain batches that follow each other at ``position``.

        :param floor: the lowest offset that they may begin with, if there is one.
        :returns: ``None`` if there is something else at that position.
        """
        if len(data) - position < HEAD.size:
            return None
        (count,) = _record_count(data, position)
        lowest = _NO_FLOOR if floor is None else floor
        return self._split(
            self._lib.pykafka_scan_batches,
            data,
            (len(data), position, lowest, check_crcs),
            _room(data, position, count),
        )

    def records(
        self, data: bytes, position: int, end: int, head: BatchHead, time: int | None
    ) -> SplitRows | None:
        """The records of one batch, which may have headers.

        :param time: the timestamp of all, where the broker stamps them.
        :returns: ``None`` if they are not what the head says.
        """
        count = head.record_count
        return self._split(
            self._lib.pykafka_scan_records,
            data,
            (position, end, head.base_offset, head.last_delta, head.base_time, count),
            count,
            time,
        )

    def messages(self, data: bytes, position: int, kind: int, check_crcs: bool) -> SplitRows | None:
        """The rows of uncompressed messages of one kind (``magic << 8 | attributes``).

        :returns: ``None`` if there is something else at that position.
        """
        return self._split(
            self._lib.pykafka_scan_messages,
            data,
            (len(data), position, kind, check_crcs),
            _room(data, position, 0),
        )

    def _split(
        self,
        function: Callable[..., None],
        data: bytes,
        arguments: Sequence[int],
        capacity: int,
        time: int | None = None,
    ) -> SplitRows | None:
        columns = self._make("int64_t[]", capacity * COLUMNS)
        split = self._ffi.new("pykafka_split *")
        function(self._ffi.from_buffer("uint8_t[]", data), *arguments, capacity, columns, split)
        if not split.rows:
            return None
        return SplitRows(self._native, data, columns, capacity, split, time)

    def walk_messages(self, data: bytes) -> tuple[int, int | None]:
        """Where messages that stand at the beginning end, and the offset after the last."""
        next_offset = self._ffi.new("int64_t *")
        view = self._ffi.from_buffer("uint8_t[]", data)
        position = self._lib.pykafka_walk_messages(view, len(data), next_offset)
        return position, next_offset[0] if position else None


def _room(data: bytes, position: int, count: int) -> int:
    """For how many rows to make room; for a batch's records, if that can be believed."""
    left = len(data) - position
    return max(min(_MOST, left // _SMALL + 1), min(count, left // SMALLEST_RECORD))


@cache
def _scanner_of(native: Native) -> Scanner:
    return Scanner(native)


def scanner() -> Scanner | None:
    """The one to use; ``None`` where Python is to do it, see :func:`pykafka.native.scan`."""
    found = scan()
    return None if found is None else _scanner_of(found)
