"""The consumption core: assignment, positions, hand-over; for every kind of consumer."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Collection, Mapping
from typing import Any

from ...core.cursor import START, Cursor
from ...core.membership import Membership
from ...core.partition_keys import PartitionKey
from ...core.procedures.log_offsets import Place, find_places
from ...exceptions import ClientClosedError, ConsumerStoppedException, ForkedProcessError
from ...options import Settings
from ..backend import Event
from ..client import ClientCore
from .commits import Commits
from .hooks import Hooks, Taken
from .interrupted import InterruptedRuns
from .offset_store import OffsetStore
from .source import NO_RUN, RecordSource, Run

__all__ = ["Consumption"]

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
        hooks: Hooks,
    ) -> None:
        self.run: Run = NO_RUN
        self.cursors: dict[PartitionKey, Cursor] = {}
        self.commits = Commits(client, settings, store, membership, self.positions, self.owns)
        self._client = client
        self._settings = settings
        self._source = source
        self._membership = membership
        self._hooks = hooks
        self._make_locks()
        self._ready: Event = client.backend.event()
        #: What the source was told to bring.
        self._fetching: set[PartitionKey] = set()
        #: What is not delivered until it is known who has it; of these, what is committed no
        #: more.
        self._held: set[PartitionKey] = set()
        self._leaving: set[PartitionKey] = set()
        #: What whoever consumes wants nothing of for a while.
        self._paused: set[PartitionKey] = set()
        self._interrupted = InterruptedRuns()
        #: What was delivered last of all partitions before the rebalance that is under way.
        self._before: dict[PartitionKey, int] | None = None
        #: Whether the user was told of that already.
        self._asked = False
        #: Calls of :meth:`advance`, and those that are under way.
        self._look_numbers = itertools.count()
        self._looks = 0
        self._inside: list[None] = []
        self._running = False
        self._forked = False
        #: Whether it ever was.
        self.was_started = False

    def _make_locks(self) -> None:
        self._lock = self._client.backend.rlock()
        self._positions = self._client.backend.rlock()

    # -- life -------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    def start(self) -> None:
        """Begin to consume.

        :raises KafkaException: the membership could not be taken up; it is stopped.
        """
        self.check_usable()
        if self._client.closed:
            raise ClientClosedError("the KafkaClient of this consumer was closed; make a new one")
        if self._running:
            return
        self._running = self.was_started = True
        self._client.fork_listeners.add(self)
        try:
            self._source.start(self)
            self._membership.start(self)
        except BaseException:
            self.stop(commit=False)
            raise
        self.commits.begin()

    def stop(self, commit: bool = True, within_s: float | None = None) -> None:
        """Commit by policy, stop fetching, give membership up; idempotent, bounded.

        Positions stay for another start.

        :param within_s: another bound than usual on the commit, and on leaving.
        :raises RemoteError: the commit failed; it is stopped all the same.
        """
        with self._lock:
            if not self._running or self._forked:
                return
            self._running = False
            self._take_back()
            # Whoever waits for rows need not wait for the commit.
            self._ready.set()
        self.commits.end()
        try:
            if commit:
                self.commits.at_stop(within_s)
        finally:
            self._membership.stop(within_s)
            with self._lock:
                self._source.stop()
                self._clear()
            self._client.fork_listeners.discard(self)

    def abandon(self) -> None:
        """Stop fetching for a user's object that is gone; waits for nothing and commits nothing."""
        if self._running and not self._forked:
            self._running = False
            self.commits.end()
            self._membership.abandon()
            self._source.stop()

    def after_fork(self) -> None:
        """In the child: a started consumer is of no use, and must not touch its sockets."""
        if self._running:
            self._forked = True
            # A thread that is not here may have held them.
            self._make_locks()
            self.run.cut()
            self.run = NO_RUN
            self._membership.after_fork()

    def check_usable(self) -> None:
        """:raises ForkedProcessError: it was started in another process."""
        if self._forked:
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
        self._looks = next(self._look_numbers)
        self._inside.append(None)
        try:
            while True:
                if self._look():
                    return True
                if not block or not self._wait(deadline, unblock_event):
                    return False
        finally:
            self._inside.pop()

    def take(self, most: int) -> Taken | None:
        """Take rows of the current run at once; ``None`` if it is used up."""
        with self._positions:
            run, (rows, end) = self.run, self.run.take(most)
            return Taken(self.cursors[run.key], rows, run.shared, end) if rows else None

    def wait(self, seconds: float) -> bool:
        """Wait until another :meth:`advance` may bring something; whether that is so."""
        return bool(self._ready.wait(seconds))

    def pause(self, keys: Collection[PartitionKey]) -> None:
        """Deliver nothing of these until :meth:`unpause`; what is here of them is kept."""
        with self._lock:
            paused = (set(keys) & self._fetching) - self._paused
            self._paused |= paused
            self._set_aside(paused)

    def unpause(self, keys: Collection[PartitionKey]) -> None:
        """Deliver them again."""
        with self._lock:
            back = self._paused & set(keys)
            self._paused -= back
            self._bring_back(back - self._held)
        self._ready.set()

    def activity(self) -> Any:
        """Something that changes when messages are taken; ``None`` while somebody waits for one."""
        return None if self._inside else (self._looks, id(self.run), self.run.left())

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
        self.check_usable()
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
            error = self.error()
            if error is not None:
                self._ready.set()
                raise error.with_traceback(None)
            return False

    def error(self) -> Exception | None:
        """What is raised in place of messages, if there is something."""
        with self._lock:
            return self._source.error() or self._membership.error

    def _next_run(self) -> bool:
        self._check_running()
        if self.run.left():
            return True  # another thread was here before
        until = self._membership.lease_until
        if until != math.inf and time.monotonic() >= until:
            return False
        while True:
            run = self._interrupted.next() or self._source.next_run()
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

    def _take_back(self) -> None:
        """End the current run where it is."""
        with self._positions:
            self.run.cut()
            self._finish_run()

    # -- the membership's calls -------------------------------------------------------

    def assigned(self, keys: Collection[PartitionKey], keep: bool = True) -> None:
        wanted = set(keys)
        self._remember()
        with self._lock:
            changed = wanted != self._fetching
            kept = self._fetching & wanted if keep else set()
            gone = self._fetching - kept
            self._drop(gone)
            new = sorted(wanted - kept)
            with self._positions:
                for key in self.cursors.keys() - wanted:
                    del self.cursors[key]
                for key in new:
                    # Where others may have read on, the old position must not be committed.
                    if not keep or key not in self.cursors:
                        self.cursors[key] = Cursor(*key)
                # Its again: the user's callback may commit and move what has stayed.
                self._leaving -= kept
        self._hooks.gone(gone)
        partitions = {key: self._hooks.partition_of(key) for key in new}
        if new:
            self._hooks.set_out(self, new)
        # Who was asked to let go is told what it has, also if that is the same again.
        if (changed or self._asked) and self._hooks.rebalanced is not None:
            self._hooks.rebalanced(self._before or {}, self.held())
        with self._lock:
            if not self._running:
                return  # stopped meanwhile, maybe by the user's callback
            self._before, self._asked = None, False
            self._resume(kept)
            offsets = {key: max(0, self.cursors[key].next_offset) for key in new}
            self._source.assign(offsets, partitions)
            self._fetching.update(new)
        self._ready.set()

    def will_revoke(self, keys: Collection[PartitionKey]) -> None:
        # Again, if the group could not be joined: that was said and done already.
        going = (set(keys) & self._fetching) - self._held
        self._remember()
        with self._lock:
            self._hold(going)
        if not going:
            return
        if self._hooks.revoking is not None:
            self._asked = True
            self._hooks.revoking({key: last for key, last in self.held().items() if key in going})
        if self._settings.commit_on_revoke:
            self.commits.before_revoke(going)
        with self._positions:
            self._leaving |= going
        self.commits.outdate()

    def lost(self, keys: Collection[PartitionKey]) -> None:
        gone = set(keys)
        self._remember()
        with self._lock:
            self._drop(gone & self._fetching)
            with self._positions:
                for key in gone:
                    self.cursors.pop(key, None)
        self._hooks.gone(gone)
        self.commits.outdate()

    def _remember(self) -> None:
        self._before = self.held() if self._before is None else self._before

    def _hold(self, keys: set[PartitionKey]) -> None:
        self._held |= keys
        self._set_aside(keys)

    def _set_aside(self, keys: set[PartitionKey]) -> None:
        self._source.hold(keys)
        with self._positions:
            rest = None
            if self.run.key in keys:
                rest = self.run.cut()
                self._finish_run()
            self._interrupted.set_aside(keys, rest)

    def _resume(self, keys: set[PartitionKey]) -> None:
        back = self._held & keys
        self._held -= back
        with self._positions:
            self._leaving -= back
        self._bring_back(back - self._paused)

    def _bring_back(self, keys: set[PartitionKey]) -> None:
        self._interrupted.bring_back(keys)
        self._source.resume(keys)

    def _drop(self, keys: Collection[PartitionKey]) -> None:
        """Fetch from these no more, and forget what is there of them."""
        self._forget_rows(keys)
        self._source.revoke(keys)
        self._fetching.difference_update(keys)
        self._held.difference_update(keys)
        self._paused.difference_update(keys)
        with self._positions:
            self._leaving.difference_update(keys)

    def _forget_rows(self, keys: Collection[PartitionKey]) -> None:
        """No row of these that is here already is delivered any more."""
        with self._positions:
            if self.run.key in keys:
                self._take_back()
            self._interrupted.forget(keys)

    def _clear(self) -> None:
        for left in (self._fetching, self._held, self._leaving, self._paused):
            left.clear()
        self._interrupted.clear()
        self._before, self._asked = None, False

    def ready(self) -> None:
        self._ready.set()

    def suspend(self) -> None:
        # Without the other lock: this comes from the I/O thread, which waits for no decoder.
        with self._positions:
            rest = self.run.cut()
            self._finish_run()
            if rest is not None:
                self._interrupted.begin_with(rest)

    # -- positions --------------------------------------------------------------------

    def held(self) -> dict[PartitionKey, int]:
        """Offset of the last delivered message per partition; -1 where there is none."""
        return {key: last for key, (last, _) in self._standing().items()}

    def next_offsets(self) -> dict[PartitionKey, int]:
        """The offset of the next message of each partition."""
        return {key: next_offset for key, (_, next_offset) in self._standing().items()}

    def positions(self, keys: Collection[PartitionKey] | None = None) -> dict[PartitionKey, int]:
        """What a commit would store now: the offset after all that was delivered.

        Partitions from which nothing was delivered, and which were not moved, are left out; so
        are those that another member may have begun to read.
        """
        with self._positions:
            return {
                key: next_offset
                for key, next_offset in self._committable().items()
                if (keys is None or key in keys) and self.owns(key)
            }

    def _committable(self) -> Mapping[PartitionKey, int]:
        if self._hooks.committable is not None:
            return self._hooks.committable()
        return {
            key: next_offset
            for key, (last, next_offset) in self._standing().items()
            if last != START or next_offset
        }

    def _standing(self) -> dict[PartitionKey, tuple[int, int]]:
        with self._positions:
            return {
                key: self.run.position(cursor)
                if self.run.key == key
                else (cursor.last_delivered, cursor.next_offset)
                for key, cursor in self.cursors.items()
            }

    def owns(self, key: PartitionKey) -> bool:
        """Whether a partition is this consumer's, as far as it knows."""
        return key in self.cursors and key not in self._leaving

    def move(self, next_offsets: Mapping[PartitionKey, int]) -> None:
        """Go on from these offsets; what is held of the partitions is dropped."""
        self.check_usable()
        with self._lock:
            self._forget_rows(next_offsets)
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
        self.check_usable()
        timeout_s = self._client.socket_timeout_s
        level = int(self._settings.isolation_level == "read_committed")
        finding = find_places(self._client, wanted, timeout_s, level)
        return self._client.run(finding, timeout_s * len(wanted) + 5)
