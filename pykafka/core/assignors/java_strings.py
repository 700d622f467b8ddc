"""Strings as Java orders and hashes them: members of a group must agree on both."""

from __future__ import annotations

import struct

__all__ = ["hash_of", "order_of"]


def order_of(text: str) -> bytes:
    """A key to sort by.

    Java compares UTF-16 units, so that what lies beyond U+FFFF stands before U+E000.
    """
    return text.encode("utf-16-be", "surrogatepass")


def hash_of(text: str) -> int:
    """The hash code: a polynomial in 31 over the UTF-16 units, in 32 bits with sign."""
    data = order_of(text)
    value = 0
    for unit in struct.unpack(f">{len(data) // 2}H", data):
        value = (31 * value + unit) & 0xFFFFFFFF
    return value - ((value & 0x80000000) << 1)
