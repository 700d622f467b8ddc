"""The process' standard streams: taken from the component's code, which may print as it likes."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

__all__ = ["StandardStreams"]

#: Bytes that wait for Storm to read its end of standard error; more is thrown away, oldest first.
_HELD = 1 << 20
_READ = 1 << 16


class StandardStreams:
    """Storm's ends of standard input, output and error, out of reach of the component.

    From construction on, descriptor 0 is empty, and 1 and 2 go to a pipe that a thread empties
    into the real standard error, which Storm writes to the worker's log. Storm reads it only when
    it has something to say to the process, so it may be full for long: the thread never waits
    for it, and neither does who prints.

    :param each_second: called by that thread about once a second.
    :ivar input: descriptor to read Storm's messages from.
    :ivar output: descriptor to write ours to.
    :ivar error: the real standard error; writing to it does not block.
    """

    def __init__(self, each_second: Callable[[], None]) -> None:
        self.input, self.output, self.error = (_private_copy(number) for number in (0, 1, 2))
        os.set_blocking(self.error, False)
        self._each_second = each_second
        self._reading, writing = os.pipe()
        nowhere = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nowhere, 0), (writing, 1), (writing, 2)):
            os.dup2(source, target)
        for number in (nowhere, writing):
            os.close(number)
        self._held: deque[bytes] = deque()
        self._size = 0
        self._thread = threading.Thread(target=self._drain, name="pykafka stderr", daemon=True)
        self._thread.start()
        # What was printed before, and is still here, is no more for Storm than what comes.
        sys.stdout.flush()
        sys.stdout = _text(1)
        sys.stderr = _text(2)

    def close(self, within: float = 1.0) -> None:
        """Let what was printed reach Storm, for at most ``within`` seconds, before the end."""
        sys.stdout.flush()
        sys.stderr.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # The pipe's last writers go: the thread reads to the end.
        for number in (1, 2):
            os.dup2(nowhere, number)
        self._thread.join(within)

    def _drain(self) -> None:
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        writable = select.poll()
        writable.register(self.error, select.POLLOUT)
        while True:
            if poll.poll(1000):
                data = os.read(self._reading, _READ)
                if not data:
                    break
                self._hold(data)
            self._forward()
            self._each_second()
        while self._held and writable.poll(1000) and self._forward():
            pass

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        while self._size > _HELD:
            self._size -= len(self._held.popleft())

    def _forward(self) -> bool:
        """Write what the real standard error takes; whether it is still there."""
        try:
            while self._held:
                written = os.write(self.error, self._held[0])
                self._size -= written
                rest = self._held.popleft()[written:]
                if rest:
                    self._held.appendleft(rest)
        except BlockingIOError:
            return True
        except OSError:
            self._held.clear()
            return False
        return True


def _text(number: int) -> TextIO:
    """A stream on a descriptor as it is now; what Python opened believes it to be what it was.

    What is printed is seen at once, and no character ends the program.
    """
    return open(
        number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )


def _private_copy(number: int) -> int:
    """A copy of a descriptor that no child process inherits."""
    copy = os.dup(number)
    os.set_inheritable(copy, False)
    return copy
