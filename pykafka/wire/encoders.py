"""Generates the function that encodes one version of a message class.

The whole message becomes one function with a loop for each array. Adjacent values of fixed
size, lengths included, are written with one ``pack``. Parts are appended to a list and joined
once: no sizes are computed beforehand.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..exceptions import UnsupportedVersion
from .primitives import (
    LONGEST_TEXT,
    UUID,
    ArrayCodecs,
    ArrayOf,
    Fixed,
    Sized,
    StructOf,
    WireType,
    encode_uvarint,
)
from .source import FunctionSource

if TYPE_CHECKING:
    from .schema import ApiMessage, Field, Struct

__all__ = ["compile_encoder"]

_ARRAYS: dict[str, ArrayCodecs] = {}


def compile_encoder(
    message: type[ApiMessage], version: int
) -> Callable[[Any, Callable[[bytes], None]], None]:
    """A function from a message and ``append`` to nothing.

    It raises :exc:`UnsupportedVersion`, or for values that their fields cannot hold
    :exc:`struct.error`, :exc:`TypeError`, :exc:`AttributeError` or :exc:`ValueError`.
    """
    return _EncoderSource(message, version).compile()


def _lacking(message: str, version: int, field: str, versions: str) -> UnsupportedVersion:
    return UnsupportedVersion(
        f"{message} v{version} cannot carry {field}: it takes version {versions}"
    )


def _uuid(value: bytes) -> bytes:
    if len(value) != 16:
        raise ValueError(f"a UUID has 16 bytes, not {len(value)}")
    return value


def _binary(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{type(value).__name__} is no bytes")
    return bytes(value)


def _tagged_fields(fields: Iterable[tuple[int, list[bytes]]]) -> bytes:
    """Number of the fields, then for each: tag, size, content (KIP-482)."""
    parts = [b""]
    count = 0
    for tag, content in fields:
        value = b"".join(content)
        parts += (encode_uvarint(tag), encode_uvarint(len(value)), value)
        count += 1
    parts[0] = encode_uvarint(count)
    return b"".join(parts)


class _EncoderSource(FunctionSource):
    def __init__(self, message: type[ApiMessage], version: int) -> None:
        super().__init__(
            "encode(m, w)",
            {
                "binary": _binary,
                "lacking": _lacking,
                "tagged_fields": _tagged_fields,
                "uuid": _uuid,
                "uvarint": encode_uvarint,
            },
        )
        self.message = message
        self.version = version
        self.flexible = version in message.flexible_versions
        #: What appends to the list that is being filled.
        self.append = "w"

    def compile(self) -> Callable[[Any, Callable[[bytes], None]], None]:
        self.emit("pass")
        self.struct(self.message, "m", "")
        self.flush()
        return self.define(f"encoder of {self.message.__name__} v{self.version}")

    def flush(self) -> None:
        """Emit the one call that writes what has gathered in the run."""
        if not self.run:
            return
        layout = struct.Struct(">" + "".join(code for code, _ in self.run))
        values = ", ".join(expression for _, expression in self.run if expression)
        self.run = []
        self.emit(f"{self.append}({self.constant('pack', layout.pack)}({values}))")

    def length(self, code: str) -> None:
        """Write ``n`` as a length or count, together with the run before it."""
        if self.flexible:
            self.flush()
            self.emit(f"{self.append}(uvarint(n + 1))")
        else:
            self.run.append((code, "n"))
            self.flush()

    def value(self, wire: WireType[Any], nullable: bool, expression: str) -> None:
        if isinstance(wire, Fixed):
            self.run.append((wire.code, f"uuid({expression})" if wire is UUID else expression))
        elif isinstance(wire, StructOf):
            self.nested(wire, nullable, expression)
        elif isinstance(wire, Sized):
            self.sized(wire, nullable, expression)
        elif isinstance(wire, ArrayOf):
            self.array(wire.element, nullable, expression)
        else:
            raise TypeError(f"{wire!r} cannot be encoded")

    def sized(self, wire: Sized[Any], nullable: bool, expression: str) -> None:
        convert = "s.encode()" if wire.text else "s if s.__class__ is bytes else binary(s)"
        self.emit(f"s = {expression}")
        if nullable:
            self.emit("if s is None:")
            self.emit('    s = b""; n = -1')
            self.emit("else:")
            self.emit(f"    s = {convert}; n = len(s)")
        else:
            self.emit(f"s = {convert}; n = len(s)")
        if self.flexible and wire.text:
            # The compact length would hold more, but brokers keep to what all versions hold.
            self.emit(f'if n > {LONGEST_TEXT}: raise ValueError("too long")')
        self.length(wire.code)
        self.emit(f"{self.append}(s)")

    def array(self, element: WireType[Any], nullable: bool, expression: str) -> None:
        values = self.unique("a")
        self.emit(f"{values} = {expression}")
        if nullable:
            self.emit(f"if {values} is None:")
            self.emit(f"    {values} = (); n = -1")
            self.emit("else:")
            self.emit(f"    n = len({values})")
        else:
            self.emit(f"n = len({values})")
        self.length("i")
        if isinstance(element, Fixed) and element is not UUID:
            calls = _ARRAYS.setdefault(element.code, ArrayCodecs(element.code, "pack"))
            name = self.constant("arrays", calls)
            self.emit(f"{self.append}({name}[len({values})](*{values}))")
            return
        item = self.unique("m")
        with self.block(f"for {item} in {values}:"):
            self.value(element, False, item)

    def nested(self, wire: StructOf[Any], nullable: bool, expression: str) -> None:
        inner = self.unique("m")
        self.emit(f"{inner} = {expression}")
        if not nullable:
            self.struct(wire.struct, inner, wire.name)
            return
        # A nullable struct is led by a byte: negative for null.
        self.flush()
        with self.block(f"if {inner} is None:"):
            self.run.append(("b", "-1"))
        with self.block("else:"):
            self.run.append(("b", "1"))
            self.struct(wire.struct, inner, wire.name)

    def struct(self, cls: type[Struct], source: str, path: str) -> None:
        tagged = []
        for spec in cls.fields:
            if self.version not in spec.versions:
                self.refuse(spec, source, path)
            elif spec.tag is not None:
                tagged.append(spec)
            else:
                nullable = self.version in spec.nullable
                self.value(spec.type, nullable, f"{source}.{spec.name}")
        if not self.flexible:
            return
        if tagged:
            self.tagged_fields(tagged, source)
        else:
            self.run.append(("x", ""))

    def refuse(self, spec: Field, source: str, path: str) -> None:
        """A value that this version would lose is an error, unless the loss does no harm."""
        if spec.ignorable:
            return
        name = f"{path}.{spec.name}" if path else spec.name
        self.emit(f"if {self.not_default(spec, source)}:")
        self.emit(
            f"    raise lacking({self.message.__name__!r}, {self.version}, {name!r}, "
            f"{_versions_text(spec.versions, self.message.valid_versions)!r})"
        )

    def not_default(self, spec: Field, source: str) -> str:
        value = f"{source}.{spec.name}"
        if spec.factory is list:
            return value
        if spec.default is None:
            return f"{value} is not None"
        return f"{value} != {self.constant('default', spec.default)}"

    def tagged_fields(self, fields: list[Field], source: str) -> None:
        self.flush()
        outer = self.append
        gathered = self.unique("tags")
        self.emit(f"{gathered} = []")
        for spec in sorted(fields, key=lambda spec: spec.tag or 0):
            parts = self.unique("parts")
            self.append = f"{parts}.append"
            with self.block(f"if {self.not_default(spec, source)}:"):
                self.emit(f"{parts} = []")
                nullable = self.version in spec.nullable
                self.value(spec.type, nullable, f"{source}.{spec.name}")
                self.flush()
                self.emit(f"{gathered}.append(({spec.tag}, {parts}))")
        self.append = outer
        self.emit(f"{self.append}(tagged_fields({gathered}))")


def _versions_text(versions: range, valid: range) -> str:
    first, last = max(versions.start, valid.start), min(versions.stop, valid.stop) - 1
    return f"{first}" if first == last else f"{first} to {last}"
