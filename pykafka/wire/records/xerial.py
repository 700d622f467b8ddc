"""Snappy's framing on Kafka's wire: that of the Java library by "xerial", not snappy's own.

A header of 16 bytes (magic, version, lowest compatible version), then blocks, each one its
compressed size (int32, big endian) and a raw snappy block. Kafka's Java clients and
brokers write nothing else and read nothing else; some other clients (pykafka 2.x among
them) wrote one bare raw block. (snappy-java's SnappyOutputStream; the header byte for byte
as broker 0.8.2.2 writes it.)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ...exceptions import MalformedDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BLOCK_SIZE", "blocks", "frame"]

_MAGIC = b"\x82SNAPPY\x00"
_HEADER = _MAGIC + struct.pack(">ii", 1, 1)
_SIZE = struct.Struct(">i")

#: Bytes of input per block: what snappy-java takes by default.
BLOCK_SIZE = 32 * 1024


def frame(
    data: bytes, compress_block: Callable[[bytes], bytes], block_size: int = BLOCK_SIZE
) -> bytes:
    """Frame ``data``, cut into blocks that ``compress_block`` makes raw snappy blocks of."""
    parts = [_HEADER]
    for start in range(0, len(data), block_size):
        block = compress_block(data[start : start + block_size])
        parts += (_SIZE.pack(len(block)), block)
    return b"".join(parts)


def blocks(data: bytes) -> Iterator[bytes]:
    """The raw snappy blocks in ``data``: framed ones, or ``data`` itself if it has no frame.

    :raises MalformedDataError: the frame ends early, a block is longer than what is there.
    """
    if not data.startswith(_MAGIC):
        yield data
        return
    position = len(_HEADER)
    if len(data) < position:
        raise MalformedDataError("snappy frame ends inside its header")
    while position < len(data):
        start = position + 4
        if start > len(data):
            raise MalformedDataError(f"snappy frame ends inside the size at byte {position}")
        (size,) = _SIZE.unpack_from(data, position)
        position = start + size
        if size < 0 or position > len(data):
            raise MalformedDataError(
                f"snappy frame of {len(data)} bytes holds a block of {size} bytes at byte {start}"
            )
        yield data[start:position]
