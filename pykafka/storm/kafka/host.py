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

    def emit_messages(self, tuples: list[list[Any]], ids: list[str] | None) -> bool:
        """Send tuples into the default stream, if they can be sent together; else send none.

        :returns: whether they were sent.
        """

    def tell(self, text: str, level: str) -> None:
        """Write to the log; level: info, warn or error."""

    def show(self, text: str) -> None:
        """Show an error with the topology."""
