"""Record batches built field by field after the protocol guide, without the code under test."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from crc32c import crc32c

__all__ = [
    "ABORT",
    "COMMIT",
    "CONTROL",
    "LOG_APPEND_TIME",
    "TRANSACTIONAL",
    "Header",
    "batch",
    "marker",
    "record",
    "varint",
]

LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 0x08, 0x10, 0x20
ABORT, COMMIT = 0, 1

Header = tuple[bytes, "bytes | None"]


def varint(number: int) -> bytes:
    zigzag = number * 2 if number >= 0 else -number * 2 - 1
    out = []
    while True:
        zigzag, low = divmod(zigzag, 128)
        if not zigzag:
            return bytes([*out, low])
        out.append(low + 128)


def _sized(field: bytes | None) -> bytes:
    return varint(-1) if field is None else varint(len(field)) + field


def record(
    delta: int,
    value: bytes | None,
    *,
    key: bytes | None = None,
    time_delta: int = 0,
    headers: Sequence[Header] = (),
    header_count: int | None = None,
) -> bytes:
    body = b"\0" + varint(time_delta) + varint(delta) + _sized(key) + _sized(value)
    body += varint(len(headers) if header_count is None else header_count)
    for name, content in headers:
        body += _sized(name) + _sized(content)
    return varint(len(body)) + body


def batch(
    base_offset: int,
    records: Sequence[bytes],
    *,
    content: bytes | None = None,
    attributes: int = 0,
    last_delta: int | None = None,
    base_time: int = 0,
    max_time: int = 0,
    producer_id: int = -1,
    leader_epoch: int = 3,
    count: int | None = None,
) -> bytes:
    """``content`` stands for the records where these are compressed or damaged."""
    count = len(records) if count is None else count
    body = struct.pack(
        ">hiqqqhii",
        attributes,
        count - 1 if last_delta is None else last_delta,
        base_time,
        max_time,
        producer_id,
        -1,
        -1,
        count,
    )
    body += b"".join(records) if content is None else content
    head = struct.pack(">qiib", base_offset, len(body) + 9, leader_epoch, 2)
    return head + struct.pack(">I", crc32c(body)) + body


def marker(offset: int, producer_id: int, kind: int) -> bytes:
    """A control batch with the end of a transaction: ``ABORT`` or ``COMMIT``."""
    control = record(0, struct.pack(">hi", 0, 7), key=struct.pack(">hh", 0, kind))
    attributes = CONTROL | TRANSACTIONAL
    return batch(offset, [control], attributes=attributes, producer_id=producer_id)
