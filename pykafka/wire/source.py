"""Writes the source of one function, statement by statement, and makes the function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["FunctionSource"]


class FunctionSource:
    """The body of a function in the making.

    Values of fixed size gather in ``run`` as pairs of a :mod:`struct` code and the expression
    or target that belongs to it, until :meth:`flush` turns them into one call.
    """

    def __init__(self, signature: str, environment: dict[str, Any]) -> None:
        self.signature = signature
        self.environment = environment
        self.lines: list[str] = []
        self.depth = 1
        self.run: list[tuple[str, str]] = []
        self._numbered = 0

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def block(self, opening: str) -> Iterator[None]:
        """What is emitted within belongs to the statement ``opening``."""
        self.emit(opening)
        self.depth += 1
        yield
        self.flush()
        self.depth -= 1

    def unique(self, prefix: str) -> str:
        """A variable's name that is not used yet."""
        self._numbered += 1
        return f"{prefix}{self._numbered}"

    def constant(self, prefix: str, value: Any) -> str:
        """A name that stands for ``value`` in the function."""
        name = self.unique(prefix)
        self.environment[name] = value
        return name

    def flush(self) -> None:
        """Emit the call for what has gathered in the run, if anything, and empty it."""
        raise NotImplementedError

    def define(self, title: str) -> Callable[..., Any]:
        """The function; ``title`` stands for a file name in tracebacks."""
        source = "\n".join([f"def {self.signature}:", *self.lines])
        code = compile(source, f"<{title}>", "exec")
        # Built of our own declarations only: nothing that a peer or a user says gets in here.
        exec(code, self.environment)  # noqa: S102 - our own source, made from our own tables
        function: Callable[..., Any] = self.environment[self.signature.partition("(")[0]]
        return function
