"""The consumption core: positions, hand-over, commits; for every kind of consumer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core.cursor import START, Cursor
from ...core.membership import Membership
from ...core.partition_keys import PartitionKey
from ...core.procedures.group_offsets import Committed
from ...core.procedures.log_offsets import Place, find_places
from ...exceptions import (
    ClientClosedError,
    ConsumerStoppedException,
    ForkedProcessError,
    KafkaException,
)
from ...options import Settings
from ..backend import Event
from ..client import ClientCore
from ..tasks import Task
from .offset_store import OffsetStore
from .source import NO_RUN, RecordSource, Run

__all__ = ["Consumption"]

log = logging.getLogger("pykafka.simpleconsumer")

#: How often someone who waits for rows looks at an event that is not ours.
_UNBLOCK_CHECK_S = 0.05
#: No single wait is longer: the operating system knows no wait of a thousand years.
_LONGEST_WAIT_S = 60.0


class Consumption:
    """Hands over the rows of the partitions that a membership assigns.

    ``run`` is the run that is being handed over; whoever needs rows takes them from it and
    calls :meth:`advance` when it is used up. Implements
    :class:`pykafka.core.membership.Owner` and :class:`.source.SourceEvents`. Thread-safe.

    Locks: ``_lock`` guards assignment, decoding and the change of runs; ``_positions``
    (taken inside it, never the other way round) guards what a commit reads, so that the I/O
    thread never waits for a decoder. Both can be taken again by who has them: a signal
    handler may call :meth:`stop` in the thread that decodes.
    """

    def __init__(
        self,
        client: ClientCore,
        settings: Settings,
        source: RecordSource,
        membership: Membership,
        store: OffsetStore | None,
    ) -> None:
        self.run: Run = NO_RUN
        self.cursors: dict[PartitionKey, Cursor] = {}
        self.store = store
        self._client = client
        self._settings = settings
        self._source = source
        self._membership = membership
        self._make_locks()
        self._ready: Event = client.backend.event()
        #: What the source was told to bring.
        self._fetching: set[PartitionKey] = set()
        self._running = False
        self._forked = False
        self._auto_commit: Any = None

    def _make_locks(self) -> None:
        self._lock = self._client.backend.rlock()
        self._positions = self._client.backend.rlock()

    # -- life -------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    def start(self, prepare: Callable[[], None] | None = None) -> None:
        """Begin to consume.

        :param prepare: called when partitions are assigned and before they are fetched from;
            sets where to start.
        """
        self._check_usable()
        if self._client.closed:
            raise ClientClosedError("the KafkaClient of this consumer was closed; make a new one")
        if self._running:
            return
        self._running = True
        self._prepare = prepare
        self._client.fork_listeners.add(self)
        try:
            self._source.start(self)
            self._membership.start(self)
            # It is a method of the user's object, which nothing here may keep alive.
            self._prepare = None
        except BaseException:
            self.stop(commit=False)
            raise
        if self._settings.auto_commit_enable and self.store is not None:
            self._client.loop.call_soon(self._arm_auto_commit)

    def stop(self, commit: bool = True) -> None:
        """Commit by policy, stop fetching; idempotent. Positions stay for another start.

        :raises RemoteError: the commit failed; it is stopped all the same.
        """
        with self._lock:
            if not self._running or self._forked:
                return
            self._running = False
            self._take_back()
            # Whoever waits for rows need not wait for the commit.
            self._ready.set()
        self._client.loop.call_soon(self._disarm_auto_commit)
        try:
            if commit and self._settings.auto_commit_enable and self.store is not None:
                self.commit()
        finally:
            self._membership.stop()
            with self._lock:
                self._source.stop()
                self._fetching.clear()
            self._client.fork_listeners.discard(self)

    def abandon(self) -> None:
        """Stop fetching for a user's object that is gone; waits for nothing and commits nothing."""
        if self._running and not self._forked:
            self._running = False
            self._client.loop.call_soon(self._disarm_auto_commit)
            self._source.stop()

    def after_fork(self) -> None:
        """In the child: a started consumer is of no use, and must not touch its sockets."""
        if self._running:
            self._forked = True
            # A thread that is not here may have held them.
            self._make_locks()
            self.run.cut()
            self.run = NO_RUN

    def _check_usable(self) -> None:
        if not self._forked:
            return
        raise ForkedProcessError(
            "this consumer was started before a fork: make another KafkaClient and consumer in"
            " the child process"
        )

    # -- hand-over --------------------------------------------------------------------

    def advance(self, block: bool, unblock_event: Any = None) -> bool:
        """Make another run current; ``False`` if there was none in time.

        :param block: wait for up to ``consumer_timeout_ms``.
        :param unblock_event: end the wait when this is set.
        :raises ConsumerStoppedException: it is stopped, also while waiting.
        :raises KafkaException: a partition stalls, or fetching ended, and nothing else is
            there to be handed over.
        """
        timeout_ms = self._settings.consumer_timeout_ms
        deadline = time.monotonic() + timeout_ms / 1000 if timeout_ms > 0 else None
        while True:
            if self._look():
                return True
            if not block or not self._wait(deadline, unblock_event):
                return False

    def _wait(self, deadline: float | None, unblock_event: Any) -> bool:
        """Wait for news; ``False`` when time is up or the event is set.

        Without a time-out this waits as long as no message comes: that is what blocking
        without a time-out means.
        """
        while True:
            if unblock_event is not None and unblock_event.is_set():
                return False
            slice_s = _LONGEST_WAIT_S if unblock_event is None else _UNBLOCK_CHECK_S
            if deadline is not None:
                slice_s = min(slice_s, deadline - time.monotonic())
            if slice_s <= 0:
                return False
            if self._ready.wait(slice_s):
                return True

    def _look(self) -> bool:
        """Make another run current; if there is none, raise what stands in its place."""
        self._check_usable()
        with self._lock:
            if self._next_run():
                # One event wakes all who wait, and the first of them clears it: there may be
                # rows for the others, too.
                self._ready.set()
                return True
            # Cleared before the last look: what comes in after it is waited for in vain never.
            self._ready.clear()
            if self._next_run():
                self._ready.set()
                return True
            error = self._source.error()
            if error is not None:
                self._ready.set()
                raise error.with_traceback(None)
            return False

    def _next_run(self) -> bool:
        self._check_running()
        if self.run.left():
            return True  # another thread was here before
        while True:
            run = self._source.next_run()
            with self._positions:
                self._finish_run()
                if run is None:
                    return False
                if run.left():
                    self.run = run
                    break
                cursor = self.cursors[run.key]
                if run.gap:
                    cursor.next_offset = run.end_offset
                else:
                    cursor.move_to(run.end_offset)
        if not self._running:
            self._take_back()
        self._check_running()
        return True

    def _check_running(self) -> None:
        if not self._running:
            raise ConsumerStoppedException("the consumer is stopped; start() it again")

    def _finish_run(self) -> None:
        """Store in its cursor how far the current run was read."""
        cursor = self.cursors.get(self.run.key)
        if cursor is not None:
            cursor.last_delivered, cursor.next_offset = self.run.position(cursor)
        self.run = NO_RUN

    def _take_back(self, keys: Sequence[PartitionKey] | None = None) -> None:
        """End the current run where it is, if it is of one of these partitions."""
        with self._positions:
            if keys is None or self.run.key in keys:
                self.run.cut()
                self._finish_run()

    # -- the membership's calls -------------------------------------------------------

    def assigned(self, partitions: Mapping[PartitionKey, Any]) -> None:
        for key in partitions:
            if key not in self.cursors:
                self.cursors[key] = Cursor(*key)
        if self._prepare is not None:
            self._prepare()
        with self._lock:
            offsets = {key: self.cursors[key].next_offset for key in partitions}
            self._source.assign(offsets, partitions)
            self._fetching.update(partitions)

    def will_revoke(self, keys: Sequence[PartitionKey]) -> None:
        with self._lock:
            self._take_back(keys)
            self._source.revoke(keys)
            self._fetching.difference_update(keys)
        if self.store is not None:
            self.commit(self.positions(keys))
        self._forget(keys)

    def lost(self, keys: Sequence[PartitionKey]) -> None:
        with self._lock:
            self._take_back(keys)
            self._source.revoke(keys)
            self._fetching.difference_update(keys)
        self._forget(keys)

    def _forget(self, keys: Sequence[PartitionKey]) -> None:
        with self._positions:
            for key in keys:
                self.cursors.pop(key, None)

    def ready(self) -> None:
        self._ready.set()

    # -- positions --------------------------------------------------------------------

    def held(self) -> dict[PartitionKey, int]:
        """Offset of the last delivered message per partition; -1 where there is none."""
        return {key: last for key, (last, _) in self._standing().items()}

    def positions(self, keys: Sequence[PartitionKey] | None = None) -> dict[PartitionKey, int]:
        """What a commit would store now: the offset after all that was delivered.

        Partitions from which nothing was delivered, and which were not moved, are left out.
        """
        return {
            key: next_offset
            for key, (last, next_offset) in self._standing().items()
            if (keys is None or key in keys) and (last != START or next_offset)
        }

    def _standing(self) -> dict[PartitionKey, tuple[int, int]]:
        with self._positions:
            return {
                key: self.run.position(cursor)
                if self.run.key == key
                else (cursor.last_delivered, cursor.next_offset)
                for key, cursor in self.cursors.items()
            }

    def move(self, next_offsets: Mapping[PartitionKey, int]) -> None:
        """Go on from these offsets; what is held of the partitions is dropped."""
        self._check_usable()
        with self._lock:
            self._take_back(list(next_offsets))
            for key, offset in next_offsets.items():
                with self._positions:
                    # One that was never started has no cursors yet.
                    self.cursors.setdefault(key, Cursor(*key)).move_to(offset)
                if key in self._fetching:
                    self._source.seek(key, max(0, offset))

    def resolve(self, wanted: Mapping[PartitionKey, int]) -> dict[PartitionKey, Place]:
        """The places that times in ms, or magic offsets, stand for.

        :raises RemoteError: they could not be looked up.
        """
        self._check_usable()
        timeout_s = self._client.socket_timeout_s
        level = int(self._settings.isolation_level == "read_committed")
        return self._client.run(
            find_places(self._client, wanted, timeout_s, level), timeout_s * len(wanted) + 5
        )

    # -- commits ----------------------------------------------------------------------

    def commit(self, offsets: Mapping[PartitionKey, int] | None = None) -> None:
        """Store positions, or these next offsets, and wait for it.

        :raises RemoteError: they are not stored.
        """
        store = self._store("commit offsets")
        chosen = self.positions() if offsets is None else offsets
        if chosen:
            self._client.run(store.commit(chosen), store.timeout_s)

    def committed(self, keys: Sequence[PartitionKey]) -> dict[PartitionKey, Committed]:
        """What the group has stored for these partitions.

        :raises RemoteError: it could not be looked up.
        """
        store = self._store("look offsets up")
        return self._client.run(store.fetch(keys), store.timeout_s)

    def _store(self, what: str) -> OffsetStore:
        self._check_usable()
        if self.store is None:
            raise KafkaException(f"cannot {what} without a consumer_group")
        return self.store

    def _arm_auto_commit(self) -> None:
        if self._running:
            self._auto_commit = self._client.loop.call_later(
                self._settings.auto_commit_interval_ms / 1000, self._commit_now
            )

    def _disarm_auto_commit(self) -> None:
        if self._auto_commit is not None:
            self._auto_commit.cancel()
            self._auto_commit = None

    def _commit_now(self) -> None:
        offsets = self.positions()
        if offsets and self.store is not None and self._running:
            task = self._client.spawn(self.store.commit(offsets))
            task.when_done(self._auto_committed)
        else:
            self._arm_auto_commit()

    def _auto_committed(self, task: Task) -> None:
        if task.error is not None and self._running:
            log.error("auto-commit failed: %s; trying again after the interval", task.error)
        self._arm_auto_commit()
