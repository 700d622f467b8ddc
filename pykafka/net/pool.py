"""The connections of one client: one per broker and purpose, made when needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from ..exceptions import ConnectFailedError, RemoteError
from .address import Address
from .chance import chance
from .connection import Connection
from .reactor import Reactor, Timer

__all__ = ["Pool", "PoolHooks"]

log = logging.getLogger("pykafka.connection")

_FIRST_WAIT_S = 0.05
_MOST_WAIT_S = 1.0

Ready = Callable[["Connection | None", "RemoteError | None"], None]


class PoolHooks(NamedTuple):
    """What the pool asks of its owner.

    :ivar address_of: where a node listens now; raises :class:`RemoteError` if unknown.
    :ivar open: start to open a connection to an address, given what a live connection to it
        knows of its versions (or ``None``), and call back with connection or error.
    """

    address_of: Callable[[Any], Address]
    open: Callable[[Address, Any, Callable[[Connection | None, RemoteError | None], None]], None]


class _Slot:
    """The connection to one node for one purpose, in whatever state it is."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.address: Address | None = None
        self.opening = False
        self.failures = 0
        self.retry_at = 0.0
        self.timer: Timer | None = None
        self.waiting: list[Ready] = []


class Pool:
    """Hands out open connections; used on the loop's thread only.

    After a failure to connect, the next attempt to the same node waits, 50 ms at first and
    up to 1 s, with jitter; whoever asks meanwhile waits along.
    """

    def __init__(self, reactor: Reactor, hooks: PoolHooks) -> None:
        self._reactor = reactor
        self._hooks = hooks
        self._slots: dict[tuple[Hashable, str], _Slot] = {}
        self._live: dict[Address, set[Connection]] = {}
        self._closed = False

    def acquire(self, node: Hashable, purpose: str, ready: Ready) -> None:
        """Call ``ready`` with an open connection to a node, or with why there is none."""
        if self._closed:
            ready(None, ConnectFailedError("the client is closed"))
            return
        try:
            address = self._hooks.address_of(node)
        except RemoteError as error:
            ready(None, error)
            return
        slot = self._slots.setdefault((node, purpose), _Slot())
        if slot.connection is not None and slot.connection.open:
            if slot.address == address:
                ready(slot.connection, None)
                return
            log.info("broker %s moved from %s to %s", node, slot.address, address)
            slot.connection.close()
        if slot.address != address:
            slot.failures, slot.retry_at = 0, 0.0
        slot.waiting.append(ready)
        if not slot.opening and slot.timer is None:
            self._schedule(slot, address)

    def is_failing(self, node: Hashable) -> bool:
        """Whether the last attempt to connect to a node failed."""
        return any(slot.failures for (other, _), slot in self._slots.items() if other == node)

    def is_connected(self, node: Hashable) -> bool:
        """Whether there is an open connection to a node, for whatever purpose."""
        return any(
            slot.connection is not None and slot.connection.open
            for (other, _), slot in self._slots.items()
            if other == node
        )

    def close_purpose(self, purpose: str) -> None:
        """Close all connections of one purpose (a consumer's, when it stops)."""
        for key in [key for key in self._slots if key[1] == purpose]:
            slot = self._slots.pop(key)
            self._drop(slot, ConnectFailedError(f"connections for {purpose} were closed"))

    def close(self) -> None:
        """Close all connections; what is under way fails. Idempotent."""
        self._closed = True
        for slot in list(self._slots.values()):
            self._drop(slot, ConnectFailedError("the client was closed"))
        self._slots.clear()
        for connection in [live for found in self._live.values() for live in found]:
            connection.close()

    def abandon(self) -> None:
        """Close this process's copies of the sockets, telling nobody (after a fork)."""
        for connections in self._live.values():
            for connection in connections:
                connection.abandon()
        self._slots.clear()

    def _drop(self, slot: _Slot, error: RemoteError) -> None:
        if slot.timer is not None:
            slot.timer.cancel()
            slot.timer = None
        if slot.connection is not None:
            slot.connection.close(error)
        self._settle(slot, None, error)

    def _schedule(self, slot: _Slot, address: Address) -> None:
        slot.address = address
        wait = slot.retry_at - self._reactor.time()
        if wait > 0:
            slot.timer = self._reactor.call_later(wait, self._open, slot, address)
        else:
            self._open(slot, address)

    def _open(self, slot: _Slot, address: Address) -> None:
        slot.timer = None
        slot.opening = True

        def opened(connection: Connection | None, error: RemoteError | None) -> None:
            slot.opening = False
            if connection is not None and (self._closed or slot not in self._slots.values()):
                connection.close()
                connection, error = None, ConnectFailedError("no longer needed")
            if connection is None:
                slot.failures += 1
                full = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2.0 ** (slot.failures - 1))
                slot.retry_at = self._reactor.time() + full * (1.0 - 0.2 * chance())
            else:
                slot.failures, slot.retry_at = 0, 0.0
                slot.connection = connection
            self._settle(slot, connection, error)

        self._hooks.open(address, self._known_versions(address), opened)

    def _settle(
        self, slot: _Slot, connection: Connection | None, error: RemoteError | None
    ) -> None:
        waiting, slot.waiting = slot.waiting, []
        for ready in waiting:
            ready(connection, error)

    # What the broker speaks is remembered as long as one connection to it lives: a broker
    # that comes back as another release has dropped them all.

    def connected(self, connection: Connection) -> None:
        """Count a connection among the live ones; its owner calls this when it is made."""
        self._live.setdefault(connection.address, set()).add(connection)

    def disconnected(self, connection: Connection) -> None:
        """Forget a connection that was closed."""
        self._live.get(connection.address, set()).discard(connection)

    def _known_versions(self, address: Address) -> Any:
        for connection in self._live.get(address, ()):
            if connection.open and connection.versions is not None:
                return connection.versions
        return None
