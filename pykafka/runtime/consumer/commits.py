"""Commits of a consumer's positions: when asked, by the clock, before partitions go."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ...core.membership import Membership
from ...core.partition_keys import PartitionKey, named
from ...core.procedures.group_offsets import Committed
from ...exceptions import (
    IllegalGeneration,
    KafkaException,
    RebalanceInProgress,
    RemoteError,
    UnknownMemberId,
)
from ...options import Settings
from ..client import ClientCore
from ..tasks import Task
from .offset_store import OffsetStore

__all__ = ["Commits"]

log = logging.getLogger("pykafka.simpleconsumer")

#: Bounds on the commit of partitions that others wait for, and on the one of a consumer that
#: stops, in seconds, to which the client adds 5. What is not committed by then comes twice, which
#: is better than waiting.
_REVOKE_S = 5.0
_STOP_S = 25.0
#: With these a coordinator says that the group goes on without this member's partitions, or
#: that it will know only in a moment whether it does.
_REBALANCED = (RebalanceInProgress, IllegalGeneration, UnknownMemberId)


class Commits:
    """Stores positions for a group. Thread-safe.

    :param positions: what there is to commit, of some partitions or of all.
    :param owns: whether a partition may be committed for.
    """

    def __init__(
        self,
        client: ClientCore,
        settings: Settings,
        store: OffsetStore | None,
        membership: Membership,
        positions: Callable[[Collection[PartitionKey] | None], dict[PartitionKey, int]],
        owns: Callable[[PartitionKey], bool],
    ) -> None:
        self._client = client
        self._settings = settings
        self._store = store
        self._membership = membership
        self._positions = positions
        self._owns = owns
        self._armed = False
        self._timer: Any = None
        #: Of the last commit by the clock, ``None`` if it succeeded.
        self.error: BaseException | None = None

    @property
    def possible(self) -> bool:
        """Whether there is a group to commit for."""
        return self._store is not None

    # -- when asked -------------------------------------------------------------------

    def commit(self, offsets: Mapping[PartitionKey, int] | None = None) -> None:
        """Store positions, or these next offsets, and wait for it.

        While the group rebalances this waits for the end of that, and then commits what is left
        to this member.

        :raises RemoteError: they are not stored.
        """
        store = self._required("commit offsets")
        deadline = time.monotonic() + store.timeout_s
        while True:
            epoch = self._membership.epoch
            chosen = self._positions(None) if offsets is None else offsets
            try:
                self._send(chosen, store.timeout_s)
            except _REBALANCED as error:
                left = deadline - time.monotonic()
                if left <= 0 or not self._membership.settled(epoch, left):
                    raise
                gone = sorted(key for key in offsets or () if not self._owns(key))
                if gone:
                    raise type(error)(
                        f"{named(gone)} went to another member before offsets were committed"
                    ) from error
            else:
                return

    def before_revoke(self, keys: Collection[PartitionKey]) -> None:
        """Store the positions of partitions that go to others; a failure is logged."""
        # Those of a topic that was deleted go to nobody; brokers would have it tried again.
        topics = self._client.snapshot.topics
        offsets = {key: at for key, at in self._positions(keys).items() if key[0] in topics}
        try:
            self._send(offsets, _REVOKE_S)
        except RemoteError as error:
            log.warning(
                "offsets of %s are not committed before others take over, who begin with the"
                " last commit: %s",
                named(sorted(keys)),
                error,
            )

    def at_stop(self) -> None:
        """Store all positions, if that is to be done at the end.

        :raises RemoteError: they are not stored.
        """
        if self._settings.auto_commit_enable and self._store is not None:
            self._send(self._positions(None), _STOP_S)

    def committed(self, keys: Sequence[PartitionKey]) -> dict[PartitionKey, Committed]:
        """What the group has stored for these partitions.

        :raises RemoteError: it could not be looked up.
        """
        store = self._required("look offsets up")
        return self._client.run(store.fetch(keys), store.timeout_s)

    def _send(self, offsets: Mapping[PartitionKey, int], timeout_s: float) -> None:
        if offsets and self._store is not None:
            self._membership.check_commit()
            self._client.run(self._store.commit(offsets), min(timeout_s, self._store.timeout_s))

    def _required(self, what: str) -> OffsetStore:
        if self._store is None:
            raise KafkaException(f"cannot {what} without a consumer_group")
        return self._store

    # -- by the clock -----------------------------------------------------------------

    def begin(self) -> None:
        """From now on commit every ``auto_commit_interval_ms``, if that is wanted."""
        if self._settings.auto_commit_enable and self._store is not None:
            self._client.loop.call_soon(self._begin)

    def end(self) -> None:
        """Do so no more."""
        self._client.loop.call_soon(self._end)

    def _begin(self) -> None:
        self._armed = True
        self._arm()

    def _end(self) -> None:
        self._armed = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._armed:
            self._timer = self._client.loop.call_later(
                self._settings.auto_commit_interval_ms / 1000, self._commit_now
            )

    def _commit_now(self) -> None:
        offsets = self._positions(None)
        if not offsets or self._store is None:
            self._arm()
            return
        try:
            self._membership.check_commit()
        except RemoteError as error:
            self._auto_committed(error)
            return
        task = self._client.spawn(self._store.commit(offsets))
        task.when_done(self._task_done)

    def _task_done(self, task: Task) -> None:
        self._auto_committed(task.error)

    def _auto_committed(self, error: BaseException | None) -> None:
        self.error = error
        if isinstance(error, _REBALANCED):
            # What goes to others is committed before it does, the rest at the next time.
            log.debug("auto-commit came into a rebalance: %s", error)
        elif error is not None and self._armed:
            log.error("auto-commit failed: %s; trying again after the interval", error)
        self._arm()
