"""From rows to the bytes of a message set, ready for a Produce request."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ...common import CompressionType
from ...exceptions import UnsupportedVersion
from . import codecs
from .checksums import crc32

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MESSAGE_OVERHEAD", "encode_message_set", "encoded_size"]

#: Bytes of a message beside its key and value, by magic.
MESSAGE_OVERHEAD = (26, 34)

_head_v0 = struct.Struct(">BBi").pack
_head_v1 = struct.Struct(">BBqi").pack
_entry = struct.Struct(">qiI").pack
_int32 = struct.Struct(">i").pack


def encoded_size(key_len: int, value_len: int, magic: int) -> int:
    """Bytes that a message takes in an uncompressed set; a null has length 0."""
    return MESSAGE_OVERHEAD[magic] + key_len + value_len


def encode_message_set(
    rows: Sequence[tuple[int, bytes | None, bytes | None]],
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
    plain = _encode(rows, magic)
    if codec == CompressionType.NONE or not rows:
        return plain
    packed = codecs.compress(codec, plain, magic=magic, level=level)
    latest = max(row[0] for row in rows) if magic else 0
    return _encode([(latest, None, packed)], magic, codec, len(rows) - 1)


def _encode(
    rows: Sequence[tuple[int, bytes | None, bytes | None]],
    magic: int,
    attributes: int = 0,
    first_offset: int = 0,
) -> bytes:
    parts: list[bytes] = []
    overhead = MESSAGE_OVERHEAD[magic] - 12
    for offset, (timestamp, key, value) in enumerate(rows, first_offset):
        key_size = -1 if key is None else len(key)
        value_size = -1 if value is None else len(value)
        head = (
            _head_v1(magic, attributes, timestamp, key_size)
            if magic
            else _head_v0(magic, attributes, key_size)
        )
        prefix = head + (key or b"") + _int32(value_size)
        content = value or b""
        crc = crc32(content, crc32(prefix))
        size = overhead + max(key_size, 0) + len(content)
        parts += (_entry(offset, size, crc), prefix, content)
    return b"".join(parts)
