"""The I/O loop: one thread (or greenlet) that runs sockets, timers and procedures."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .backend import Backend

__all__ = ["Loop"]

log = logging.getLogger("pykafka.runtime")

_READ = 1  # selectors.EVENT_READ
_WRITE = 2  # selectors.EVENT_WRITE
#: An idle loop looks around this often, so that nothing rests on one wake-up alone.
_LONGEST_SELECT_S = 60.0


class _Timer:
    """A call that is due later; see :class:`pykafka.net.reactor.Timer`."""

    __slots__ = ("args", "function")

    def __init__(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.function: Callable[..., None] | None = function
        self.args = args

    def cancel(self) -> None:
        # It stays in the heap until it is due; it must not keep what it would call alive.
        self.function = None
        self.args = ()


class Loop:
    """A :class:`pykafka.net.reactor.Reactor` on a thread of its own.

    User code, decoding and anything that blocks stay off it. A callback that raises is a
    bug of this package: it is logged and the loop goes on.
    """

    def __init__(self, backend: Backend, name: str) -> None:
        self.socket = backend.socket
        self._backend = backend
        self._selector = backend.selectors.DefaultSelector()
        self._watched: dict[socket.socket, int] = {}
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._timers: list[tuple[float, int, _Timer]] = []
        self._order = itertools.count()
        self._sleeping = False
        self._stopping = self._ended = False
        self._wake_in, self._wake_out = backend.socket.socketpair()
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        self._selector.register(self._wake_in, _READ, (self._drain_wakes, None))
        self._ident: int | None = None
        self._thread = backend.spawn(self._run, name=name)

    def time(self) -> float:
        return time.monotonic()

    def spawn(self, function: Callable[..., None], *args: Any, name: str) -> Any:
        return self._backend.spawn(function, *args, name=name)

    def on_loop(self) -> bool:
        """Whether the caller runs on the loop, where it must not wait."""
        return self._backend.current() == self._ident

    def call_soon(self, function: Callable[..., None], *args: Any) -> bool:
        self._calls.append((function, args))
        # The loop says that it sleeps before it looks at the calls for the last time: either
        # it sees this one, or this sees that it sleeps.
        if self._sleeping:
            self._wake()
        return not self._ended

    def call_later(self, seconds: float, function: Callable[..., None], *args: Any) -> _Timer:
        timer = _Timer(function, args)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), timer))
        return timer

    def watch(
        self,
        sock: socket.socket,
        readable: Callable[[], None] | None,
        writable: Callable[[], None] | None,
    ) -> None:
        events = (_READ if readable else 0) | (_WRITE if writable else 0)
        known = self._watched.get(sock)
        if known is None:
            self._selector.register(sock, events, (readable, writable))
        elif known != events:
            self._selector.modify(sock, events, (readable, writable))
        self._watched[sock] = events

    def unwatch(self, sock: socket.socket) -> None:
        if self._watched.pop(sock, None) is not None:
            self._selector.unregister(sock)

    def stop(self, timeout_s: float) -> None:
        """End the loop after the calls that are due now, and join its thread. Idempotent."""
        self.call_soon(self._stop)
        if not self.on_loop():
            self._thread.join(timeout_s)

    def abandon(self) -> None:
        """Close this process's copies of its descriptors (after a fork)."""
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _stop(self) -> None:
        self._stopping = True

    def _wake(self) -> None:
        try:
            self._wake_out.send(b"\0")
        except (BlockingIOError, InterruptedError):
            pass  # full of wake-ups already
        except OSError:
            if not self._stopping:
                raise

    def _drain_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError):
            self._wake_in.recv(4096)

    def _run(self) -> None:
        self._ident = self._backend.current()
        while not self._stopping:
            for key, events in self._selector.select(self._pause()):
                self._sleeping = False
                readable, writable = key.data
                if events & _READ and readable is not None:
                    self._call(readable)
                # Reading may have closed the socket, or told it to write no more.
                if events & _WRITE and self._watched.get(key.fileobj, 0) & _WRITE:
                    self._call(writable)
            self._sleeping = False
            self._run_timers()
            self._run_calls()
        # In this order each call is either made here or refused: it may hold a socket.
        self._ended = True
        self._run_calls()
        self.abandon()

    def _pause(self) -> float:
        self._sleeping = True
        if self._calls:
            return 0.0
        if not self._timers:
            return _LONGEST_SELECT_S
        return min(_LONGEST_SELECT_S, max(0.0, self._timers[0][0] - time.monotonic()))

    def _run_timers(self) -> None:
        if not self._timers:
            return
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if timer.function is not None:
                self._call(timer.function, *timer.args)

    def _run_calls(self) -> None:
        # Only those that were there: a call that asks for another must not starve sockets.
        for _ in range(len(self._calls)):
            function, args = self._calls.popleft()
            self._call(function, *args)

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except Exception:  # the loop serves every consumer and producer
            log.exception("a callback of the I/O loop failed: please report this")
