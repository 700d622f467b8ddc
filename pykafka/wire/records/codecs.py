"""Compression of record sets: one table from codec number to what encodes and decodes it.

gzip is in the standard library. The other codecs' packages are imported on first use, so
that neither importing pykafka nor topics without compression need them. Decoders take a
limit and stop there: a few kilobytes from a broker cannot claim all memory.
"""

from __future__ import annotations

import zlib
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...common import CompressionType
from ...exceptions import CodecNotAvailableError, MalformedDataError
from . import lz4_header, xerial

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CODECS", "Codec", "compress", "decompress", "require_codec", "snappy_block"]


class Codec(NamedTuple):
    """What is known about one codec.

    :ivar name: as in Kafka's ``compression.type``.
    :ivar package: what to install for it, ``None`` where the standard library has it.
    :ivar encode: ``(data, level)`` -> bytes; level ``None`` is the codec's own default, and
        codecs that have no levels ignore it.
    :ivar decode: ``(data, limit)`` -> bytes, at most ``limit`` of them.
    """

    name: str
    package: str | None
    encode: Callable[[bytes, int | None], bytes]
    decode: Callable[[bytes, int], bytes]


def compress(codec: int, data: bytes, *, magic: int, level: int | None = None) -> bytes:
    """Compress a record set for message format ``magic``.

    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises KeyError: ``codec`` is none of :data:`CODECS` (options are checked before).
    """
    compressed = CODECS[codec].encode(data, level)
    if codec == CompressionType.LZ4 and magic == 0:
        return lz4_header.with_old_checksum(compressed)
    return compressed


def require_codec(codec: int) -> None:
    """See that a codec can be used, before something depends on it.

    :raises CodecNotAvailableError: its package is not installed.
    """
    if codec != CompressionType.NONE:
        # Not nothing: of that, framed codecs compress no block.
        CODECS[codec].encode(b"\0", None)


def decompress(codec: int, data: bytes, limit: int) -> bytes:
    """Decompress what a broker or another client compressed, to at most ``limit`` bytes.

    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises MalformedDataError: unknown codec, damaged data, data after its end, or more than
        ``limit`` bytes in it.
    """
    found = CODECS.get(codec)
    if found is None:
        raise MalformedDataError(f"unknown codec {codec}")
    return found.decode(data, limit)


@cache
def _installed(codec: int, *modules: str) -> Any:
    """The first of ``modules`` (import names) that is there."""
    for module in modules:
        try:
            return import_module(module)
        except ImportError:
            continue
    name, package, *_ = CODECS[codec]
    raise CodecNotAvailableError(
        f"{name} needs the package {package}, which is not installed: pip install {package}"
    )


class _Decompressor(Protocol):
    """What bz2, lzma, lz4.frame and compression.zstd have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


# Output is taken in pieces of this size, because some decompressors reserve the whole piece.
_PIECE = 1 << 20


def _drain(
    codec: str, new: Callable[[], _Decompressor], data: bytes, limit: int, error: type[Exception]
) -> bytes:
    """Decompress every frame in ``data``."""
    pieces: list[bytes] = []
    size = 0
    while data or not pieces:
        decompressor = new()
        while not decompressor.eof:
            try:
                piece = decompressor.decompress(data, _PIECE)
            except error as reason:
                raise _damaged(codec, reason) from reason
            if not piece and not decompressor.eof:
                raise _damaged(codec, "it ends early")
            data = b""  # the decompressor keeps what it has not used
            pieces.append(piece)
            size += len(piece)
            _check_limit(codec, size, limit)
        data = decompressor.unused_data or b""
    return b"".join(pieces)


def _damaged(codec: str, reason: object) -> MalformedDataError:
    return MalformedDataError(f"damaged {codec} data: {reason}")


def _check_limit(codec: str, size: int, limit: int) -> None:
    if size > limit:
        raise MalformedDataError(f"{codec} data holds more than the {limit} bytes allowed")


# --- gzip ----------------------------------------------------------------------------

_GZIP_WINDOW = 31  # the largest window, and gzip's header around it


class _GzipDecompressor:
    """One gzip member behind the interface of the other decompressors."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(_GZIP_WINDOW)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._object.decompress(data or self._object.unconsumed_tail, max_length)


def _encode_gzip(data: bytes, level: int | None) -> bytes:
    compressor = zlib.compressobj(-1 if level is None else level, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor.compress(data) + compressor.flush()


def _decode_gzip(data: bytes, limit: int) -> bytes:
    return _drain("gzip", _GzipDecompressor, data, limit, zlib.error)


# --- snappy --------------------------------------------------------------------------


def snappy_block(data: bytes) -> bytes:
    """One bare snappy block; Kafka's own clients and brokers want blocks framed."""
    return bytes(_installed(CompressionType.SNAPPY, "cramjam").snappy.compress_raw(data))


def _encode_snappy(data: bytes, _level: int | None) -> bytes:
    return xerial.frame(data, snappy_block)


def _decode_snappy(data: bytes, limit: int) -> bytes:
    cramjam = _installed(CompressionType.SNAPPY, "cramjam")
    pieces = []
    size = 0
    for block in xerial.blocks(data):
        try:
            # A block states its size first, so that it can be refused before it is unpacked.
            size += cramjam.snappy.decompress_raw_len(block)
            _check_limit("snappy", size, limit)
            pieces.append(bytes(cramjam.snappy.decompress_raw(block)))
        except cramjam.DecompressionError as reason:
            raise _damaged("snappy", reason) from reason
    return b"".join(pieces)


# --- lz4 -----------------------------------------------------------------------------

_LZ4_BLOCK = 64 * 1024
# Frame version 1, independent blocks, nothing optional; blocks of at most 64 KB.
_LZ4_DESCRIPTOR = b"\x04\x22\x4d\x18\x60\x40\x82"


def _encode_lz4(data: bytes, level: int | None) -> bytes:
    """A frame that Kafka 0.8.2 can read too: it knows independent blocks only, no content
    size, and takes memory for the block size that the header states."""
    lz4 = _installed(CompressionType.LZ4, "lz4.frame", "cramjam")
    if lz4.__name__ == "cramjam":
        return _encode_lz4_by_block(lz4.lz4.compress_block, data)
    return lz4.compress(  # type: ignore[no-any-return]
        data,
        compression_level=0 if level is None else level,
        block_size=lz4.BLOCKSIZE_MAX64KB,
        block_linked=False,
        store_size=False,
    )


def _encode_lz4_by_block(compress_block: Callable[..., Any], data: bytes) -> bytes:
    parts = [_LZ4_DESCRIPTOR]
    for start in range(0, len(data), _LZ4_BLOCK):
        plain = data[start : start + _LZ4_BLOCK]
        packed = bytes(compress_block(plain, store_size=False))
        if len(packed) < len(plain):
            parts += (len(packed).to_bytes(4, "little"), packed)
        else:  # the highest bit says: stored as it is
            parts += ((len(plain) | 1 << 31).to_bytes(4, "little"), plain)
    parts.append(bytes(4))
    return b"".join(parts)


def _decode_lz4(data: bytes, limit: int) -> bytes:
    data = lz4_header.accept_old_checksum(data)
    lz4 = _installed(CompressionType.LZ4, "lz4.frame", "cramjam")
    if lz4.__name__ == "cramjam":
        return _decode_lz4_into_buffer(lz4, data, limit)
    return _drain("lz4", lz4.LZ4FrameDecompressor, data, limit, RuntimeError)


def _decode_lz4_into_buffer(cramjam: Any, data: bytes, limit: int) -> bytes:
    # No byte of LZ4 can stand for more than 255. The system gives zeroed memory page by page
    # when it is written, so that the unused part of the buffer costs nothing.
    buffer = bytearray(min(limit, 255 * len(data)))
    try:
        size = cramjam.lz4.decompress_into(data, buffer)
    except cramjam.DecompressionError as reason:
        raise MalformedDataError(
            f"lz4 data is damaged or holds more than the {limit} bytes allowed: {reason}"
        ) from reason
    return bytes(memoryview(buffer)[:size])


# --- zstd ----------------------------------------------------------------------------


def _encode_zstd(data: bytes, level: int | None) -> bytes:
    zstd = _installed(CompressionType.ZSTD, "compression.zstd", "zstandard")
    return zstd.compress(data, 3 if level is None else level)  # type: ignore[no-any-return]


def _decode_zstd(data: bytes, limit: int) -> bytes:
    zstd = _installed(CompressionType.ZSTD, "compression.zstd", "zstandard")
    if zstd.__name__ == "zstandard":
        new = partial(_ZstandardDecompressor, zstd, limit)
        return _drain("zstd", new, data, limit, zstd.ZstdError)
    return _drain("zstd", zstd.ZstdDecompressor, data, limit, zstd.ZstdError)


class _ZstandardDecompressor:
    """One frame, by the package zstandard, behind the interface of the other decompressors.

    The package bounds what goes in, not what comes out. Four bytes can stand for 128 KB at
    most, so that input comes in steps that cannot give much more than the limit.
    """

    _LARGEST_RATIO = 128 * 1024 // 4

    def __init__(self, zstandard: Any, limit: int) -> None:
        self._object = zstandard.ZstdDecompressor().decompressobj()
        self._step = max(64, limit // self._LARGEST_RATIO)
        self._rest = b""
        self._position = 0

    @property
    def eof(self) -> bool:
        return bool(self._object.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._object.unused_data) + self._rest[self._position :]

    def decompress(self, data: bytes, _max_length: int) -> bytes:
        self._rest = data or self._rest
        piece = b""
        while not piece and not self.eof and self._position < len(self._rest):
            end = self._position + self._step
            piece = self._object.decompress(self._rest[self._position : end])
            self._position = end
        return piece


#: Every codec, by the number that stands in a message's attributes.
CODECS: dict[int, Codec] = {
    CompressionType.GZIP: Codec("gzip", None, _encode_gzip, _decode_gzip),
    CompressionType.SNAPPY: Codec("snappy", "cramjam", _encode_snappy, _decode_snappy),
    CompressionType.LZ4: Codec("lz4", "lz4", _encode_lz4, _decode_lz4),
    CompressionType.ZSTD: Codec("zstd", "zstandard", _encode_zstd, _decode_zstd),
}
