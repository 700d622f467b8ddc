"""How a message class is declared: the class is the schema.

::

    class HeartbeatRequest(ApiMessage, api_key=12, versions="0-4", flexible="4+"):
        group_id: str = field(STRING, "0+")
        generation_id: int = field(INT32, "0+")
        group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)

    class HeartbeatResponse(ApiMessage, answers=HeartbeatRequest):
        ...

One class is the union of all versions. The annotation serves the type checker and is never
evaluated; the assigned spec serves the codec, which is generated for a (class, version) when
it is first used. Names, types, versions and flags are those of Kafka's own message
definitions (``common/message/*.json`` in the kafka-clients jar), in snake case; the tests
compare them. A field has a default where Kafka's definition gives one, or where some version
lacks the field; every other field must be given.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from ..exceptions import MalformedDataError, UnsupportedVersion
from .decoders import compile_decoder
from .diagnosis import explain
from .encoders import compile_encoder
from .primitives import Sized, WireType, as_wire_type
from .source import FunctionSource

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_options: Any) -> Any:
        """The type checker's hint needs no packages when the program runs."""
        return lambda declared: declared


__all__ = ["ApiMessage", "Field", "Struct", "field"]

T = TypeVar("T")
M = TypeVar("M", bound="ApiMessage")

_UNBOUNDED = 0x7FFF
_MISSING: Any = type("_Missing", (), {"__repr__": lambda self: "MISSING"})()


def parse_versions(text: str | None) -> range:
    """``"3"``, ``"3-7"``, ``"3+"``; ``None`` is no version at all."""
    if text is None:
        return range(0)
    first, dash, last = text.rstrip("+").partition("-")
    if text.endswith("+"):
        return range(int(first), _UNBOUNDED)
    return range(int(first), int(last if dash else first) + 1)


class Field:
    """One field of a struct; made by :func:`field`.

    :ivar versions: the versions that have it.
    :ivar nullable: the versions in which it may be ``None``.
    :ivar tag: its number among the tagged fields, or ``None``.
    :ivar ignorable: whether a version without it may drop its value.
    """

    __slots__ = ("_default", "_factory", "ignorable", "name", "nullable", "tag", "type", "versions")

    def __init__(
        self,
        type: WireType[Any],
        versions: str,
        nullable: str | None,
        default: Any,
        factory: Callable[[], Any] | None,
        tag: int | None,
        ignorable: bool,
    ) -> None:
        self.name = ""
        self.type = type
        self.versions = parse_versions(versions)
        self.nullable = parse_versions(nullable)
        self.tag = tag
        self.ignorable = ignorable
        self._default = default
        self._factory = factory

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self._default is _MISSING and self._factory is None

    @property
    def factory(self) -> Callable[[], Any] | None:
        """What makes the default, where that is mutable."""
        return self._factory

    @property
    def default(self) -> Any:
        """The value of a field that was not given; a fresh one where it is mutable."""
        return self._factory() if self._factory is not None else self._default


@overload
def field(
    type: WireType[T] | type[T],
    versions: str,
    *,
    default: T = ...,
    factory: Callable[[], T] | None = ...,
    tag: int | None = ...,
    ignorable: bool = ...,
) -> T: ...
@overload
def field(
    type: WireType[T] | type[T],
    versions: str,
    *,
    nullable: str,
    default: T | None = ...,
    factory: Callable[[], T] | None = ...,
    tag: int | None = ...,
    ignorable: bool = ...,
) -> T | None: ...
def field(
    type: Any,
    versions: str,
    *,
    nullable: str | None = None,
    default: Any = _MISSING,
    factory: Any = None,
    tag: int | None = None,
    ignorable: bool = False,
) -> Any:
    """Declare a field of a struct.

    :param type: one of :mod:`pykafka.wire.primitives`, or a :class:`Struct` class.
    :param versions: the versions that have it: ``"3"``, ``"3-7"`` or ``"3+"``.
    :param nullable: the versions in which it may be ``None``.
    :param default: its value when not given.
    :param factory: what makes that value, for lists and structs.
    :param tag: its number, for a tagged field (KIP-482).
    :param ignorable: a version that lacks it may drop a value that is not the default.
    """
    return Field(as_wire_type(type), versions, nullable, default, factory, tag, ignorable)


def _first_init(self: Struct, **values: Any) -> None:
    """The ``__init__`` that a class has until its first instance: it makes the real one.

    Classes that a program never builds cost nothing at import.
    """
    cls: Any = type(self)
    cls.__init__ = _compile_init(cls)
    cls.__init__(self, **values)


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class StructMeta(type):
    """Turns the assigned specs into ``fields``, ``__slots__`` and ``__init__``."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> StructMeta:
        fields = {key: spec for key, spec in namespace.items() if isinstance(spec, Field)}
        for key, spec in fields.items():
            spec.name = key
            del namespace[key]
            if any(hasattr(base, key) for base in bases):
                raise TypeError(f"{name}.{key} hides an attribute of its base")
        namespace["fields"] = tuple(fields.values())
        namespace["__slots__"] = tuple(fields)
        if fields:
            namespace["__init__"] = _first_init
        return super().__new__(mcs, name, bases, namespace, **options)


class Struct(metaclass=StructMeta):
    """A part of a message: attributes by name, arguments by keyword.

    Equal when all fields are. Not safe for use by several threads while one changes it.

    :cvar fields: what it is made of, in the order of the wire.
    """

    fields: ClassVar[tuple[Field, ...]] = ()
    __hash__ = None  # type: ignore[assignment]  # how Python spells "unhashable"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Decoders leave unset what their version lacks: most of it nobody looks at.
            for spec in self.fields:
                if spec.name == name and not spec.required:
                    value = spec.default
                    setattr(self, name, value)
                    return value
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in self.fields)

    def __repr__(self) -> str:
        """The fields that differ from their defaults; of bytes only how many (may be secret)."""
        shown = ((f, getattr(self, f.name)) for f in self.fields)
        parts = (
            f"{f.name}={_shown(f, value)}" for f, value in shown if f.required or value != f.default
        )
        return f"{type(self).__name__}({', '.join(parts)})"


def _shown(spec: Field, value: Any) -> str:
    if isinstance(spec.type, Sized) and not spec.type.text and value is not None:
        return f"<{len(value)} bytes>"
    return repr(value)


def _compile_init(cls: type[Struct]) -> Callable[..., None]:
    """Generate ``__init__`` with one keyword-only parameter for each field."""
    environment: dict[str, Any] = {"MISSING": _MISSING}
    parameters = ["self", "*"] if cls.fields else ["self"]
    body = []
    for number, spec in enumerate(cls.fields):
        default, value = f"d{number}", spec.name
        if spec.required:
            parameters.append(spec.name)
        elif spec.factory is None:
            environment[default] = spec.default
            parameters.append(f"{spec.name}={default}")
        else:
            environment[default] = spec.factory
            parameters.append(f"{spec.name}=MISSING")
            value = f"{default}() if {spec.name} is MISSING else {spec.name}"
        body.append(f"self.{spec.name} = {value}")
    source = FunctionSource(f"__init__({', '.join(parameters)})", environment)
    for line in body or ["pass"]:
        source.emit(line)
    init = source.define(f"__init__ of {cls.__name__}")
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


class ApiMessage(Struct):
    """A request or a response.

    A request class is declared with ``api_key``, ``versions`` and ``flexible``; its response
    class with ``answers=`` the request class, and shares these.

    :cvar api_key: the number of the API.
    :cvar name: the name of the API, such as ``"Fetch"``.
    :cvar valid_versions: the versions that this package speaks.
    :cvar flexible_versions: those of them with compact lengths and tagged fields (KIP-482).
    :cvar response: of a request class, the class of its answer.
    """

    api_key: ClassVar[int] = -1
    name: ClassVar[str] = ""
    valid_versions: ClassVar[range] = range(0)
    flexible_versions: ClassVar[range] = range(0)
    response: ClassVar[type[ApiMessage]]
    _encoders: ClassVar[dict[int, Callable[[Any, Callable[[bytes], None]], None]]]
    _decoders: ClassVar[dict[int, Callable[[Any], Any]]]

    def __init_subclass__(
        cls,
        *,
        api_key: int | None = None,
        versions: str | None = None,
        flexible: str | None = None,
        answers: type[ApiMessage] | None = None,
    ) -> None:
        cls._encoders = {}
        cls._decoders = {}
        if answers is not None:
            answers.response = cls
            cls.api_key = answers.api_key
            cls.name = answers.name
            cls.valid_versions = answers.valid_versions
            cls.flexible_versions = answers.flexible_versions
        elif api_key is not None:
            cls.api_key = api_key
            cls.name = cls.__name__.removesuffix("Request")
            cls.valid_versions = valid = parse_versions(versions)
            wanted = parse_versions(flexible)
            cls.flexible_versions = range(wanted.start, min(wanted.stop, valid.stop))

    def encode(self, version: int) -> bytes:
        """The body (no header) as ``version`` writes it.

        :raises UnsupportedVersion: there is no such version, or a field that is not ignorable
            has a value that the version cannot carry.
        :raises UsageError: a field has a value that its type cannot hold.
        """
        parts: list[bytes] = []
        self.encode_into(version, parts)
        return b"".join(parts)

    def encode_into(self, version: int, parts: list[bytes]) -> None:
        """Append the body to ``parts``, not joined; raises as :meth:`encode` does."""
        encoder = self._encoders.get(version)
        if encoder is None:
            self._require(version)
            encoder = self._encoders[version] = compile_encoder(type(self), version)
        try:
            encoder(self, parts.append)
        except (struct.error, TypeError, AttributeError, ValueError) as error:
            # Values are not checked before they are packed: that would cost every message
            # what only a wrong one needs.
            raise explain(self, version, error) from error

    @classmethod
    def decode(cls: type[M], data: bytes | bytearray | memoryview, version: int) -> M:
        """The message that ``data`` holds, which is a whole body of ``version``.

        Values are copied out of ``data``; nothing refers to it afterwards. Tagged fields that
        this package does not know are skipped.

        :raises UnsupportedVersion: there is no such version.
        :raises MalformedDataError: it is anything else, or something follows.
        """
        decoder = cls._decoders.get(version)
        if decoder is None:
            cls._require(version)
            decoder = cls._decoders[version] = compile_decoder(cls, version)
        try:
            message: M = decoder(data)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise MalformedDataError(f"{cls.__name__} v{version}: {error}") from error
        return message

    @classmethod
    def answered_in(cls, data: bytes | bytearray | memoryview, version: int) -> int:
        """The version of a response's body, given that of the request: nearly always the same."""
        return version

    @classmethod
    def _require(cls, version: int) -> None:
        valid = cls.valid_versions
        if version not in valid:
            raise UnsupportedVersion(
                f"{cls.__name__} v{version} is unknown to pykafka, "
                f"which speaks {valid.start} to {valid.stop - 1}"
            )
