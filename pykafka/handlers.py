"""2.x's handlers: what a client runs on. Thin, over :mod:`pykafka.runtime.backend`."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable
from typing import Any

from .exceptions import WaitTimedOutError
from .runtime.backend import Backend, GeventBackend, ThreadBackend

__all__ = ["GEventHandler", "Handler", "ResponseFuture", "ThreadingHandler"]


class Handler:
    """The primitives of a backend under 2.x's names.

    :ivar backend: what :mod:`pykafka.runtime` waits and spawns with.
    """

    #: What a ``get`` without an item raises.
    Empty = queue.Empty
    SockErr = OSError
    GaiError = socket.gaierror

    backend: Backend
    Queue: Callable[[], Any]
    Event: Callable[[], Any]
    Lock: Callable[[], Any]
    RLock: Callable[[], Any]
    Semaphore: Callable[..., Any]
    Socket: Any

    def sleep(self, seconds: float = 0) -> None:
        """Let others run for so many seconds."""
        self.backend.sleep(seconds)

    def spawn(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run ``target`` beside the caller; ``name=`` names it, the rest is passed on."""
        name = kwargs.pop("name", "worker")
        return self.backend.spawn(lambda: target(*args, **kwargs), name=name)


class ThreadingHandler(Handler):
    """Threads."""

    backend = ThreadBackend()
    Queue = backend.queue
    Event = backend.event
    Lock = backend.lock
    RLock = backend.rlock
    Semaphore = backend.semaphore
    Socket = backend.socket


class GEventHandler(Handler):
    """gevent's greenlets.

    :raises UsageError: gevent is not installed.
    """

    def __init__(self) -> None:
        backend = GeventBackend()
        self.backend = backend
        self.Queue = backend.queue
        self.Event = backend.event
        self.Lock = backend.lock
        self.RLock = backend.rlock
        self.Semaphore = backend.semaphore
        self.Socket = backend.socket


class ResponseFuture:
    """An answer that may not be there yet. Set once, waited for by any number of threads."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.response: Any = None
        self.error: BaseException | None = None
        self._ready = handler.Event()

    def set_response(self, response: Any) -> None:
        """The answer is there."""
        self.response = response
        self._ready.set()

    def set_error(self, error: BaseException) -> None:
        """There will be none."""
        self.error = error
        self._ready.set()

    def get(
        self,
        response_cls: Callable[..., Any] | None = None,
        timeout: float | None = None,
        **response_kwargs: Any,
    ) -> Any:
        """Wait for the answer.

        :param response_cls: is called with the answer (and ``response_kwargs``), if given.
        :param timeout: in seconds; ``None`` for no bound.
        :raises WaitTimedOutError: it did not come in time.
        """
        if not self._ready.wait(timeout):
            raise WaitTimedOutError(f"no response within {timeout} s")
        if self.error is not None:
            raise self.error
        if response_cls is None:
            return self.response
        return response_cls(self.response, **response_kwargs)
