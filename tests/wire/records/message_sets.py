"""Message sets built field by field after the protocol guide, without the code under test."""

from __future__ import annotations

import struct
import zlib

__all__ = [
    "LOG_APPEND_TIME",
    "message",
    "next_after",
    "plain_set",
    "read_all",
    "rows_before_error",
]

from pykafka.exceptions import CorruptRecordError
from pykafka.wire.records.decode import Batch, RecordReader, peek
from pykafka.wire.records.message_set import Row

LOG_APPEND_TIME = 0x08


def _nullable(field: bytes | None) -> bytes:
    if field is None:
        return b"\xff\xff\xff\xff"
    return struct.pack(">i", len(field)) + field


def message(
    offset: int,
    value: bytes | None,
    *,
    key: bytes | None = None,
    magic: int = 0,
    attributes: int = 0,
    timestamp: int = 0,
) -> bytes:
    body = struct.pack(">bB", magic, attributes)
    if magic == 1:
        body += struct.pack(">q", timestamp)
    body += _nullable(key) + _nullable(value)
    head = struct.pack(">qi", offset, len(body) + 4)
    return head + struct.pack(">I", zlib.crc32(body)) + body


def plain_set(rows: list[Row], magic: int, attributes: int = 0) -> bytes:
    return b"".join(
        message(offset, value, key=key, magic=magic, attributes=attributes, timestamp=timestamp)
        for offset, timestamp, key, value in rows
    )


def read_all(reader: RecordReader) -> list[Batch]:
    batches = []
    while (batch := reader.next_batch()) is not None:
        batches.append(batch)
    return batches


def rows_before_error(reader: RecordReader) -> tuple[list[Row], CorruptRecordError | None]:
    rows: list[Row] = []
    try:
        while (batch := reader.next_batch()) is not None:
            rows += batch.rows
    except CorruptRecordError as error:
        return rows, error
    return rows, None


def next_after(data: bytes, entries: int = 64) -> int | None:
    """What the heads of a record set's entries say of the offset after it."""
    found = peek(data, entries)
    return None if found is None else found.next_offset
