"""Commits of a consumer's positions: when asked, by the clock, before partitions go."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ...core.effects import Procedure
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
        #: The commit by the clock that is under way; on the loop.
        self._running: Task | None = None
        #: How often partitions went.
        self._round = 0
        #: Of the last commit by the clock, ``None`` if it succeeded.
        self.error: BaseException | None = None

    @property
    def possible(self) -> bool:
        """Whether there is a group to commit for."""
        return self._store is not None

    @property
    def trouble(self) -> BaseException | None:
        """The error of the last commit by the clock, unless a rebalance explains it."""
        return None if isinstance(self.error, _REBALANCED) else self.error

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
            epoch, begun = self._membership.epoch, self._round
            chosen = self._positions(None) if offsets is None else offsets
            try:
                self._send(chosen, store.timeout_s, begun)
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

    def start(self, offsets: Mapping[PartitionKey, int], done: Callable[[Task], None]) -> None:
        """Store these next offsets; nothing is waited for.

        :param done: called on the loop when they are stored, or are not (``error``).
        """
        store = self._required("commit offsets")
        self._client.start(self._checked(store.commit(offsets), self._round), done)

    def before_revoke(self, keys: Collection[PartitionKey]) -> None:
        """Store the positions of partitions that go to others; a failure is logged."""
        # Those of a topic that was deleted go to nobody; brokers would have it tried again.
        topics = self._client.snapshot.topics
        offsets = {key: at for key, at in self._positions(keys).items() if key[0] in topics}
        try:
            self._send(offsets, _REVOKE_S, self._round)
        except RemoteError as error:
            log.warning(
                "offsets of %s are not committed before others take over, who begin with the"
                " last commit: %s",
                named(sorted(keys)),
                error,
            )

    def soon(self) -> None:
        """Store all positions now, as by the clock: nothing is waited for. Thread-safe."""
        self._client.loop.call_soon(self._hurry)

    def _hurry(self) -> None:
        if self._timer is not None and self._running is None:
            self._timer.cancel()
            self._commit_now()

    def at_stop(self, within_s: float | None = None) -> None:
        """Store all positions, if that is to be done at the end.

        :param within_s: another bound than usual.
        :raises RemoteError: they are not stored.
        """
        if not self._settings.auto_commit_enable or self._store is None:
            return
        while True:
            begun = self._round
            try:
                self._send(self._positions(None), _STOP_S if within_s is None else within_s, begun)
            except RebalanceInProgress:
                if begun == self._round:
                    raise
                # Partitions went meanwhile; there is the rest of them.
            else:
                return

    def committed(self, keys: Sequence[PartitionKey]) -> dict[PartitionKey, Committed]:
        """What the group has stored for these partitions.

        :raises RemoteError: it could not be looked up.
        """
        store = self._required("look offsets up")
        return self._client.run(store.fetch(keys), store.timeout_s)

    def outdate(self) -> None:
        """Partitions have gone to others: what is under way must not be tried again."""
        self._round += 1

    def _send(self, offsets: Mapping[PartitionKey, int], timeout_s: float, begun: int) -> None:
        if offsets and self._store is not None:
            # What that has of the same partitions is older, and might come through later.
            self._client.loop.call_soon(self._supersede)
            storing = self._checked(self._store.commit(offsets), begun)
            self._client.run(storing, min(timeout_s, self._store.timeout_s))

    def _checked(self, storing: Procedure[None], begun: int) -> Procedure[None]:
        """Store, as long as that is allowed: a commit that has to be tried again may come long
        after it was begun, and not every coordinator refuses it.

        :param begun: the round to which the offsets belong.
        """
        with contextlib.closing(storing):
            answer: Any = None
            error: Exception | None = None
            while True:
                try:
                    effect = storing.send(answer) if error is None else storing.throw(error)
                except StopIteration:
                    return
                self._membership.check_commit()
                if begun != self._round:
                    raise RebalanceInProgress("partitions went to others before it was committed")
                try:
                    answer, error = (yield effect), None
                except Exception as failure:  # noqa: BLE001 - the procedure's affair
                    answer, error = None, failure

    def _supersede(self) -> None:
        if self._running is not None:
            self._running.cancel(RebalanceInProgress("a newer commit follows"))

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
        begun = self._round
        offsets = self._positions(None)
        if not offsets or self._store is None:
            self._arm()
            return
        self._running = self._client.spawn(self._checked(self._store.commit(offsets), begun))
        self._running.when_done(self._committed_now)

    def _committed_now(self, task: Task) -> None:
        self._running = None
        self.error = error = task.error
        if isinstance(error, _REBALANCED):
            # What goes to others is committed before it does, the rest at the next time.
            log.debug("auto-commit came into a rebalance: %s", error)
        elif error is not None and self._armed:
            log.error("auto-commit failed: %s; trying again after the interval", error)
        self._arm()
