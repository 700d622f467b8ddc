"""When what is queued leaves the lanes: the two ways that there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

from ...core.producing import Lane
from ...options import Settings
from ..client import ClientCore
from .sink import PushedSink, WokenSink

__all__ = ["Announced", "Departures", "Pushed"]

#: With so many queued the thread that produces gives way.
_BACKLOG = 10_000
_YIELD_S = 0.00001
#: Of a lane, between two times that it is taken: the garbage collector looks after 700 new objects.
_WINDOW = 650
#: Of fewer a hand-over costs more than they do.
_WORTH_IT = _WINDOW // 2
#: Twice this time after its call, a message has its timestamp.
_STAMPED_WITHIN_S = 0.005


class _Accounts(Protocol):
    """What they know of the producer."""

    lanes: dict[int, Lane]

    @property
    def queued(self) -> int: ...

    def permit(self, most: int) -> None:
        """Let so many messages be queued without a look, if nothing is against it."""

    def take_permits_back(self) -> None:
        """From now on each message is looked at, until there are permits again."""


class Departures(ABC):
    """Sees that messages leave when there are enough, or the first of them has waited enough."""

    def __init__(self, client: ClientCore, settings: Settings, accounts: _Accounts) -> None:
        self._client = client
        self._settings = settings
        self._accounts = accounts
        self._linger: Any = None
        # Who lingers for all of the delivery time-out is never sent.
        self._linger_s = min(settings.linger_ms, settings.delivery_timeout_ms / 2) / 1000

    def before(self) -> None:  # noqa: B027 - not all have something to do
        """A message comes for which there is no permit."""

    @abstractmethod
    def after(self) -> None:
        """It is queued, or there is no permit any more for one that is: give some, if it need
        not leave at once."""

    @abstractmethod
    def _take_all(self) -> None:
        """What is queued leaves now."""

    def all_due(self) -> None:
        """Let everything that is queued leave now. On the I/O thread."""
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        # First of all, so that a message that is queued from now on is noticed; then what is
        # queued is counted.
        self._accounts.take_permits_back()
        self._take_all()

    def _wait_for_more(self) -> None:
        if self._linger is None:
            self._linger = self._client.loop.call_later(self._linger_s, self._lingered)

    def _lingered(self) -> None:
        self._linger = None
        self.all_due()

    def _queued(self) -> int:
        return sum([len(lane.queue) for lane in list(self._accounts.lanes.values())])


class Announced(Departures):
    """The I/O thread is told, and has the sink look at the lanes."""

    def __init__(
        self, client: ClientCore, settings: Settings, accounts: _Accounts, sink: WokenSink
    ) -> None:
        super().__init__(client, settings, accounts)
        self._sink = sink

    def after(self) -> None:
        self._accounts.permit(self._settings.min_queued_messages - 1)
        self._client.loop.call_soon(self._notice)
        if self._accounts.queued >= _BACKLOG:
            # Let the I/O thread have the interpreter, or it would only after the switch
            # interval: what piles up meanwhile costs more than this.
            self._client.backend.sleep(_YIELD_S)

    def _notice(self) -> None:
        s = self._settings
        queued = self._queued()
        if s.linger_ms == 0 or s.sync or queued >= s.min_queued_messages:
            self.all_due()
            return
        self._accounts.permit(s.min_queued_messages - queued - 1)
        self._wait_for_more()
        self._sink.wake()

    def _take_all(self) -> None:
        for lane in self._accounts.lanes.values():
            lane.make_all_due()
        self._sink.wake()


class Pushed(Departures):
    """The thread that produces hands over, every few hundred messages.

    Timestamps wait for that, unless it takes long.
    """

    def __init__(
        self, client: ClientCore, settings: Settings, accounts: _Accounts, sink: PushedSink
    ) -> None:
        super().__init__(client, settings, accounts)
        self._sink = sink
        self._stamping: Any = None
        self._busy = False

    def before(self) -> None:
        # Not afterwards: nobody but its lane has any of these any more.
        self._sink.push(_WORTH_IT)
        self._busy = True

    def after(self) -> None:
        s = self._settings
        at_once = s.sync or self._queued() >= s.min_queued_messages
        self._sink.push(1 if at_once else _WORTH_IT)
        window = _WINDOW * len(self._accounts.lanes)
        self._accounts.permit(min(window, s.min_queued_messages - self._queued() - 1))
        # In this order: whoever clears a timer takes permits back then, so that no message waits
        # unnoticed.
        if self._stamping is None or self._linger is None:
            self._client.loop.call_soon(self._notice)

    def _notice(self) -> None:
        if self._settings.linger_ms == 0:
            self.all_due()
            return
        self._wait_for_more()
        if self._stamping is None:
            self._stamping = self._client.loop.call_later(_STAMPED_WITHIN_S, self._stamp)

    def _stamp(self) -> None:
        if self._busy:
            # Windows end often enough; only what is left of them gets old.
            self._busy = False
            self._stamping = self._client.loop.call_later(_STAMPED_WITHIN_S, self._stamp)
        else:
            self._stamping = None
            self._accounts.take_permits_back()
        self._sink.stamp()

    def _take_all(self) -> None:
        self._sink.push()
