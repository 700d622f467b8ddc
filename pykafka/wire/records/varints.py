"""Variable-length numbers as records of format 2 have them: zig-zag, 7 bits a byte.

The lowest bits come first, the highest bit of a byte says that another follows, and the sign
is the lowest bit of all: 0, -1, 1, -2 are 0, 1, 2, 3. (KIP-98; Protocol Buffers' sint64.)
"""

from __future__ import annotations

from ...exceptions import MalformedDataError

__all__ = ["read_bytes", "read_length", "read_varint", "varint"]

_LONGEST = 10  # bytes of a number of 64 bits


def varint(number: int) -> bytes:
    """The bytes of a number of at most 64 bits."""
    rest = number << 1 ^ number >> 63
    if rest < 128:
        return bytes((rest,))
    encoded = bytearray()
    while rest > 127:
        encoded.append(rest & 127 | 128)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The number at ``position`` and the position after it.

    :raises IndexError: the data ends inside it.
    :raises MalformedDataError: it takes more than 10 bytes.
    """
    byte = data[position]
    if byte < 128:
        return byte >> 1 ^ -(byte & 1), position + 1
    high = data[position + 1]
    if high < 128:
        return (byte & 127 | high << 7) >> 1 ^ -(byte & 1), position + 2
    number = shift = 0
    for place in range(position, position + _LONGEST):
        byte = data[place]
        number |= (byte & 127) << shift
        if byte < 128:
            return number >> 1 ^ -(number & 1), place + 1
        shift += 7
    raise MalformedDataError(f"the number at byte {position} takes more than {_LONGEST} bytes")


def read_length(data: bytes, position: int) -> tuple[int, int]:
    """:func:`read_varint` of what cannot be negative.

    :raises MalformedDataError: it is.
    """
    length, after = read_varint(data, position)
    if length < 0:
        raise MalformedDataError(f"the length or count at byte {position} is {length}")
    return length, after


def read_bytes(data: bytes, position: int) -> tuple[bytes | None, int]:
    """Bytes behind their length, ``None`` where that is -1, and the position after them.

    :raises IndexError: the data ends before them.
    :raises MalformedDataError: a length below -1, or beyond the data.
    """
    length, start = read_varint(data, position)
    if length == -1:
        return None, start
    end = start + length
    if length < 0 or end > len(data):
        raise MalformedDataError(f"the length at byte {position} is {length}")
    return data[start:end], end
