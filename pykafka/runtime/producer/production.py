"""The production core: queues messages, and accounts for every one until it is settled."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

from ...core.outstanding import Handed
from ...core.producing import Lane
from ...exceptions import (
    ForkedProcessError,
    LeaderNotFoundError,
    ProduceFailureError,
    ProducerQueueFullError,
    ProducerStoppedException,
    WaitTimedOutError,
)
from ...message import Message
from ...options import Settings
from ..client import ClientCore
from . import at_exit
from .departures import Announced, Departures, Pushed
from .permits import Permits
from .reports import ThreadReports, report
from .sink import PushedSink, WokenSink
from .waiters import Then, Waiter

__all__ = ["Production"]

log = logging.getLogger("pykafka.producer")

_FOREVER = sys.maxsize
#: The I/O thread needs no longer than this to drop what is left.
_END_S = 5.0


class Production:
    """Queues, accounts and reports of one producer.

    The way of a message takes no lock: it uses up a permit and is appended to its lane's queue.
    There are as many as may be queued, or until something is to be done about them; then a
    message goes the long way (:meth:`look`, :meth:`wake`).

    :ivar lanes: by partition id; grows when the topic does.
    :ivar partitions: the users' objects that a partitioner chooses from; each has a lane.
    :ivar permits: what a message uses one of; each is the turn of a lane, for messages that no
        partitioner chooses for.
    :ivar pushes: whether the thread that produces hands messages over, in windows.
    :ivar settled: messages acknowledged or reported.
    :ivar reports: of outcomes, where they are asked for.

    Methods that are not said to be for the I/O thread are thread-safe.
    """

    def __init__(
        self,
        client: ClientCore,
        settings: Settings,
        topic: str,
        sink: WokenSink | PushedSink,
        partitions: list[Any],
    ) -> None:
        self.lanes: dict[int, Lane] = {}
        self.partitions = partitions
        self.permits = Permits()
        self.settled = 0
        self._failed = 0
        self._client = client
        self._settings = settings
        self._topic = topic
        self._sink = sink
        #: Whether outcomes are reported one by one.
        self._told = settings.delivery_reports or settings.sync
        self._running = False
        self._started = False
        self._forked = False
        self._lock = client.backend.lock()
        self._failures: list[tuple[Sequence[Message], Exception]] = []
        self._waiters: list[Waiter] = []
        # No condition: the standard library's blocks the thread of all greenlets.
        self._room = client.backend.event()
        self.pushes = isinstance(sink, PushedSink)
        self._departures: Departures
        if isinstance(sink, PushedSink):
            self._departures = Pushed(client, settings, self, sink)
        else:
            self._departures = Announced(client, settings, self, sink)
        self.reports = ThreadReports(client.backend)

    # -- life -------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    def start(self) -> None:
        """Begin to send; after a stop that was interrupted, go on."""
        if self._forked:
            self._refuse_fork()
        with self._lock:
            if self._running:
                return
            if not self._started:
                self._sink.open()
                self._started = True
                self.lanes = self._open_lanes(self.partitions)
                self._take_turns()
                self._client.fork_listeners.add(self)
                at_exit.add(self)
                if self.pushes:
                    # Before there is a message: that may be pushed at once.
                    self._sink.start(self.lanes, self)
                else:
                    self._client.loop.call_soon(self._sink.start, self.lanes, self)
            self._running = True

    def grow(self, partitions: list[Any]) -> None:
        """Let messages go to these partitions, which are more than before."""
        self._client.loop.call_soon(self._grow, partitions)

    def _grow(self, partitions: list[Any]) -> None:
        if self._started and len(partitions) > len(self.partitions):
            # On the I/O thread, which is the one that goes through the lanes.
            new = [partition for partition in partitions if partition.id not in self.lanes]
            self.lanes.update(self._open_lanes(new))
            self._sink.lanes_added()
            self.partitions = partitions
            with self._lock:
                self._take_turns()

    def _take_turns(self) -> None:
        # From the second on: that is where 2.x begins.
        lanes = [self.lanes[partition.id] for partition in self.partitions]
        self.permits.share_among(lanes[1:] + lanes[:1])

    def _open_lanes(self, partitions: Sequence[Any]) -> dict[int, Lane]:
        s = self._settings
        # So that the bound on bytes is looked at before it is far behind.
        step = min(s.max_request_size, s.max_queued_bytes // max(1, len(partitions)) or 1)
        return {part.id: Lane(part, s.compression, step) for part in partitions}

    def stop(self, timeout_s: float | None = None) -> None:
        """Send what is queued, then stop. Idempotent.

        On the I/O thread, where nothing can be waited for, that is what :meth:`abandon` does.

        :param timeout_s: bound for all of it; without, as long as acknowledgements keep
            coming, ``pending_timeout_ms`` between two, and at most ``delivery_timeout_ms``.
        :raises ProduceFailureError: messages were not acknowledged, and neither reports nor
            ``sync`` tell of them.
        """
        if not self._started or self._forked:
            return
        if self._client.loop.on_loop():
            self.abandon()
            return
        self._refuse_new_messages()
        waiter = self._begin_flush()
        self._wait_while_progress(waiter, timeout_s)
        done = self._client.backend.event()
        self._client.loop.call_soon(self._end, done)
        done.wait(_END_S)
        self._sink.close()
        self._raise_failures()

    def finish(self, timeout_s: float) -> str:
        """Stop at the end of the program; in words, what nobody will be told otherwise."""
        failed_before = self._failed
        try:
            self.stop(timeout_s)
        except ProduceFailureError as error:
            return str(error)
        failed = self._failed - failed_before
        return f"{failed} messages to {self._topic} were not delivered" if failed else ""

    def abandon(self) -> None:
        """Send what is queued for a user's object that is gone, then stop; waits for nothing.

        Until then its partitions hold the cluster, whose end would close the connections.
        """
        if self._started and not self._forked:
            self._refuse_new_messages()
            self._client.loop.call_soon(self._end_when_settled)

    def after_fork(self) -> None:
        """In the child: the parent sends what is queued; here nothing can be."""
        at_exit.discard(self)
        self._forked = True
        # A thread that is not here may have held it.
        self._lock = self._client.backend.lock()
        self.take_permits_back()

    def _refuse_new_messages(self) -> None:
        self._running = False
        self.take_permits_back()
        self._room.set()

    def _end(self, done: Any) -> None:
        """On the I/O thread, once: nothing is queued or sent after this."""
        if self._started and not self._running:
            if self.pushes:
                # First: who is pushing may give messages back until then.
                self._sink.stop()
            self._give_up("the producer was stopped before they were acknowledged")
            for lane in self.lanes.values():
                lane.close()
            self._sink.stop()
            self._started = False
            at_exit.discard(self)
            self._client.fork_listeners.discard(self)
        done.set()

    def _end_when_settled(self) -> None:
        # Not at once when the last batch is settled: its procedure is still running then.
        waiter = Waiter(Then(lambda: self._client.loop.call_soon(self._end_alone)))
        self._register_waiter(waiter)
        self._departures.all_due()
        self._settle_waiters()

    def _end_alone(self) -> None:
        self._end(Then(lambda: None))
        for messages, error in self._failures:
            log.error("%d messages to %s were lost: %s", len(messages), self._topic, error)

    # -- permits ----------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """Messages that are neither acknowledged nor reported, about."""
        return self.permits.used - self.settled

    def permit(self, most: int) -> None:
        """Let so many messages be queued without a look, if nothing is against it."""
        with self._lock:
            self.permits.take_back()
            if self._running and not self._failures and not self._is_large():
                self.permits.give(min(most, self._settings.max_queued_messages - self.queued))

    def take_permits_back(self) -> None:
        """From now on each message is looked at, until there are permits again."""
        with self._lock:
            self.permits.take_back()

    # -- the long way of a message ----------------------------------------------------

    def look(self) -> Lane:
        """Before a message without a permit is queued: refuse it, or wait until there is room.

        :returns: the lane whose turn it is.
        :raises LeaderNotFoundError: the topic has no partition.
        :raises ProducerStoppedException: it is stopped.
        :raises ProducerQueueFullError: the queue is full and ``block_on_queue_full`` is off.
        :raises ProduceFailureError: earlier messages failed, and nothing else tells of them.
        """
        self.check_running()
        self._raise_failures()
        while self._is_full():
            self._client.loop.call_soon(self._departures.all_due)
            if not self._settings.block_on_queue_full:
                raise ProducerQueueFullError(
                    f"{self.queued} messages to {self._topic} are queued"
                    f" (max_queued_messages={self._settings.max_queued_messages},"
                    f" max_queued_bytes={self._settings.max_queued_bytes})"
                )
            self._room.clear()
            if self._is_full():
                # Bounded, as a batch settles within delivery_timeout_ms; the time-out is for
                # a wake-up that another waiting thread clears.
                self._room.wait(0.1)
            self.check_running()
        self._raise_failures()
        self._departures.before()
        with self._lock:
            lane = self.permits.use_one()
        if lane is None:
            raise LeaderNotFoundError(f"{self._topic} has no partition that could take the message")
        return lane

    def _is_full(self) -> bool:
        return self.queued >= self._settings.max_queued_messages or self._is_large()

    def _is_large(self) -> bool:
        return bool(self._held_bytes() >= self._settings.max_queued_bytes)

    def _held_bytes(self) -> int:
        return sum(lane.bytes for lane in list(self.lanes.values()))

    def check_running(self) -> None:
        """:raises ProducerStoppedException: it is stopped.

        :raises ForkedProcessError: it runs in the parent process.
        """
        if self._forked:
            self._refuse_fork()
        if not self._running:
            raise ProducerStoppedException("the producer is stopped; start() it again")

    def _refuse_fork(self) -> None:
        raise ForkedProcessError(
            "this producer was started before a fork: make another KafkaClient and producer in"
            " the child process"
        )

    def wake(self, message: Message, lane: Lane) -> None:
        """After a message was queued for which there is no permit (any more): see that it is sent
        in time.

        :raises ProducerStoppedException: the producer was stopped meanwhile; the message is
            not queued any more.
        """
        if not self._running:
            self._withdraw(message, lane)
            return
        lane.wake_bytes = lane.bytes + lane.wake_step
        self._departures.after()

    def _withdraw(self, message: Message, lane: Lane) -> None:
        try:
            lane.queue.remove(message)
        except ValueError:
            return  # it was seen in time, and is sent or reported
        self.settled += 1
        self._client.loop.call_soon(self._settle_waiters)
        self.check_running()

    # -- on the I/O thread: what became of a batch (SinkEvents) -----------------------

    def delivered(
        self, lane: Lane, batches: Sequence[tuple[Handed, int]], timestamp_ms: int = -1
    ) -> None:
        for batch, base_offset in batches:
            batch.acknowledge(base_offset, timestamp_ms)
            if self._told:
                report(batch, None)
        self._settled(sum([batch.count for batch, _ in batches]))

    def failed(self, lane: Lane, batch: Handed, error: Exception) -> None:
        self._failed += batch.count
        where = f"{self._topic}/{lane.partition_id}"
        log.error("%d messages to %s were not delivered: %s", batch.count, where, error)
        if self._told:
            report(batch, error)
        else:
            with self._lock:
                self._failures.append((list(batch.messages), error))
                self.permits.take_back()
        self._settled(batch.count)

    def _settled(self, count: int) -> None:
        self.settled += count
        self._room.set()
        self._settle_waiters()

    def _settle_waiters(self) -> None:
        for waiter in [waiter for waiter in self._waiters if waiter.is_over()]:
            self._waiters.remove(waiter)
            waiter.event.set()

    def _give_up(self, why: str) -> None:
        """Report everything that is not settled as failed."""
        now = self._client.loop.time()
        for lane in self.lanes.values():
            while lane.next_batch(_FOREVER, now, 0.0) is not None:
                batch = lane.settle()
                error = ProduceFailureError(
                    f"{len(batch.messages)} messages to {self._topic}/{lane.partition_id}: {why}"
                    + (f"; last failure: {lane.failure}" if lane.failure else "")
                )
                self.failed(lane, batch, error)

    # -- flush ------------------------------------------------------------------------

    def flush(self, timeout_s: float) -> None:
        """Send what is queued now and wait until it is settled.

        :raises WaitTimedOutError: not all of it is settled in time; it stays queued.
        :raises ProduceFailureError: messages failed, and nothing else tells of them.
        """
        self.check_running()
        waiter = self._begin_flush()
        if not waiter.event.wait(timeout_s):
            self._client.loop.call_soon(self._forget_waiter, waiter)
            raise WaitTimedOutError(
                f"{self.queued} messages to {self._topic} are not acknowledged"
                f" after {timeout_s:g} s; they stay queued"
            )
        self._raise_failures()

    def _begin_flush(self) -> Waiter:
        waiter = Waiter(self._client.backend.event())

        def begin() -> None:
            self._register_waiter(waiter)
            self._departures.all_due()
            self._settle_waiters()

        self._client.loop.call_soon(begin)
        return waiter

    def _register_waiter(self, waiter: Waiter) -> None:
        waiter.targets = {lane: lane.settled + lane.unsettled() for lane in self.lanes.values()}
        self._waiters.append(waiter)

    def _forget_waiter(self, waiter: Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)

    def _wait_while_progress(self, waiter: Waiter, timeout_s: float | None) -> None:
        if timeout_s is not None:
            waiter.event.wait(timeout_s)
            return
        longest_s = self._settings.delivery_timeout_ms / 1000
        pause_s = self._settings.pending_timeout_ms / 1000
        if pause_s < 0:
            pause_s = longest_s
        while longest_s > 0:
            before = self.settled
            if waiter.event.wait(min(pause_s, longest_s)) or self.settled == before:
                return
            longest_s -= pause_s

    # -- reports ----------------------------------------------------------------------

    def get_report(self, block: bool, timeout: float | None) -> tuple[Message, Exception | None]:
        """The next report of a message that the calling thread produced.

        :raises queue.Empty: there is none (in time).
        :raises ForkedProcessError: they come in the parent process.
        """
        if self._forked:
            self._refuse_fork()
        return self.reports.get(block, timeout)

    def get_all_reports(self) -> list[tuple[list[Message], Exception | None]]:
        """The reports that there are of messages that the calling thread produced.

        :raises ForkedProcessError: they come in the parent process.
        """
        if self._forked:
            self._refuse_fork()
        return self.reports.get_all()

    def _raise_failures(self) -> None:
        if not self._failures:
            return
        with self._lock:
            failures, self._failures = self._failures, []
        if not failures:
            return  # another thread was told
        messages = [message for batch, _ in failures for message in batch]
        cause = failures[0][1]
        raise ProduceFailureError(
            f"{len(messages)} messages to {self._topic} were not delivered; the first failure:"
            f" {cause}",
            messages=messages,
        ) from cause
