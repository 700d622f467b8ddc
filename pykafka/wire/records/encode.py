"""From rows to the bytes of a record set of any format, ready for a Produce request."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ...common import CompressionType
from ...exceptions import UnsupportedVersion
from . import codecs
from .batch import HEAD
from .batch_encode import NO_FIELDS, BatchFields, encode_batch
from .checksums import crc32
from .joining import MESSAGE_OVERHEAD, encode_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from .batch_headers import Headers

__all__ = [
    "BATCH_OVERHEAD",
    "MESSAGE_OVERHEAD",
    "BatchFields",
    "Row",
    "encode_message_set",
    "encode_records",
    "encoded_size",
]

#: ``(timestamp, key, value)``
Row: TypeAlias = "tuple[int, bytes | None, bytes | None]"

#: Bytes of a batch of format 2 beside its records.
BATCH_OVERHEAD = HEAD.size

_head = struct.Struct(">qiI").pack  # offset, size, checksum
_int64 = struct.Struct(">q").pack
_int32 = struct.Struct(">i").pack


def encoded_size(key_len: int, value_len: int, magic: int) -> int:
    """Bytes that a message takes in an uncompressed set; a null has length 0.

    What format 2 takes depends on its neighbours: there it is the most that it can be.
    """
    return MESSAGE_OVERHEAD[magic] + key_len + value_len


def encode_records(
    rows: Sequence[Row],
    magic: int,
    codec: int,
    level: int | None = None,
    *,
    headers: Sequence[Headers | None] | None = None,
    fields: BatchFields = NO_FIELDS,
) -> bytes:
    """Encode ``(timestamp, key, value)`` rows in the record format ``magic``: as a message set
    (0, 1) or as a record batch (2); see :func:`encode_message_set` and
    :func:`~pykafka.wire.records.batch_encode.encode_batch`.

    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises UnsupportedVersion: the format has no headers, fields, or not this codec.
    :raises ValueError: there are more or fewer headers than rows.
    """
    if magic == 2:
        return encode_batch(rows, codec, level, headers=headers, fields=fields)
    if fields != NO_FIELDS or (headers is not None and any(headers)):
        raise UnsupportedVersion(
            "headers, idempotence and transactions need record format 2: a broker of 0.11 or newer"
        )
    return encode_message_set(rows, magic, codec, level)


def encode_message_set(
    rows: Sequence[Row],
    magic: int,
    codec: int,
    level: int | None = None,
) -> bytes:
    """Encode ``(timestamp, key, value)`` rows as a message set of format ``magic`` (0 or 1).

    :param rows: timestamps in milliseconds since 1970 (-1: none); format 0 has none and
        ignores them. Offsets are 0 to n-1: the broker replaces them.
    :param codec: a :class:`~pykafka.common.CompressionType` number; other than ``NONE``, the
        set is put compressed into one wrapper message, whose timestamp is the latest inside.
    :param level: the codec's compression level, ``None`` for its default.
    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises UnsupportedVersion: zstd, which these formats do not have.
    """
    if codec == CompressionType.ZSTD:
        raise UnsupportedVersion("zstd needs record format 2: a broker of 2.1 or newer")
    plain = encode_plain(rows, magic)
    if plain is None:
        plain = _encode_v1(rows) if magic else _encode_v0(rows)
    if codec == CompressionType.NONE or not rows:
        return plain
    packed = codecs.compress(codec, plain, magic=magic, level=level)
    latest = max(row[0] for row in rows) if magic else 0
    return _message(len(rows) - 1, magic, codec, latest, None, packed)


def _message(
    offset: int,
    magic: int,
    attributes: int,
    timestamp: int,
    key: bytes | None,
    value: bytes | None,
) -> bytes:
    """Any one message; the loops below write the usual ones faster."""
    body = b"".join(
        (
            bytes((magic, attributes)),
            _int64(timestamp) if magic else b"",
            _int32(-1 if key is None else len(key)),
            key or b"",
            _int32(-1 if value is None else len(value)),
            value or b"",
        )
    )
    return _head(offset, len(body) + 4, crc32(body)) + body


class _KeylessV0(dict[int, tuple[bytes, int]]):
    """By value length: what stands between checksum and value if the key is null, and the
    checksum of that, from which the value's goes on."""

    def __missing__(self, length: int) -> tuple[bytes, int]:
        prefix = struct.pack(">Hii", 0, -1, length)
        entry = (prefix, crc32(prefix))
        if length < 16384:
            self[length] = entry
        return entry


class _Keyed(dict[int, "Callable[..., bytes]"]):
    """By key length: what packs all that stands between checksum and value."""

    def __init__(self, timestamp: str) -> None:
        super().__init__()
        self._format = f">H{timestamp}i%dsi"

    def __missing__(self, key_length: int) -> Callable[..., bytes]:
        pack = struct.Struct(self._format % key_length).pack
        if key_length < 1024:
            self[key_length] = pack
        return pack


_KEYLESS_V0 = _KeylessV0()
_KEYED_V0 = _Keyed("")
_KEYED_V1 = _Keyed("q")
_KIND_V1 = 1 << 8  # magic byte and attributes as one number
_keyless_v1 = struct.Struct(">Hqii").pack


# The two loops: one "+=" per message and one join in the end; the value is never copied
# before, because its checksum goes on from that of what stands before it. Variants that
# join a message first win 20 ns on short values and lose 300 on 1.5 KB.


def _encode_v0(rows: Sequence[Row]) -> bytes:
    parts: list[bytes] = []
    head, checksum, keyless, keyed = _head, crc32, _KEYLESS_V0, _KEYED_V0
    for offset, (_, key, value) in enumerate(rows):
        if value is None:
            parts.append(_message(offset, 0, 0, 0, key, None))
            continue
        length = len(value)
        if key is None:
            prefix, before = keyless[length]
            parts += (head(offset, length + 14, checksum(value, before)), prefix, value)
        else:
            key_length = len(key)
            prefix = keyed[key_length](0, key_length, key, length)
            crc = checksum(value, checksum(prefix))
            parts += (head(offset, key_length + length + 14, crc), prefix, value)
    return b"".join(parts)


def _encode_v1(rows: Sequence[Row]) -> bytes:
    parts: list[bytes] = []
    head, checksum, keyless, keyed = _head, crc32, _keyless_v1, _KEYED_V1
    for offset, (timestamp, key, value) in enumerate(rows):
        if value is None:
            parts.append(_message(offset, 1, 0, timestamp, key, None))
            continue
        length = len(value)
        if key is None:
            size = length + 22
            prefix = keyless(_KIND_V1, timestamp, -1, length)
        else:
            key_length = len(key)
            size = key_length + length + 22
            prefix = keyed[key_length](_KIND_V1, timestamp, key_length, key, length)
        parts += (head(offset, size, checksum(value, checksum(prefix))), prefix, value)
    return b"".join(parts)
