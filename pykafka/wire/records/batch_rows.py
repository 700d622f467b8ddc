"""The records of a batch of format 2, from bytes to rows: the loops that must be fast.

A record: length (of what follows), attributes int8 (unused), timestamp delta, offset delta,
key length (-1 = null) and key, value length and value, number of headers and headers. All
numbers but the attributes are varints. (KIP-98; Kafka protocol guide, "Record Batch".)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ...exceptions import MalformedDataError
from .varints import read_bytes, read_length, read_varint

if TYPE_CHECKING:
    from .message_set import Row

__all__ = ["DELTA_WIDTHS", "SMALLEST_RECORD", "HeaderPlaces", "read_dense", "read_sparse"]

#: A record whose seven numbers take a byte each.
SMALLEST_RECORD = 7

#: By offset: where the headers of a record begin (at their count) and where they end. Records
#: without headers are not in it.
HeaderPlaces = dict[int, tuple[int, int]]

#: Offset deltas below the second number take as many bytes as the first one says.
DELTA_WIDTHS = ((1, 1 << 6), (2, 1 << 13), (3, 1 << 20), (4, 1 << 27), (5, 1 << 31))

# A length that no data has: reading on behind it is an IndexError.
_NO_LENGTH = 1 << 62


@cache
def _length_tables() -> tuple[list[int], list[list[int]]]:
    """Lengths by their one byte, and by their two bytes. Null (-1) is 0, other negative ones
    are longer than any data."""
    one = [_NO_LENGTH if byte & 1 else byte >> 1 for byte in range(128)]
    one[1] = 0
    two = [
        [_NO_LENGTH if low & 1 else (low & 127 | high << 7) >> 1 for high in range(128)]
        for low in range(256)
    ]
    return one, two


def read_dense(
    data: bytes,
    position: int,
    offsets: range,
    base_time: int,
    rows: list[Row],
    places: HeaderPlaces,
) -> int:
    """Append the rows of records with these offsets; the position after them.

    Reads neither the lengths of records nor the offset deltas, whose widths are known: only
    the position in the end tells whether the data are what they should be.

    :raises IndexError: they are not; so does :exc:`MalformedDataError`.
    """
    if len(offsets) <= DELTA_WIDTHS[0][1]:
        return _read_run(data, position, offsets, 1, base_time, rows, places)
    done = 0
    for width, limit in DELTA_WIDTHS:
        some = offsets[done:limit]
        if not some:
            break
        position = _read_run(data, position, some, width, base_time, rows, places)
        done = limit
    return position


def _read_run(
    data: bytes,
    position: int,
    offsets: range,
    width: int,
    base_time: int,
    rows: list[Row],
    places: HeaderPlaces,
) -> int:
    # Written for speed (benchmarks/records.py): numbers of one and two bytes are decoded in
    # place, and nothing is looked at that need not be.
    add = rows.append
    one_byte, two_bytes = _length_tables()
    time_and_offset = 1 + width
    for offset in offsets:
        begin = position
        while data[position] > 127:  # the record's length
            position += 1
        position += 2  # its last byte, and the attributes
        byte = data[position]
        if not byte:
            time = base_time
            position += time_and_offset
        elif byte < 128:
            time = base_time + (byte >> 1 ^ -(byte & 1))
            position += time_and_offset
        elif (high := data[position + 1]) < 128:
            time = base_time + ((byte & 127 | high << 7) >> 1 ^ -(byte & 1))
            position += time_and_offset + 1
        else:
            time, position = read_varint(data, position)
            time += base_time
            position += width
        byte = data[position]
        if byte == 1:
            key = None
            position += 1
        elif byte < 128:
            start = position + 1
            position = start + one_byte[byte]
            key = data[start:position]
        else:
            key, position = read_bytes(data, position)
        start = position + 1
        byte = data[position]
        if byte < 128:
            position = start + one_byte[byte]
        elif (high := data[start]) < 128:
            start += 1
            position = start + two_bytes[byte][high]
        else:
            length, start = read_length(data, position)
            position = start + length
        value = data[start:position] or (None if byte == 1 else b"")
        add((offset, time, key, value))
        if data[position]:
            end = _end_of_record(data, begin, position, key)
            places[offset] = (position, end)
            position = end - 1
        position += 1
    return position


def _end_of_record(data: bytes, begin: int, reached: int, key: bytes | None) -> int:
    length, start = read_length(data, begin)
    # An offset delta that takes more bytes than it needs would be read as an empty key, the key
    # as the value, and the value as headers: read_sparse can tell.
    if start + length <= reached or key == b"":
        raise MalformedDataError(f"the record at byte {begin} is none with headers")
    return start + length


def read_sparse(
    data: bytes,
    position: int,
    offsets: range,
    count: int,
    base_time: int,
    rows: list[Row],
    places: HeaderPlaces,
) -> int:
    """Append the rows of ``count`` records, whose offsets are any that ascend in ``offsets``,
    with everything checked; the position after them.

    :raises IndexError: the data end inside a record.
    :raises MalformedDataError: a record does not fill the length that it states, or has no
        such offset.
    """
    base_offset = offsets.start
    following = 0
    for _ in range(count):
        length, start = read_length(data, position)
        end = start + length
        time = data[start + 1]
        if time < 128:
            time, after = time >> 1 ^ -(time & 1), start + 2
        else:
            time, after = read_varint(data, start + 1)
        delta = data[after]
        if delta < 128:
            delta, after = delta >> 1 ^ -(delta & 1), after + 1
        else:
            delta, after = read_varint(data, after)
        if data[after] == 1:
            key, after = None, after + 1
        else:
            key, after = read_bytes(data, after)
        value, after = read_bytes(data, after)
        has_headers = data[after]
        if end > len(data) or after + 1 > end or (after + 1 != end and not has_headers):
            raise MalformedDataError(f"the record at byte {position} does not end at byte {end}")
        if not following <= delta < len(offsets):
            raise MalformedDataError(f"the record at byte {position} has offset delta {delta}")
        if has_headers:
            places[base_offset + delta] = (after, end)
        rows.append((base_offset + delta, base_time + time, key, value))
        following = delta + 1
        position = end
    return position
