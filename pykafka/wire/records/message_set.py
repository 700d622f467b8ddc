"""Message sets: record formats v0 (Kafka 0.8, 0.9) and v1 (0.10), told by the magic byte.

An entry: offset int64, size int32 (of what follows), CRC-32 uint32 (of what follows it),
magic int8, attributes int8, in v1 timestamp int64, then key and value, each an int32 length
(-1 = null) and the bytes. Attributes: bits 0-2 codec, bit 3 (v1) timestamp type. (Kafka
protocol guide, "Message sets"; KIP-32 for v1; broker 0.8.2.2, observed.)
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ...exceptions import CorruptRecordError, MalformedDataError
from . import codecs
from .checksums import crc32

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from .scanning import Scanner

__all__ = [
    "ENTRY_HEAD",
    "Entry",
    "Row",
    "ascending",
    "damaged",
    "needed_size",
    "read_entry",
    "read_run",
    "unwrapped",
]

#: ``(offset, timestamp, key, value)``
Row: TypeAlias = "tuple[int, int, bytes | None, bytes | None]"

#: The part of an entry that its size field does not count: offset and size.
ENTRY_HEAD = 12
_CRC_END = 16
_MIN_SIZE = (14, 22)  # of a message with null key and null value, by magic
_CODEC = 0x07
_LOG_APPEND_TIME = 0x08

_offset_and_size = struct.Struct(">qi").unpack_from
_crc_magic_attributes = struct.Struct(">IBB").unpack_from
_int32 = struct.Struct(">i").unpack_from
_int64 = struct.Struct(">q").unpack_from


class Entry(NamedTuple):
    """One message, a compressed wrapper or not, with all that its head says.

    :ivar kind: magic byte and attributes as one number: equal for what is stored alike.
    :ivar end: the position after it.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    kind: int
    end: int

    @property
    def magic(self) -> int:
        return self.kind >> 8

    @property
    def codec(self) -> int:
        return self.kind & _CODEC

    @property
    def timestamp_type(self) -> int:
        """0 = set by the producer, 1 = by the broker on append."""
        return 1 if self.magic and self.kind & _LOG_APPEND_TIME else 0

    @property
    def row(self) -> Row:
        return self[:4]


def needed_size(data: bytes, position: int) -> int:
    """How many bytes an incomplete entry takes; 12 if even its size field is cut."""
    if len(data) - position < ENTRY_HEAD:
        return ENTRY_HEAD
    return ENTRY_HEAD + int(_offset_and_size(data, position)[1])


def read_entry(data: bytes, position: int, check_crcs: bool) -> Entry | None:
    """The entry at ``position``, every field checked; ``None`` if the data ends inside it.

    :raises CorruptRecordError: damage, with ``offset`` and ``next_offset``.
    """
    if len(data) - position < ENTRY_HEAD:
        return None
    offset, size = _offset_and_size(data, position)
    if size < _MIN_SIZE[0]:
        raise damaged(offset, f"a message cannot take {size} bytes")
    end = position + ENTRY_HEAD + size
    if end > len(data):
        return None
    crc, magic, attributes = _crc_magic_attributes(data, position + ENTRY_HEAD)
    if magic > 1:
        raise damaged(offset, f"record format {magic} is none of 0, 1 and 2")
    if check_crcs and crc != crc32(memoryview(data)[position + _CRC_END : end]):
        raise damaged(offset, "its content does not match its checksum")
    if size < _MIN_SIZE[magic]:
        raise damaged(offset, f"a message of format {magic} cannot take {size} bytes")
    fields = position + 18
    timestamp = 0
    if magic:
        (timestamp,) = _int64(data, fields)
        fields += 8
    key, fields = _nullable_bytes(data, fields, end - 4, offset, "key")
    value, fields = _nullable_bytes(data, fields, end, offset, "value")
    if fields != end:
        raise damaged(offset, f"{end - fields} bytes follow its value")
    return Entry(offset, timestamp, key, value, magic << 8 | attributes, end)


def _nullable_bytes(
    data: bytes, position: int, limit: int, offset: int, name: str
) -> tuple[bytes | None, int]:
    (length,) = _int32(data, position)
    start = position + 4
    if length == -1:
        return None, start
    if length < 0 or start + length > limit:
        raise damaged(offset, f"its {name} cannot take {length} bytes")
    return data[start : start + length], start + length


def damaged(offset: int, reason: str, next_offset: int | None = None) -> CorruptRecordError:
    """The error for what stands at ``offset``; reading can go on after it."""
    return CorruptRecordError(
        f"the message at offset {offset} is damaged: {reason}",
        offset=offset,
        next_offset=offset + 1 if next_offset is None else next_offset,
    )


def ascending(rows: list[Row]) -> int:
    """How many of the rows have ascending offsets, counted from the first."""
    first = rows[0][0]
    if [row[0] for row in rows] == list(range(first, first + len(rows))):
        return len(rows)  # no gap: what nearly every set is
    for count, (one, other) in enumerate(pairwise(rows), 1):
        if other[0] <= one[0]:
            return count
    return len(rows)


def unwrapped(wrapper: Entry, check_crcs: bool, limit: int, scan: Scanner | None) -> list[Row]:
    """The rows of the message set inside a compressed message.

    Offsets inside are absolute in format 0 and count from any start in format 1, where the
    wrapper has the last one's; a broker that stamps messages stamps the wrapper only.

    :raises CorruptRecordError: a message inside is damaged, the set is no set.
    :raises MalformedDataError: the compressed data is.
    """
    if wrapper.value is None:
        raise MalformedDataError("it is compressed but has no content")
    rows = _read_set(codecs.decompress(wrapper.codec, wrapper.value, limit), check_crcs, scan)
    if not rows:
        return rows
    if ascending(rows) < len(rows):
        raise MalformedDataError("the offsets inside do not ascend")
    shift = wrapper.offset - rows[-1][0] if wrapper.magic else 0
    if wrapper.timestamp_type:
        timestamp = wrapper.timestamp
        return [(offset + shift, timestamp, key, value) for offset, _, key, value in rows]
    if shift:
        return [(offset + shift, ms, key, value) for offset, ms, key, value in rows]
    return rows


def _read_set(data: bytes, check_crcs: bool, scan: Scanner | None) -> list[Row]:
    rows: list[Row] = []
    position = 0
    while position < len(data):
        entry = read_entry(data, position, check_crcs)
        if entry is None:
            raise MalformedDataError("the message set inside is cut off")
        if entry.codec:
            # Brokers unpack such sets when they are produced and store them flat.
            raise MalformedDataError("a compressed message inside a compressed message")
        found = scan and scan.messages(data, position, entry.kind, check_crcs)
        if found:
            rows += found[:]
            position = found.end
        else:
            rows.append(entry.row)
            position = read_run(data, entry.end, entry.kind, check_crcs, rows)
    return rows


class _Layouts(dict[int, "Callable[[bytes, int], tuple[Any, ...]]"]):
    """By key length (-1 = null): what unpacks a message up to and including its value's
    length. One C call for all of it, the key too, is most of the speed of :func:`read_run`."""

    def __init__(self, timestamp: str) -> None:
        super().__init__()
        self._format = f">qiIH{timestamp}i%dsi"

    def __missing__(self, key_length: int) -> Callable[[bytes, int], tuple[Any, ...]]:
        unpack = struct.Struct(self._format % max(key_length, 0)).unpack_from
        if len(self) < 1024:
            self[key_length] = unpack
        return unpack


_LAYOUTS = (_Layouts("0s"), _Layouts("q"))  # by magic; v0 has nothing where v1 has the time


def read_run(data: bytes, position: int, kind: int, check_crcs: bool, rows: list[Row]) -> int:
    """Append the rows of the uncompressed messages of one kind from ``position`` on.

    Stops, without an error, where something else begins, or anything that is not right: the
    caller has :func:`read_entry` look at it. Returns that position.

    Written for speed (benchmarks/records.py): one layout is used until a message has a key
    of another length, and the checksum is taken of a copy, because slicing a memoryview costs
    more than copying a short message does.
    """
    checksum, int32, add = crc32, _int32, rows.append
    magic = kind >> 8
    layouts = _LAYOUTS[magic]
    before_key = _MIN_SIZE[magic] - 8  # from magic byte to key length: where the key starts
    expected = -1
    before_value = before_key + 4
    unpack = layouts[expected]
    total = len(data)
    last = total - _CRC_END - before_value
    while position <= last:
        offset, size, crc, its_kind, timestamp, key_length, key, value_length = unpack(
            data, position
        )
        end = position + ENTRY_HEAD + size
        if its_kind != kind or size < 14 or end > total:
            break
        body = data[position + _CRC_END : end]
        if check_crcs and checksum(body) != crc:
            break
        if key_length != expected:
            before_value = before_key + 4 + (key_length if key_length > 0 else 0)
            if key_length < -1 or before_value + 4 > size:
                break
            expected = key_length
            unpack = layouts[key_length]
            last = total - _CRC_END - before_value
            key = body[before_key : before_value - 4]
            (value_length,) = int32(body, before_value - 4)
        if size - value_length == before_value + 4 and value_length >= 0:
            value = body[before_value:]
        elif value_length == -1 and size == before_value + 4:
            value = None
        else:
            break
        add((offset, timestamp or 0, None if key_length < 0 else key, value))
        position = end
    return position
