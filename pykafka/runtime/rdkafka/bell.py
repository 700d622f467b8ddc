"""What threads of C ring when they have something to say."""

from __future__ import annotations

import contextlib
from typing import Any

from .library import Library

__all__ = ["Bell"]


class Bell:
    """A socket to which C sends one byte, and no other before that was heard.

    :param socket: the module that the loop's sockets are from.
    :ivar ear: becomes readable when it is rung.
    :ivar pointer: ``pykafka_rd_bell``; must live for as long as C may ring.
    """

    def __init__(self, library: Library, socket: Any) -> None:
        self._lib = library.lib
        self.ear, self._sender = socket.socketpair()
        for end in (self.ear, self._sender):
            end.setblocking(False)
        self.pointer = library.ffi.new("pykafka_rd_bell *", (self._sender.fileno(), 0))

    def hear(self) -> None:
        """It was rung. What for is to be looked at after this, not before."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            self.ear.recv(64)
        # Not before that: the byte of one that is rung in between would be gone with the first,
        # and C would send no other, ever.
        self._lib.pykafka_rd_heard(self.pointer)

    def cover_ear(self) -> None:
        """Listen no more."""
        self.ear.close()

    def close(self) -> None:
        """When nobody can ring it any more."""
        self._sender.close()
