"""Messages from Storm and to it, many in one system call."""

from __future__ import annotations

import os
import select
from collections import deque
from typing import Any

from ..exceptions import StormWentAwayError
from ..multilang import Serializer

__all__ = ["Pipe"]

_READ = 1 << 18


class Pipe:
    """Both directions of a component's connection with Storm. Used by one thread.

    Waiting for the other end has no bound but that end's: a worker that is gone has closed it, and
    one that hangs is ended by its supervisor, which then ends its components.

    :param incoming: descriptor to read.
    :param outgoing: descriptor to write.
    """

    def __init__(self, incoming: int, outgoing: int, serializer: Serializer) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._serializer = serializer
        os.set_blocking(outgoing, False)
        self._messages: list[Any] = []
        self._task_ids: deque[list[int]] = deque()
        self._input = select.poll()
        self._input.register(incoming, select.POLLIN)
        self._end = select.poll()
        self._end.register(incoming, 0)

    def read(self, timeout: float | None = None) -> list[Any]:
        """All messages that are there, without lists of task ids.

        :param timeout: seconds to wait for one; None: as long as it takes (Storm writes to a
            bolt every second, and to a spout all the time).
        :returns: at least one, unless the time is over.
        :raises StormWentAwayError: the other end is closed.
        :raises ProtocolError: something is no message.
        """
        while not self._messages:
            if timeout is not None and not self.readable(timeout):
                return []
            self._receive()
        messages, self._messages = self._messages, []
        return messages

    def give_back(self, messages: list[Any]) -> None:
        """Have messages read again, before others."""
        self._messages[:0] = messages

    def readable(self, timeout: float) -> bool:
        """Wait until there is something to read, or the other end is closed.

        :param timeout: seconds.
        :returns: whether there is.
        """
        return bool(self._messages or self._input.poll(max(0.0, timeout) * 1000))

    def rest(self, seconds: float) -> None:
        """Let time pass and take nothing, so that Storm cannot send much more.

        :raises StormWentAwayError: the other end is closed.
        """
        if self._end.poll(max(0.0, seconds) * 1000):
            raise StormWentAwayError("Storm closed its end: the worker is gone")

    def task_ids(self) -> list[int]:
        """The next list of task ids; other messages wait for :meth:`read`.

        :raises StormWentAwayError: the other end is closed.
        """
        while not self._task_ids:
            self._receive()
        return self._task_ids.popleft()

    def write(self, data: bytes) -> None:
        """Send bytes. Reads while there is no room: Storm may be waiting for that.

        :raises StormWentAwayError: the other end is closed.
        """
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._outgoing, view) :]
            except BlockingIOError:
                self._await_room()
            except OSError as error:
                raise StormWentAwayError(f"Storm's end is closed: {error}") from error

    def _await_room(self) -> None:
        both = select.poll()
        both.register(self._incoming, select.POLLIN)
        both.register(self._outgoing, select.POLLOUT)
        if any(number == self._incoming for number, _ in both.poll()):
            self._receive()

    def _receive(self) -> None:
        try:
            data = os.read(self._incoming, _READ)
        except OSError as error:
            raise StormWentAwayError(f"Storm's end is closed: {error}") from error
        if not data:
            raise StormWentAwayError("Storm closed its end: the worker is gone")
        for message in self._serializer.feed(data):
            if type(message) is list:
                self._task_ids.append(message)
            else:
                self._messages.append(message)
