"""Runs a control procedure by hand: what it must ask for, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

#: (what the effect must be, the answer, or the error to raise in the procedure)
Line = tuple[Callable[[Any], bool], Any]


def play(procedure: Generator[Any, Any, Any], lines: list[Line]) -> Any:
    """The result of a procedure that asks exactly for these effects, in this order."""
    remaining = list(lines)
    resume: Callable[[], Any] = lambda: next(procedure)  # noqa: E731 - the first step
    while True:
        try:
            effect = resume()
        except StopIteration as stop:
            assert not remaining, f"{len(remaining)} effects were not asked for"
            return stop.value
        assert remaining, f"asked for one more effect: {effect!r}"
        matches, answer = remaining.pop(0)
        assert matches(effect), f"did not expect {effect!r}"
        if isinstance(answer, Exception):
            resume = _thrower(procedure, answer)
        else:
            resume = _sender(procedure, answer)


def _sender(procedure: Generator[Any, Any, Any], answer: Any) -> Callable[[], Any]:
    return lambda: procedure.send(answer)


def _thrower(procedure: Generator[Any, Any, Any], error: Exception) -> Callable[[], Any]:
    return lambda: procedure.throw(error)


def asks(name: str, node: Any = ...) -> Callable[[Any], bool]:
    """A request of this API (to this node)."""

    def matches(effect: Any) -> bool:
        if type(effect).__name__ != "Request":
            return False
        return effect.request_class.name == name and node in (..., effect.node)

    return matches


def is_a(kind: type, **fields: Any) -> Callable[[Any], bool]:
    """An effect of this type with these fields."""
    return lambda effect: (
        isinstance(effect, kind)
        and all(getattr(effect, name) == value for name, value in fields.items())
    )
