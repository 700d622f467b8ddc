"""Says which field of a message holds a value that cannot be encoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..exceptions import KafkaException, UnsupportedVersion, UsageError
from .primitives import LONGEST_TEXT, UUID, ArrayOf, Fixed, Sized, StructOf, WireType

if TYPE_CHECKING:
    from .schema import ApiMessage, Field, Struct

__all__ = ["explain"]


def explain(message: ApiMessage, version: int, error: Exception) -> KafkaException:
    """The error to raise after ``message`` could not be encoded because of ``error``."""
    title = f"{type(message).__name__} v{version}"
    found: KafkaException | None = next(_in_struct(message, version, title), None)
    return found or UsageError(f"{title} cannot be encoded: {error}")


def _in_struct(values: Struct, version: int, where: str) -> Iterator[KafkaException]:
    for spec in values.fields:
        if version in spec.versions:
            path = (
                f"{where}: {spec.name}" if where.endswith(f"v{version}") else f"{where}.{spec.name}"
            )
            value = getattr(values, spec.name)
            if value is None:
                yield from _null(spec, version, path)
            else:
                yield from _in_value(spec.type, value, version, path)


def _null(spec: Field, version: int, where: str) -> Iterator[KafkaException]:
    if version in spec.nullable:
        return
    if spec.nullable:
        yield UnsupportedVersion(f"{where} may be None from version {spec.nullable.start} on")
    else:
        yield UsageError(f"{where} may not be None")


def _in_value(
    wire: WireType[Any], value: Any, version: int, where: str
) -> Iterator[KafkaException]:
    if isinstance(wire, StructOf):
        if type(value) is wire.struct:
            yield from _in_struct(value, version, where)
        else:
            yield _unfit(where, value, wire)
    elif isinstance(wire, ArrayOf):
        if not isinstance(value, (list, tuple)):
            yield _unfit(where, value, wire)
            return
        for number, element in enumerate(value):
            yield from _in_value(wire.element, element, version, f"{where}[{number}]")
    elif not _fits(wire, value):
        yield _unfit(where, value, wire)


def _unfit(where: str, value: Any, wire: WireType[Any]) -> UsageError:
    # The value itself may be a secret or very long.
    shown = repr(value) if isinstance(value, (int, float)) else type(value).__name__
    return UsageError(f"{where}: {shown} does not fit {wire.name}")


def _fits(wire: WireType[Any], value: Any) -> bool:
    if wire is UUID:
        return isinstance(value, bytes) and len(value) == 16
    if isinstance(wire, Fixed):
        try:
            struct.pack(">" + wire.code, value)
        except struct.error:
            return False
        return True
    if not isinstance(wire, Sized):
        return False
    try:
        size = len(value.encode() if wire.text else memoryview(value).cast("B"))
    except (AttributeError, TypeError, UnicodeEncodeError):
        return False
    return size <= (LONGEST_TEXT if wire.text else 0x7FFFFFFE)
