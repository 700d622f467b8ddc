"""Components that return what they emit, and classes that know nothing of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..components.bolt import Bolt
from ..components.component import Component
from ..components.spout import Spout
from ..components.tuples import Tuple

__all__ = ["PlainValues", "as_bolt", "as_spout"]


class PlainValues(tuple[Any, ...]):
    """What a plain bolt gets: a tuple of values, which are its :attr:`values` as well."""

    __slots__ = ()

    @property
    def values(self) -> tuple[Any, ...]:
        """The values."""
        return self


def as_spout(given: Any) -> Component:
    """What the engine can run as a spout.

    :param given: an object with ``next_tuple()``; what that returns, if not None, is emitted.
    """
    if isinstance(given, Component):
        _emit_what_returns(given, "next_tuple")
        return given
    return _PlainSpout(given)


def as_bolt(given: Any) -> Component:
    """What the engine can run as a bolt.

    :param given: an object with ``process(tup)``; what that returns, if not None, is emitted.
    """
    if isinstance(given, Component):
        for method in ("process", "process_tick", "process_batch"):
            if hasattr(given, method):
                _emit_what_returns(given, method)
        return given
    return _PlainBolt(given)


def _emit_what_returns(component: Any, method: str) -> None:
    original: Callable[..., Any] = getattr(component, method)

    def emitting(*arguments: Any) -> None:
        returned = original(*arguments)
        if returned is not None:
            component.emit(_checked(returned, component, method))

    setattr(component, method, emitting)


def _checked(returned: Any, given: Any, method: str) -> Any:
    if isinstance(returned, (list, tuple)):
        return returned
    raise TypeError(
        f"{type(given).__name__}.{method}() returned {returned!r}: return a tuple of values, "
        f"such as ({returned!r},), or None"
    )


def _call(given: Any, hook: str, *arguments: Any) -> None:
    """Call what a plain object may have or not."""
    method = getattr(given, hook, None)
    if method is not None:
        method(*arguments)


class _PlainSpout(Spout):
    """Asks a plain object for tuples."""

    def __init__(self, given: Any) -> None:
        super().__init__()
        self._given = given

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        _call(self._given, "initialize", storm_conf, context)

    def next_tuple(self) -> None:
        returned = self._given.next_tuple()
        if returned is not None:
            self.emit(_checked(returned, self._given, "next_tuple"))

    def activate(self) -> None:
        _call(self._given, "activate")

    def deactivate(self) -> None:
        _call(self._given, "deactivate")

    def close(self) -> None:
        _call(self._given, "close")


class _PlainBolt(Bolt):
    """Hands a plain object the values of tuples."""

    def __init__(self, given: Any) -> None:
        super().__init__()
        self._given = given

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        _call(self._given, "initialize", storm_conf, context)

    def process(self, tup: Tuple) -> None:
        returned = self._given.process(PlainValues(tup.values))
        if returned is not None:
            self.emit(_checked(returned, self._given, "process"))

    def close(self) -> None:
        _call(self._given, "close")
