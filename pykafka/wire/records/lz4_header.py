"""The LZ4 frame header as Kafka before 0.10 wrote it.

An LZ4 frame starts with a magic number, descriptor bytes and one byte of checksum over the
descriptor. Kafka 0.8 and 0.9 took that checksum over the magic number as well (KIP-57):
brokers and consumers of these releases refuse a correct frame, everybody else refuses
theirs. Since 0.10 message format v0 means the wrong checksum and v1 the correct one.
"""

from __future__ import annotations

__all__ = ["accept_old_checksum", "with_old_checksum"]

_MAGIC = b"\x04\x22\x4d\x18"
_PLAIN_HEADER = 7  # magic number, two descriptor bytes, checksum
_HAS_LONGER_HEADER = 0x08 | 0x01  # flags: a content size or a dictionary id follows

_PRIME_1, _PRIME_2, _PRIME_3, _PRIME_4, _PRIME_5 = (
    2654435761,
    2246822519,
    3266489917,
    668265263,
    374761393,
)
_MASK = 0xFFFFFFFF


def _rotated(value: int, bits: int) -> int:
    value &= _MASK
    return (value << bits | value >> (32 - bits)) & _MASK


def _xxh32_short(data: bytes) -> int:
    """xxHash-32 with seed 0 of fewer than 16 bytes (longer input has a stage before these)."""
    value = (_PRIME_5 + len(data)) & _MASK
    words = len(data) & ~3
    for start in range(0, words, 4):
        word = int.from_bytes(data[start : start + 4], "little")
        value = _rotated(value + word * _PRIME_3, 17) * _PRIME_4
    for byte in data[words:]:
        value = _rotated(value + byte * _PRIME_5, 11) * _PRIME_1
    value &= _MASK
    value = (value ^ value >> 15) * _PRIME_2 & _MASK
    value = (value ^ value >> 13) * _PRIME_3 & _MASK
    return value ^ value >> 16


def _checksum(covered: bytes) -> int:
    return _xxh32_short(covered) >> 8 & 0xFF


def with_old_checksum(frame: bytes) -> bytes:
    """The same frame with the checksum that Kafka 0.8 and 0.9 want.

    ``frame`` must have no content size and no dictionary id: these releases know neither.
    """
    return frame[:6] + bytes((_checksum(frame[:6]),)) + frame[7:]


def accept_old_checksum(frame: bytes) -> bytes:
    """The frame with a correct checksum if it had the old one; else just as it is."""
    if (
        len(frame) < _PLAIN_HEADER
        or not frame.startswith(_MAGIC)
        or frame[4] & _HAS_LONGER_HEADER
        or frame[6] != _checksum(frame[:6])
    ):
        return frame
    return frame[:6] + bytes((_checksum(frame[4:6]),)) + frame[7:]
