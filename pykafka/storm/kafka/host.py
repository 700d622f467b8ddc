"""The seam between the engine of a spout and what runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

__all__ = ["Host", "Mail"]

#: Has a function called on the thread that speaks with Storm; thread-safe.
Mail: TypeAlias = "Callable[[Callable[[], None]], None]"


class Host(Protocol):
    """What runs the spout. Used on the thread that speaks with Storm only."""

    def emit_message(self, values: list[Any], id_: str | None, stream: str | None) -> Any:
        """Send a tuple.

        :raises SerializationError: it cannot be sent; nothing was.
        """

    def tell(self, text: str, level: str) -> None:
        """Write to the log; level: info, warn or error."""

    def show(self, text: str) -> None:
        """Show an error with the topology."""
