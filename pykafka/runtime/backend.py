"""Threads or greenlets: the primitives that every wait of this package goes through."""

from __future__ import annotations

import importlib
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol

from ..exceptions import UsageError

__all__ = ["Backend", "Event", "GeventBackend", "ThreadBackend"]


class Event(Protocol):
    """As ``threading.Event``."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    def is_set(self) -> bool: ...
    def wait(self, timeout: float | None = None) -> bool: ...


class Backend(Protocol):
    """How to run beside each other and how to wait."""

    name: str

    @property
    def socket(self) -> ModuleType: ...
    @property
    def selectors(self) -> ModuleType: ...

    def spawn(self, function: Callable[..., None], *args: Any, name: str) -> Any:
        """Run beside the caller; daemonic. The answer has ``join(timeout)``."""

    def run_native(self, function: Callable[[], None], name: str) -> Callable[[float], object]:
        """Run what blocks without our waits (C, say) in a thread of the operating system.

        :returns: what waits for its end, for so many seconds at most.
        """

    def event(self) -> Event: ...
    def lock(self) -> Any: ...
    def rlock(self) -> Any: ...
    def semaphore(self, value: int = 1) -> Any: ...
    def local(self) -> Any: ...
    def queue(self) -> Any: ...
    def sleep(self, seconds: float) -> None: ...
    def current(self) -> int:
        """A number for the running thread or greenlet."""


class ThreadBackend:
    """Operating system threads."""

    name = "threads"
    socket = socket
    selectors = selectors

    def spawn(self, function: Callable[..., None], *args: Any, name: str) -> threading.Thread:
        thread = threading.Thread(target=function, args=args, name=f"pykafka {name}", daemon=True)
        thread.start()
        return thread

    def run_native(self, function: Callable[[], None], name: str) -> Callable[[float], object]:
        return self.spawn(function, name=name).join

    def event(self) -> Event:
        return threading.Event()

    def lock(self) -> Any:
        return threading.Lock()

    def rlock(self) -> Any:
        return threading.RLock()

    def semaphore(self, value: int = 1) -> Any:
        return threading.Semaphore(value)

    def local(self) -> Any:
        return threading.local()

    def queue(self) -> Any:
        return queue.Queue()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def current(self) -> int:
        return threading.get_ident()


class GeventBackend:
    """gevent's greenlets; nothing needs to be monkey-patched.

    :raises UsageError: gevent is not installed.
    """

    name = "greenlets"

    def __init__(self) -> None:
        try:
            self._gevent = importlib.import_module("gevent")
        except ImportError as error:
            raise UsageError(
                "use_greenlets needs gevent, which is not installed: pip install pykafka[gevent]"
            ) from error
        self._event = importlib.import_module("gevent.event")
        self._locks = importlib.import_module("gevent.lock")
        self._local = importlib.import_module("gevent.local")
        self._queue = importlib.import_module("gevent.queue")
        self.socket = importlib.import_module("gevent.socket")
        self.selectors = importlib.import_module("gevent.selectors")

    def spawn(self, function: Callable[..., None], *args: Any, name: str) -> Any:
        greenlet = self._gevent.spawn(function, *args)
        greenlet.name = f"pykafka {name}"
        return greenlet

    def run_native(self, function: Callable[[], None], name: str) -> Callable[[float], object]:
        result = self._gevent.get_hub().threadpool.spawn(function)
        return lambda seconds: result.wait(timeout=seconds)

    def event(self) -> Event:
        event: Event = self._event.Event()
        return event

    def lock(self) -> Any:
        return self._locks.BoundedSemaphore()

    def rlock(self) -> Any:
        return self._locks.RLock()

    def semaphore(self, value: int = 1) -> Any:
        return self._locks.Semaphore(value)

    def local(self) -> Any:
        return self._local.local()

    def queue(self) -> Any:
        return self._queue.Queue()

    def sleep(self, seconds: float) -> None:
        self._gevent.sleep(seconds)

    def current(self) -> int:
        return id(self._gevent.getcurrent())
