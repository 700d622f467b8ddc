"""Vocabulary shared by every layer: codec numbers, magic offsets, the epoch."""

from __future__ import annotations

import datetime as dt

from .message import Message

__all__ = ["CODECS", "EPOCH", "CompressionType", "Message", "OffsetType"]

#: Naive UTC, as in 2.x: timestamps count milliseconds from here.
EPOCH = dt.datetime(1970, 1, 1)


class CompressionType:
    """Codec numbers as they stand in a message's attributes (bits 0-2)."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


#: Codec numbers by the names that Kafka's tools and clients know them under.
CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
    "zstd": CompressionType.ZSTD,
}


class OffsetType:
    """Magic offsets of a ListOffsets request; usable wherever an offset to start from is asked."""

    EARLIEST = -2
    LATEST = -1
