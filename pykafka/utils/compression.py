"""Compression under its 2.x names; the codecs are in :mod:`pykafka.wire.records.codecs`.

All functions take bytes or a buffer and return bytes. Encoders and decoders raise
:exc:`~pykafka.exceptions.CodecNotAvailableError` without their package (2.x had ``None`` in
their place); decoders raise :exc:`~pykafka.exceptions.MalformedDataError` on damage and on
anything that would become larger than
:data:`~pykafka.wire.records.decode.DEFAULT_MAX_DECOMPRESSED_BYTES`. Safe in any thread.
"""

from __future__ import annotations

from ..common import CompressionType
from ..wire.records import codecs, xerial
from ..wire.records.decode import DEFAULT_MAX_DECOMPRESSED_BYTES

__all__ = [
    "decode_gzip",
    "decode_lz4",
    "decode_lz4_old_kafka",
    "decode_lz4f",
    "decode_snappy",
    "encode_gzip",
    "encode_lz4",
    "encode_lz4_old_kafka",
    "encode_snappy",
]

Buffer = bytes | bytearray | memoryview


def _decode(codec: int, buff: Buffer) -> bytes:
    return codecs.decompress(codec, bytes(buff), DEFAULT_MAX_DECOMPRESSED_BYTES)


def encode_gzip(buff: Buffer) -> bytes:
    """Compress as one gzip member."""
    return codecs.compress(CompressionType.GZIP, bytes(buff), magic=1)


def decode_gzip(buff: Buffer) -> bytes:
    """Decompress all gzip members in ``buff``."""
    return _decode(CompressionType.GZIP, buff)


def encode_snappy(
    buff: Buffer, xerial_compatible: bool = False, xerial_blocksize: int = 32 * 1024
) -> bytes:
    """Compress as one bare block, or framed as Kafka's Java clients want it.

    :param xerial_compatible: frame it, in blocks of ``xerial_blocksize`` bytes of input.
    """
    if not xerial_compatible:
        return codecs.snappy_block(bytes(buff))
    return xerial.frame(bytes(buff), codecs.snappy_block, xerial_blocksize)


def decode_snappy(buff: Buffer) -> bytes:
    """Decompress a bare block or framed ones."""
    return _decode(CompressionType.SNAPPY, buff)


def encode_lz4(buff: Buffer) -> bytes:
    """Compress as an LZ4 frame with independent blocks."""
    return codecs.compress(CompressionType.LZ4, bytes(buff), magic=1)


def decode_lz4(buff: Buffer) -> bytes:
    """Decompress LZ4 frames, with a correct header checksum or that of Kafka 0.8."""
    return _decode(CompressionType.LZ4, buff)


#: The same: 2.x chose between two packages.
decode_lz4f = decode_lz4


def encode_lz4_old_kafka(buff: Buffer) -> bytes:
    """Compress as an LZ4 frame with the header checksum of Kafka 0.8 and 0.9 (KIP-57)."""
    return codecs.compress(CompressionType.LZ4, bytes(buff), magic=0)


#: The same: both header checksums are read.
decode_lz4_old_kafka = decode_lz4
