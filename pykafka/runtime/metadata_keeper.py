"""Keeping metadata fresh: one refresh at a time, not too often, never too old."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from ..core.effects import Procedure, Sleep
from ..core.procedures.cluster import fetch_metadata
from ..core.retry import Backoff
from ..exceptions import KafkaException, NoBrokersAvailableError, RemoteError
from ..net.chance import chance
from .tasks import Resume

if TYPE_CHECKING:
    from .client import ClientCore

__all__ = ["MetadataKeeper"]

log = logging.getLogger("pykafka.cluster")

#: Metadata in use is never older than this (Java's metadata.max.age.ms).
MAX_AGE_S = 300.0
#: Two refreshes are at least this far apart; failed ones back off further.
_BACKOFF = Backoff(0.1, 1.0)


class _Wish(NamedTuple):
    topics: list[str] | None
    create: bool
    resume: Resume


class MetadataKeeper:
    """Serves wishes for fresh metadata; used on the loop only.

    Wishes that come while a refresh runs are served together by the next one.
    """

    def __init__(self, core: ClientCore) -> None:
        self._core = core
        self._wishes: list[_Wish] = []
        self._running = False
        self._failures = 0
        self._last = float("-inf")
        core.loop.call_soon(self._arm)

    def request(self, topics: list[str] | None, create: bool, resume: Resume) -> None:
        """Refresh, then resume with the snapshot or the error.

        :param topics: names wanted, ``None`` for all there are.
        :param create: whether the broker may create them.
        """
        self._wishes.append(_Wish(topics, create, resume))
        if not self._running:
            self._running = True
            self._core.spawn(self._serve())

    def close(self, error: KafkaException) -> None:
        """Refuse what is waiting."""
        for wish in self._take_all():
            wish.resume(None, error)

    def _take_all(self) -> list[_Wish]:
        wishes, self._wishes = self._wishes, []
        return wishes

    def _serve(self) -> Procedure[None]:
        try:
            while self._wishes:
                yield from self._pause()
                wishes = self._next_batch()
                try:
                    yield from self._refresh(wishes)
                except RemoteError as error:
                    self._failures += 1
                    self._reread_zookeeper(error)
                    for wish in wishes:
                        wish.resume(None, error)
                else:
                    self._failures = 0
                    for wish in wishes:
                        wish.resume(self._core.snapshot, None)
        finally:
            self._running = False

    def _pause(self) -> Procedure[None]:
        wait = _BACKOFF.wait_s(max(1, self._failures), chance())
        left = self._last + wait - self._core.loop.time()
        if left > 0:
            yield Sleep(left)

    def _next_batch(self) -> list[_Wish]:
        """All wishes that one request can serve: creating is never done by the way."""
        first = self._wishes[0]
        if first.create:
            return [self._wishes.pop(0)]
        batch = [wish for wish in self._wishes if not wish.create]
        self._wishes = [wish for wish in self._wishes if wish.create]
        return batch

    def _refresh(self, wishes: list[_Wish]) -> Procedure[None]:
        core = self._core
        topics: list[str] | None = None
        if all(wish.topics is not None for wish in wishes):
            wanted = {name for wish in wishes for name in wish.topics or ()}
            topics = sorted(wanted | set(core.topics_in_use))
            if wishes[0].create:
                topics = sorted(wanted)
        answer, whole = yield from fetch_metadata(
            core.nodes(), topics, wishes[0].create, core.socket_timeout_s
        )
        self._last = core.loop.time()
        core.snapshot = core.snapshot.following(answer, whole, self._last)
        for listener in list(core.metadata_listeners):
            listener(core.snapshot)

    def _arm(self) -> None:
        self._core.loop.call_later(MAX_AGE_S / 10, self._check_age)

    def _check_age(self) -> None:
        in_use = list(self._core.topics_in_use)
        if in_use and self._core.loop.time() - self._core.snapshot.fetched_at > MAX_AGE_S:
            self.request(in_use, False, lambda *_: None)
        self._arm()

    def _reread_zookeeper(self, error: RemoteError) -> None:
        """When nobody answers, the brokers may have moved: ask where they are now."""
        hosts = self._core.settings.zookeeper_hosts
        if not hosts or not isinstance(error, NoBrokersAvailableError):
            return
        core = self._core
        # kazoo takes as long to import as all of the rest.
        from ..net.zookeeper.brokers import brokers_from_zookeeper

        def work() -> None:
            try:
                found = brokers_from_zookeeper(hosts, core.socket_timeout_s)
            except RemoteError as failure:
                log.warning("no broker answers, and %s", failure)
            else:
                core.loop.call_soon(setattr, core, "bootstrap", found)

        core.loop.spawn(work, name="read brokers from ZooKeeper")
