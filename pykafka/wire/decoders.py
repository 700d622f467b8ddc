"""Generates the function that decodes one version of a message class.

The whole message becomes one function with a loop for each array, so that a partition costs
no call. Adjacent values of fixed size, lengths included, are taken with one ``unpack_from``.

What is checked where: counts and sizes against the bytes left before anything is made of
them; the end of a string only by the next read or by the check at the very end, since both
fail beyond the data (a slice cannot be longer than the data, so nothing large is made).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..exceptions import MalformedDataError
from .primitives import (
    RECORDS,
    ArrayCodecs,
    ArrayOf,
    Fixed,
    Sized,
    StructOf,
    WireType,
    decode_uvarint,
    skip_tagged_fields,
)
from .source import FunctionSource

if TYPE_CHECKING:
    from .schema import ApiMessage, Field, Struct

__all__ = ["compile_decoder"]

_ARRAYS: dict[str, ArrayCodecs] = {}


def compile_decoder(message: type[ApiMessage], version: int) -> Callable[[Any], Any]:
    """A function from a whole body to the message.

    It raises :exc:`MalformedDataError`, :exc:`struct.error`, :exc:`IndexError` or
    :exc:`UnicodeDecodeError` for anything that is not one.
    """
    return _DecoderSource(message, version).compile()


def _malformed(where: str, length: int, left: int) -> MalformedDataError:
    return MalformedDataError(f"{where}: a length of {length} where {left} bytes are left")


def _leftover(where: str, position: int, end: int) -> MalformedDataError:
    if position > end:
        return MalformedDataError(f"{where}: ends {position - end} bytes early")
    return MalformedDataError(f"{where}: {end - position} bytes too many")


class _DecoderSource(FunctionSource):
    def __init__(self, message: type[ApiMessage], version: int) -> None:
        super().__init__(
            "decode(data)",
            {
                "malformed": _malformed,
                "leftover": _leftover,
                "uvarint": decode_uvarint,
                "skip_tagged_fields": skip_tagged_fields,
                "new": object.__new__,
            },
        )
        self.message = message
        self.version = version
        self.flexible = version in message.flexible_versions
        # Of a message with records only these are worth copying: it is read through a view.
        # Any other is copied first, because bytes are quicker to take apart.
        self.by_view = _contains_records(message)
        self.title = f"{message.__name__} v{version}"

    def compile(self) -> Callable[[Any], Any]:
        self.emit("p = 0")
        self.emit("end = len(data)")
        root = self.struct(self.message, self.title)
        self.emit("if p != end:")
        self.emit(f"    raise leftover({self.title!r}, p, end)")
        self.emit(f"return {root}")
        decode = self.define(f"decoder of {self.title}")
        return _through_view(decode) if self.by_view else _through_bytes(decode)

    # --- values of fixed size ---------------------------------------------------------

    def flush(self) -> None:
        """Emit the one call that reads what has gathered in the run."""
        if not self.run:
            return
        codes = [code for code, _ in self.run]
        targets = ", ".join(target for _, target in self.run)
        self.run = []
        if codes == ["B"]:
            self.emit(f"{targets} = data[p]")
            self.emit("p += 1")
            return
        layout = struct.Struct(">" + "".join(codes))
        unpack = self.constant("unpack", layout.unpack_from)
        self.emit(f"{targets}, = {unpack}(data, p)")
        self.emit(f"p += {layout.size}")

    def length(self, code: str) -> None:
        """Read a length or count into ``n``, together with the run before it."""
        self.run.append(("B" if self.flexible else code, "n"))
        self.flush()
        if self.flexible:
            self.emit("if n > 127:")
            self.emit("    n, p = uvarint(data, p - 1)")
            self.emit("n -= 1")

    # --- everything -------------------------------------------------------------------

    def value(self, wire: WireType[Any], nullable: bool, target: str, where: str) -> None:
        if isinstance(wire, Fixed):
            self.run.append((wire.code, target))
        elif isinstance(wire, StructOf):
            self.nested(wire, nullable, target, where)
        elif isinstance(wire, Sized):
            self.length(wire.code)
            with self.unless_null(nullable, target):
                self.sized(wire, target, where)
        elif isinstance(wire, ArrayOf):
            self.length("i")
            with self.unless_null(nullable, target):
                self.array(wire.element, target, where)
        else:
            raise TypeError(f"{where}: {wire!r} cannot be decoded")

    @contextmanager
    def unless_null(self, nullable: bool, target: str) -> Iterator[None]:
        """What is emitted within handles ``n``; other negative lengths than null too."""
        if not nullable:
            yield
            return
        self.emit("if n == -1:")
        self.emit(f"    {target} = None")
        with self.block("else:"):
            yield

    def refuse_unless(self, condition: str, where: str) -> None:
        self.emit(f"if not {condition}:")
        self.emit(f"    raise malformed({where!r}, n, end - p)")

    def sized(self, wire: Sized[Any], target: str, where: str) -> None:
        self.emit("e = p + n")
        if wire.text:
            self.refuse_unless("n >= 0", where)
            slice_ = 'str(data[p:e], "utf-8")' if self.by_view else "data[p:e].decode()"
        else:
            self.refuse_unless("p <= e <= end", where)
            slice_ = "bytes(data[p:e])" if self.by_view else "data[p:e]"
        self.emit(f"{target} = {slice_}")
        self.emit("p = e")

    def array(self, element: WireType[Any], target: str, where: str) -> None:
        if isinstance(element, Fixed):
            calls = _ARRAYS.setdefault(element.code, ArrayCodecs(element.code, "unpack_from"))
            self.emit(f"e = p + n * {element.size}")
            self.refuse_unless("p <= e <= end", where)
            self.emit(f"{target} = list({self.constant('arrays', calls)}[n](data, p))")
            self.emit("p = e")
            return
        least = _least_size(element, self.version, self.flexible)
        self.refuse_unless(f"0 <= n * {least} <= end - p", where)
        append = self.unique("append")
        self.emit(f"{target} = a = []")
        self.emit(f"{append} = a.append")
        with self.block("for _ in range(n):"):
            if isinstance(element, StructOf):
                item = self.struct(element.struct, where)
            else:
                item = "x"
                self.value(element, False, item, where)
            self.emit(f"{append}({item})")

    def nested(self, wire: StructOf[Any], nullable: bool, target: str, where: str) -> None:
        if not nullable:
            self.emit(f"{target} = {self.struct(wire.struct, where)}")
            return
        # A nullable struct is led by a byte: negative for null.
        self.run.append(("b", "n"))
        self.flush()
        self.emit("if n < 0:")
        self.emit(f"    {target} = None")
        with self.block("else:"):
            self.emit(f"{target} = {self.struct(wire.struct, where)}")

    def struct(self, cls: type[Struct], where: str) -> str:
        """Emit what decodes ``cls``; the name of the variable that holds it then."""
        made = self.unique("o")
        self.emit(f"{made} = new({self.constant('class', cls)})")
        tagged = []
        for spec in cls.fields:
            if self.version not in spec.versions:
                continue  # Reading the attribute gives the default.
            if spec.tag is not None:
                tagged.append(spec)
            else:
                nullable = self.version in spec.nullable
                path = f"{where}.{spec.name}"
                self.value(spec.type, nullable, f"{made}.{spec.name}", path)
        if self.flexible:
            self.tagged_fields(tagged, made, where)
        self.flush()
        return made

    def tagged_fields(self, known: list[Field], made: str, where: str) -> None:
        self.run.append(("B", "t"))
        self.flush()
        with self.block("if t:"):
            self.emit("if t > 127:")
            self.emit("    t, p = uvarint(data, p - 1)")
            if not known:
                self.emit("p = skip_tagged_fields(data, p, t)")
                return
            stop = self.unique("stop")
            with self.block("for _ in range(t):"):
                self.emit("tag, p = uvarint(data, p)")
                self.emit("n, p = uvarint(data, p)")
                self.emit(f"{stop} = p + n")
                self.refuse_unless(f"{stop} <= end", where)
                for spec in known:
                    with self.block(f"{'' if spec is known[0] else 'el'}if tag == {spec.tag}:"):
                        nullable = self.version in spec.nullable
                        path = f"{where}.{spec.name}"
                        self.value(spec.type, nullable, f"{made}.{spec.name}", path)
                with self.block("else:"):
                    self.emit(f"p = {stop}")
                self.emit(f"if p != {stop}:")
                self.emit(f"    raise leftover({where!r}, p, {stop})")


def _through_bytes(decode: Callable[[bytes], Any]) -> Callable[[Any], Any]:
    return lambda data: decode(bytes(data))


def _through_view(decode: Callable[[memoryview], Any]) -> Callable[[Any], Any]:
    def decode_view(data: Any) -> Any:
        # Released at once, also in a traceback: a bytearray with views on it cannot shrink.
        with memoryview(data) as view:
            return decode(view)

    return decode_view


def _contains_records(cls: type[Struct]) -> bool:
    return any(_holds_records(spec.type) for spec in cls.fields)


def _holds_records(wire: WireType[Any]) -> bool:
    if isinstance(wire, ArrayOf):
        return _holds_records(wire.element)
    if isinstance(wire, StructOf):
        return _contains_records(wire.struct)
    return wire is RECORDS


def _least_size(wire: WireType[Any], version: int, flexible: bool) -> int:
    """The fewest bytes that a value can take."""
    if isinstance(wire, Fixed):
        return wire.size
    if isinstance(wire, StructOf):
        untagged = (f for f in wire.struct.fields if version in f.versions and f.tag is None)
        sizes = (
            1
            if isinstance(f.type, StructOf) and version in f.nullable
            else _least_size(f.type, version, flexible)
            for f in untagged
        )
        return sum(sizes) + flexible
    if flexible:
        return 1
    return struct.calcsize(wire.code) if isinstance(wire, Sized) else 4
