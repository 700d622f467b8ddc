"""Streams and groupings: what a component gives out, and how a bolt's tasks share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

__all__ = ["DEFAULT_STREAM", "GlobalStreamId", "Grouping", "JavaArgument", "Stream"]

#: The stream of whoever names none.
DEFAULT_STREAM = "default"

#: What Thrift can carry to the constructor of a Java object.
JavaArgument = bool | int | str | bytes | float

GroupingKind = Literal[
    "shuffle",
    "fields",
    "all",
    "none",
    "global",
    "direct",
    "local_or_shuffle",
    "custom_object",
    "custom_serialized",
]


@dataclass(frozen=True)
class GlobalStreamId:
    """A stream of a topology: which component's, and which of its streams.

    :ivar componentId: the component's name. Until a topology has named its components it may
        be the component's spec or its class instead.
    :ivar streamId: the name of the stream.
    """

    componentId: Any
    streamId: str = DEFAULT_STREAM

    def __post_init__(self) -> None:
        if self.componentId is None:
            raise TypeError("GlobalStreamId.componentId cannot be None: name the component")
        if not isinstance(self.streamId, str):
            raise TypeError(f"a stream's name must be a string; given: {self.streamId!r}")


class Stream:
    """An output stream of a component.

    :param fields: the names of its tuples' values, in order.
    :param name: tuples emitted with ``stream=name`` go here.
    :param direct: whether the emitter names the task that gets a tuple
        (:attr:`Grouping.DIRECT`).
    :raises TypeError: an argument is of another type.
    """

    def __init__(
        self,
        fields: Sequence[str] | None = None,
        name: str = DEFAULT_STREAM,
        direct: bool = False,
    ) -> None:
        if fields is not None and not isinstance(fields, (list, tuple)):
            raise TypeError(f"a stream's fields must be a list, tuple, or None; given: {fields!r}")
        for field in fields or ():
            if not isinstance(field, str):
                raise TypeError(f"all field names must be strings; given: {field!r}")
        if not isinstance(name, str):
            raise TypeError(f"a stream's name must be a string; given: {name!r}")
        if not isinstance(direct, bool):
            raise TypeError(f'"direct" must be either True or False; given: {direct!r}')
        self.fields = list(fields or ())
        self.name = name
        self.direct = direct

    @property
    def output_fields(self) -> list[str]:
        """The fields, by the name that Storm's own structure has for them."""
        return self.fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stream):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # its list of fields can be changed

    def __repr__(self) -> str:
        return f"Stream(fields={self.fields!r}, name={self.name!r}, direct={self.direct!r})"


def java_arguments(arguments: Iterable[Any]) -> tuple[JavaArgument, ...]:
    """The arguments of a Java constructor, checked.

    :raises TypeError: Thrift cannot carry one of them.
    """
    checked = tuple(arguments)
    for argument in checked:
        if not isinstance(argument, (bool, int, str, bytes, float)):
            raise TypeError(
                "only bool, int, str, bytes and float can be arguments of a Java object's "
                f"constructor; given: {argument!r}"
            )
    return checked


@dataclass(frozen=True, repr=False)
class Grouping:
    """How the tuples of a stream are shared out among the tasks of a bolt that reads it.

    :cvar SHUFFLE: at random, evenly. What a bolt gets that says nothing.
    :cvar GLOBAL: all to the task with the lowest id.
    :cvar DIRECT: the emitter names the task; the stream must have been declared direct. What a
        bolt gets that says nothing and reads a direct stream.
    :cvar ALL: each tuple to every task.
    :cvar NONE: as SHUFFLE.
    :cvar LOCAL_OR_SHUFFLE: as SHUFFLE among the tasks in the emitter's own worker, if any.

    :ivar kind: which one it is, as Storm's Thrift structure spells it (and ``global``).
    :ivar field_names: of a fields grouping, else empty.
    :ivar java_class: of a custom grouping, else None.
    :ivar java_args: of a custom grouping: its constructor's.
    :ivar serialized: of a custom grouping that is a serialised Java object, else None.
    """

    kind: GroupingKind
    field_names: tuple[str, ...] = ()
    java_class: str | None = None
    java_args: tuple[JavaArgument, ...] = ()
    serialized: bytes | None = None

    SHUFFLE: ClassVar[Grouping]
    GLOBAL: ClassVar[Grouping]
    DIRECT: ClassVar[Grouping]
    ALL: ClassVar[Grouping]
    NONE: ClassVar[Grouping]
    LOCAL_OR_SHUFFLE: ClassVar[Grouping]

    @classmethod
    def fields(cls, *fields: str | Sequence[str]) -> Grouping:
        """Tuples that have the same values in these fields go to the same task.

        :param fields: names, or one list of names.
        :raises ValueError: there is none.
        :raises TypeError: a name is no string.
        """
        names: Sequence[Any] = fields
        if len(fields) == 1 and isinstance(fields[0], (list, tuple)):
            names = fields[0]
        if not names:
            raise ValueError("a fields grouping needs at least one field")
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"all field names must be strings; given: {name!r}")
        return cls("fields", field_names=tuple(names))

    @classmethod
    def custom_object(cls, java_class_name: str, arg_list: Iterable[JavaArgument]) -> Grouping:
        """An object of this Java class chooses the task.

        :param java_class_name: one that implements ``CustomStreamGrouping``, with its package.
        :param arg_list: its constructor's arguments.
        :raises TypeError: an argument is neither bool, int, str, bytes nor float.
        """
        return cls("custom_object", java_class=java_class_name, java_args=java_arguments(arg_list))

    @classmethod
    def custom_serialized(cls, java_serialized: bytes) -> Grouping:
        """A Java object that was serialised chooses the task.

        :raises TypeError: it is not bytes.
        """
        if not isinstance(java_serialized, bytes):
            raise TypeError(
                "custom_serialized takes a serialised Java object as bytes; "
                f"given: {java_serialized!r}"
            )
        return cls("custom_serialized", serialized=java_serialized)

    def __repr__(self) -> str:
        if self.kind == "fields":
            return f"fields({list(self.field_names)!r})"
        if self.kind == "custom_object":
            return f"custom_object({self.java_class!r}, {list(self.java_args)!r})"
        if self.kind == "custom_serialized":
            return f"custom_serialized({self.serialized!r})"
        return self.kind.upper()


Grouping.SHUFFLE = Grouping("shuffle")
Grouping.GLOBAL = Grouping("global")
Grouping.DIRECT = Grouping("direct")
Grouping.ALL = Grouping("all")
Grouping.NONE = Grouping("none")
Grouping.LOCAL_OR_SHUFFLE = Grouping("local_or_shuffle")
