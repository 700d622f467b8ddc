"""From rows to the bytes of a record batch of format 2; :mod:`.batch` says what these are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from . import codecs
from .batch import AFTER_CRC, HEAD, UP_TO_CRC
from .batch_headers import encode_headers
from .batch_rows import DELTA_WIDTHS
from .checksums import crc32c
from .message_set import ENTRY_HEAD
from .varints import varint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .batch_headers import Headers
    from .encode import Row

__all__ = ["NO_FIELDS", "BatchFields", "encode_batch"]


class BatchFields(NamedTuple):
    """What a batch says beside its records.

    :ivar producer_id: from InitProducerId, -1 without idempotence; so are the next two.
    :ivar base_sequence: the sequence number of the first record.
    :ivar leader_epoch: a broker writes its own, and its own timestamp type (0 = set by the
        producer, 1 = by the broker on append).
    """

    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    is_transactional: bool = False
    leader_epoch: int = -1
    timestamp_type: int = 0


#: Of a producer that is neither idempotent nor transactional.
NO_FIELDS = BatchFields()


def encode_batch(
    rows: Sequence[Row],
    codec: int,
    level: int | None = None,
    *,
    headers: Sequence[Headers | None] | None = None,
    fields: BatchFields = NO_FIELDS,
) -> bytes:
    """Encode ``(timestamp, key, value)`` rows as one record batch of format 2.

    :param rows: timestamps in milliseconds since 1970 (-1: none). Offsets are 0 to n-1: the
        broker replaces them. No rows are no bytes.
    :param codec: a :class:`~pykafka.common.CompressionType` number.
    :param level: the codec's compression level, ``None`` for its default.
    :param headers: for each row ``(key, value)`` pairs, or ``None``.
    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises ValueError: there are more or fewer headers than rows.
    """
    if headers is not None and len(headers) != len(rows):
        raise ValueError(f"headers for {len(headers)} messages, and {len(rows)} messages")
    if not rows:
        return b""
    base_time = rows[0][0]
    if headers is None:
        parts, newest = _plain_records(rows, base_time)
    else:
        parts = _records_with_headers(rows, headers, base_time)
        newest = max(row[0] for row in rows)
    records = b"".join(parts)
    if codec:
        records = codecs.compress(codec, records, magic=2, level=level)
    after_crc = AFTER_CRC.pack(
        codec | fields.timestamp_type << 3 | fields.is_transactional << 4,
        len(rows) - 1,
        base_time,
        newest,
        *fields[:3],
        len(rows),
    )
    crc = crc32c(records, crc32c(after_crc))
    size = HEAD.size - ENTRY_HEAD + len(records)
    up_to_crc = UP_TO_CRC.pack(0, size, fields.leader_epoch, 2, crc)
    return b"".join((up_to_crc, after_crc, records))


def _fields(time: bytes, delta: bytes, key: bytes | None, value: bytes | None) -> tuple[bytes, ...]:
    """A record between its length and its headers."""
    return (
        b"\0",
        time,
        delta,
        varint(-1 if key is None else len(key)),
        key or b"",
        varint(-1 if value is None else len(value)),
        value or b"",
    )


def _records_with_headers(
    rows: Sequence[Row], headers: Sequence[Headers | None], base_time: int
) -> list[bytes]:
    parts: list[bytes] = []
    for delta, ((timestamp, key, value), some) in enumerate(zip(rows, headers, strict=False)):
        fields = _fields(varint(timestamp - base_time), varint(delta), key, value)
        tail = encode_headers(some or ())
        parts += (varint(sum(map(len, fields)) + len(tail)), *fields, tail)
    return parts


# Records without headers are what nearly all are. Their numbers come from tables (made when
# they are first needed): a record is one "+=" and the whole batch one join in the end.

_TABLED = 1 << 13


@cache
def _varints() -> list[bytes]:
    return [varint(number) for number in range(_TABLED)]


@cache
def _null_key_and_length() -> list[bytes]:
    """By length of the value."""
    return [varint(-1) + varint(length) for length in range(_TABLED)]


@cache
def _heads() -> list[bytes]:
    """By length of a record: that length behind the number of headers, 0, of the record before
    it, and followed by its attributes, 0."""
    return [b"\0" + varint(length) + b"\0" for length in range(_TABLED + 64)]


@cache
def _heads_by_value(beside: int) -> list[bytes]:
    """The same by length of the value, if the record takes ``beside`` bytes without value and
    value's length."""
    heads = _heads()
    return [heads[beside + len(varint(length)) + length] for length in range(_TABLED)]


def _plain_records(rows: Sequence[Row], base_time: int) -> tuple[list[bytes], int]:
    """Records without headers, and their latest timestamp."""
    parts: list[bytes] = []
    newest = base_time
    start = 0
    for width, stop in DELTA_WIDTHS:
        if start < len(rows):
            deltas: Iterable[bytes] = (
                _varints()[start:stop] if stop <= _TABLED else map(varint, range(start, stop))
            )
            latest = _add_run(parts, rows[start:stop], deltas, width, base_time)
            newest = max(newest, latest)
            start = stop
    parts[0] = parts[0][1:]
    parts.append(b"\0")
    return parts, newest


def _add_run(
    parts: list[bytes], rows: Sequence[Row], deltas: Iterable[bytes], width: int, base_time: int
) -> int:
    """Add records whose offset deltas take ``width`` bytes; their latest timestamp. Each record
    comes with the end of the one before, and without its own."""
    numbers, heads, null_key_and_length = _varints(), _heads(), _null_key_and_length()
    newest = rows[0][0]
    last: int | None = None
    for delta, (timestamp, key, value) in zip(deltas, rows, strict=False):
        if timestamp != last:
            last = timestamp
            newest = max(newest, timestamp)
            past = timestamp - base_time
            time = numbers[past] if 0 <= past < _TABLED else varint(past)
            beside = 1 + len(time) + width + 1  # attributes before, number of headers behind
            heads_by_value = _heads_by_value(beside + 1)
        try:
            if value is None:
                pass
            elif key is None:
                size = len(value)
                parts += (heads_by_value[size], time, delta, null_key_and_length[size], value)
                continue
            else:
                key_length, length = numbers[len(key)], numbers[len(value)]
                size = beside + len(key_length) + len(key) + len(length) + len(value)
                parts += (heads[size], time, delta, key_length, key, length, value)
                continue
        except IndexError:
            pass  # longer than the tables
        fields = _fields(time, delta, key, value)
        parts += (b"\0", varint(sum(map(len, fields)) + 1), *fields)
    return newest
