"""What the network layer needs of the loop that runs it."""

from __future__ import annotations

from collections.abc import Callable
from socket import socket as Socket
from types import ModuleType
from typing import Any, Protocol

__all__ = ["Reactor", "Timer"]


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Let it not happen; idempotent."""


class Reactor(Protocol):
    """One I/O loop. All methods but :meth:`call_soon` are for its own thread only."""

    #: The ``socket`` module to use (gevent has one of its own).
    socket: ModuleType

    def watch(
        self,
        sock: Socket,
        readable: Callable[[], None] | None,
        writable: Callable[[], None] | None,
    ) -> None:
        """Call these whenever the socket is ready; ``None`` for what is not of interest."""

    def unwatch(self, sock: Socket) -> None:
        """Forget the socket; harmless if it is not watched."""

    def call_soon(self, function: Callable[..., None], *args: Any) -> bool:
        """Call from the loop, in order; ``False`` if it has ended and will not. Thread-safe."""

    def call_later(self, seconds: float, function: Callable[..., None], *args: Any) -> Timer:
        """Call from the loop after so many seconds."""

    def time(self) -> float:
        """The monotonic clock, in seconds."""

    def spawn(self, function: Callable[..., None], *args: Any, name: str) -> Any:
        """Run something that blocks beside the loop, on a daemon thread or a greenlet."""
