"""Tuples as components see them."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Tuple", "ValueTypes", "is_heartbeat", "is_tick"]

_NO_NAME = re.compile(r"\W")


class Tuple(NamedTuple):
    """One tuple that came in.

    :ivar id: Storm's id of this delivery, unique among those that a bolt has; what is acked,
        failed and anchored to.
    :ivar component: the component that emitted it.
    :ivar stream: the stream that it was emitted into.
    :ivar task: the task that emitted it.
    :ivar values: its values: a named tuple of the stream's fields where these are known.
    """

    id: Any
    component: str | None
    stream: str
    task: int
    values: Any


def is_heartbeat(tup: Tuple) -> bool:
    """Whether Storm only wants to know that the process lives."""
    return tup.task == -1 and tup.stream == "__heartbeat"


def is_tick(tup: Tuple) -> bool:
    """Whether it tells of time passing (``topology.tick.tuple.freq.secs``)."""
    return tup.stream == "__tick" and tup.component == "__system"


#: Makes a named tuple of a tuple; its class' own way checks what is checked here already.
_new = tuple.__new__


class ValueTypes:
    """Makes the values of tuples into named tuples, by where they come from.

    :param fields: component -> stream -> names of fields: ``source->stream->fields`` of the
        context. Storm before 0.10 does not tell it; values are plain tuples then.
    """

    def __init__(self, fields: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._kinds: dict[tuple[str | None, str], type[tuple[Any, ...]]] = {
            (component, stream): _named(component, stream, names)
            for component, streams in fields.items()
            for stream, names in streams.items()
        }

    def __call__(self, component: str | None, stream: str, values: Sequence[Any]) -> Any:
        """The values of a tuple from there."""
        kind = self._kinds.get((component, stream))
        # Storm refuses an emit with more or fewer values than fields; Storm before 0.10 does not
        # tell the fields.
        if kind is None or len(values) != len(kind._fields):  # type: ignore[attr-defined]  # a named tuple's
            return tuple(values)
        return _new(kind, values)


def _named(component: str, stream: str, names: Sequence[str]) -> type[tuple[Any, ...]]:
    # Names that Python does not allow: hyphens become underscores, the rest its "_<position>".
    fields = [_NO_NAME.sub("_", name) for name in names]
    make: Any = namedtuple  # whose type wants to see the names written out
    kind: type[tuple[Any, ...]] = make("Values", fields, rename=True)
    kind.__name__ = kind.__qualname__ = _NO_NAME.sub("_", f"{component}_{stream}")
    return kind
