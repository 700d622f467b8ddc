"""No ring is lost, whenever it comes while the one before is heard."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from pykafka.runtime.rdkafka.bell import Bell


class Tower:
    """Rings as C does, in the middle of what Python does."""

    def __init__(self, rung_in: str) -> None:
        self.rung_in = rung_in
        lib = SimpleNamespace(pykafka_rd_heard=self.heard)
        ffi = SimpleNamespace(new=lambda _, fields: SimpleNamespace(pending=fields[1]))
        library: Any = SimpleNamespace(lib=lib, ffi=ffi)
        self.bell = Bell(library, socket)
        self.ear, self.bell.ear = self.bell.ear, self
        #: What it was rung for, and nobody has seen.
        self.told = False

    def ring(self) -> None:
        self.told = True
        if not self.bell.pointer.pending:
            self.bell.pointer.pending = 1
            self.bell._sender.send(b"\0")

    def recv(self, size: int) -> bytes:
        if self.rung_in == "before the byte is read":
            self.ring()
        found = self.ear.recv(size)
        if self.rung_in == "behind that":
            self.ring()
        return found

    def heard(self, bell: Any) -> None:
        bell.pending = 0
        if self.rung_in == "at the end":
            self.ring()

    def is_rung(self) -> bool:
        """Whether the loop would wake up."""
        try:
            return bool(self.ear.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False


@pytest.mark.parametrize("rung_in", ["before the byte is read", "behind that", "at the end"])
def test_a_ring_is_seen_or_wakes_again(rung_in: str) -> None:
    tower = Tower(rung_in)
    tower.ring()
    assert tower.is_rung()
    tower.bell.hear()
    seen, tower.told = tower.told, False
    assert seen
    tower.rung_in = ""
    # Whatever came in between, the next one is heard.
    tower.ring()
    assert tower.is_rung()
    tower.bell.hear()
    assert not tower.is_rung()
    tower.ear.close()
    tower.bell.close()
