"""Storm's pipes as the streams that pystorm reads and writes.

pystorm gets them where it takes streams from anyone, and knows nothing of what they do more: hold
messages back to write many at once, and tell when the other end is gone.
"""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..worker.descriptors import StandardStreams

__all__ = ["HungUpError", "Incoming", "Outgoing", "take_over"]

#: Bytes at which messages are written, whatever is to come.
_FULL = 1 << 18


class HungUpError(OSError):
    """Nobody reads what is written any more."""


class Outgoing(io.RawIOBase):
    """What pystorm writes to. Each write is of whole messages; may be used by any thread.

    :param stream: where it goes; the process' standard output without one.
    :ivar holding: whether messages wait for the next one that is written while nothing is held, or
        until they are many.
    :ivar send: writes bytes.
    :ivar gone: called when the other end is closed, by the thread that made this object only.
    """

    def __init__(self, stream: Any = None) -> None:
        super().__init__()
        self.holding = False
        self.send: Callable[[bytes], Any] = _sender(stream)
        self.gone: Callable[[], None] = _nothing
        self._owner = threading.get_ident()
        self._lock = threading.RLock()
        self._held: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Write messages, or keep them for a while.

        :raises HungUpError: nobody reads any more.
        """
        size = len(data)
        with self._lock:
            self._held.append(bytes(data))
            self._size += size
            if not self.holding or self._size >= _FULL:
                self.let_go()
        return size

    def let_go(self) -> None:
        """Write what was held back.

        :raises HungUpError: nobody reads any more.
        """
        with self._lock:
            if not self._held:
                return
            data = b"".join(self._held)
            self._held.clear()
            self._size = 0
            try:
                self.send(data)
            except OSError as error:
                if threading.get_ident() == self._owner:
                    self.gone()
                raise HungUpError(f"Storm's end is closed: {error}") from error


class Incoming(io.RawIOBase):
    """What pystorm reads from.

    :param stream: where it comes from; the process' standard input without one.
    :ivar receive: reads what there is, up to a number of bytes; nothing at the end.
    :ivar gone: called at the end.
    """

    def __init__(self, outgoing: Outgoing, stream: Any = None) -> None:
        super().__init__()
        self.receive: Callable[[int], bytes] = _receiver(stream)
        self.gone: Callable[[], None] = _nothing
        self._outgoing = outgoing

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is, after everything was written that Storm may be waiting for."""
        self._outgoing.let_go()
        data = self.receive(len(buffer))
        if not data:
            self.gone()
        buffer[: len(data)] = data
        return len(data)


class TakenOver:
    """The process' standard streams, out of reach of everyone else; see :func:`take_over`."""

    def __init__(self, incoming: Incoming, outgoing: Outgoing) -> None:
        self._streams = StandardStreams(_nothing)
        incoming.receive = self._receive
        outgoing.send = self._send

    def end_input(self, *_: object) -> None:
        """Let the other end seem closed, also to a read that waits; for a signal to call."""
        # An interrupted read begins again, on what the descriptor then is.
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, self._streams.input, inheritable=False)
        os.close(nowhere)

    def await_input(self, seconds: float) -> None:
        """Wait until Storm says something, or is gone."""
        poll = select.poll()
        poll.register(self._streams.input, select.POLLIN)
        poll.poll(seconds * 1000)

    def close(self) -> None:
        """Let what was printed reach Storm before the end."""
        self._streams.close()

    def _receive(self, most: int) -> bytes:
        try:
            return os.read(self._streams.input, most)
        except OSError:
            return b""

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._streams.output, view) :]


def take_over(incoming: Incoming, outgoing: Outgoing) -> TakenOver:
    """Read and write the process' standard input and output from now on, and nobody else does.

    What is printed goes to standard error. SIGTERM ends the input, unless it has a handler already.
    """
    taken = TakenOver(incoming, outgoing)
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, taken.end_input)
    return taken


def _sender(stream: Any) -> Callable[[bytes], Any]:
    def send(data: bytes) -> None:
        found: Any = sys.stdout if stream is None else stream
        raw = getattr(found, "buffer", found)
        raw.write(data)
        raw.flush()

    return send


def _receiver(stream: Any) -> Callable[[int], bytes]:
    def receive(most: int) -> bytes:
        found: Any = sys.stdin if stream is None else stream
        raw = getattr(found, "buffer", found)
        # As much as there is: who asks for a number waits for as many.
        data: bytes = getattr(raw, "read1", raw.read)(most)
        return data

    return receive


def _nothing() -> None:
    pass
