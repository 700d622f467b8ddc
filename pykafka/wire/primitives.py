"""What a field can hold: the types of Kafka's protocol, and the numbers they are built of.

Facts are from Kafka's protocol guide and KIP-482 (flexible versions). All integers are big
endian. A length of -1 says *null*. In flexible versions a length is an unsigned varint of
the length plus one, where zero says null.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..exceptions import MalformedDataError

if TYPE_CHECKING:
    from .schema import Struct

__all__ = [
    "BOOL",
    "BYTES",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "LONGEST_TEXT",
    "RECORDS",
    "STRING",
    "UUID",
    "ZERO_UUID",
    "ArrayOf",
    "Fixed",
    "Sized",
    "StructOf",
    "WireType",
    "decode_uvarint",
    "encode_uvarint",
    "skip_tagged_fields",
]

T = TypeVar("T")


class WireType(Generic[T]):
    """How a value of Python type ``T`` stands on the wire."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


class Fixed(WireType[T]):
    """A value of constant size.

    :ivar code: its :mod:`struct` code.
    :ivar size: in bytes.
    """

    __slots__ = ("code", "size")

    def __init__(self, name: str, code: str) -> None:
        super().__init__(name)
        self.code = code
        self.size = struct.calcsize(">" + code)


class Sized(WireType[T]):
    """A length, then so many bytes.

    :ivar code: the :mod:`struct` code of the length in versions that are not flexible.
    :ivar text: whether the bytes are UTF-8.
    """

    __slots__ = ("code", "text")

    def __init__(self, name: str, code: str, *, text: bool) -> None:
        super().__init__(name)
        self.code = code
        self.text = text


class StructOf(WireType[T]):
    """The fields of a :class:`~pykafka.wire.schema.Struct`, one after the other."""

    __slots__ = ("struct",)

    def __init__(self, struct_class: type[Struct]) -> None:
        super().__init__(struct_class.__name__)
        self.struct = struct_class


class ArrayOf(WireType[list[T]]):
    """A count, then so many elements."""

    __slots__ = ("element",)

    def __init__(self, element: WireType[T] | type[T]) -> None:
        self.element = as_wire_type(element)
        super().__init__("[]" + self.element.name)


def as_wire_type(declared: WireType[T] | type[T]) -> WireType[T]:
    """A declaration names a struct by its class alone."""
    return declared if isinstance(declared, WireType) else StructOf(declared)  # type: ignore[arg-type]  # no wire type


BOOL: Fixed[bool] = Fixed("bool", "?")
INT8: Fixed[int] = Fixed("int8", "b")
INT16: Fixed[int] = Fixed("int16", "h")
INT32: Fixed[int] = Fixed("int32", "i")
INT64: Fixed[int] = Fixed("int64", "q")
#: 16 ``bytes``; :data:`ZERO_UUID` stands for none.
UUID: Fixed[bytes] = Fixed("uuid", "16s")
STRING: Sized[str] = Sized("string", "h", text=True)
BYTES: Sized[bytes] = Sized("bytes", "i", text=False)
#: A message set or record batches, as they are; :mod:`pykafka.wire.records` reads them.
RECORDS: Sized[bytes] = Sized("records", "i", text=False)

ZERO_UUID = bytes(16)

#: Lengths beyond this are not tried to be read: Kafka's are signed 32 bit numbers.
_LARGEST = 0x7FFFFFFF
#: Bytes of a string, in every version.
LONGEST_TEXT = 0x7FFF
_SHORT_UVARINTS = tuple(bytes((n,)) for n in range(128))


def encode_uvarint(number: int) -> bytes:
    """``number`` (not negative), seven bits to a byte, lowest first."""
    if number < 128:
        return _SHORT_UVARINTS[number]
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def decode_uvarint(data: bytes | memoryview, position: int) -> tuple[int, int]:
    """The number that starts at ``position``, and the position behind it.

    :raises MalformedDataError: it is larger than 31 bits.
    :raises IndexError: the data ends within it.
    """
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 28:
            break
    if byte > 127 or number > _LARGEST:
        raise MalformedDataError(f"the varint before byte {position} exceeds 31 bits")
    return number, position


def skip_tagged_fields(data: bytes | memoryview, position: int, count: int) -> int:
    """Pass over ``count`` tagged fields that this package does not know (KIP-482)."""
    for _ in range(count):
        _, position = decode_uvarint(data, position)
        size, position = decode_uvarint(data, position)
        position += size
    return position


class ArrayCodecs(dict[int, Callable[..., Any]]):
    """The :mod:`struct` call for an array of fixed-size elements, by its length.

    Formats of usual lengths are kept: to build one costs more than to use it.
    """

    def __init__(self, code: str, method: str) -> None:
        super().__init__()
        self._code = code
        self._method = method

    def __missing__(self, count: int) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(struct.Struct(">" + self._code * count), self._method)
        if count < 256:
            self[count] = call
        return call
