"""Fetching, on the I/O thread: one fetch per broker is always under way."""

from __future__ import annotations

import itertools
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ...core.effects import Now, Procedure, Refresh, Request, Sleep, Wait
from ...core.fetch_session import BY_NAME, FetchSession, is_about_session
from ...core.fetching import FetchLimits, FetchPlan, FetchState, plan_fetch
from ...core.metadata import Snapshot
from ...core.partition_keys import PartitionKey
from ...exceptions import (
    KafkaException,
    MalformedDataError,
    ProtocolClientError,
    RemoteError,
    UnsupportedVersion,
)
from ...net.chance import chance
from ...wire.errors import ErrorInfo, error_info
from ...wire.messages.fetch import FetchRequest
from ...wire.records.decode import peek
from ..client import ClientCore
from ..tasks import Signal, Task
from .feed import Chunk, Consumed, Feed
from .repositioning import Repositioning
from .source import gone

__all__ = ["Fetcher"]

log = logging.getLogger("pykafka.simpleconsumer")

_OFFSET_OUT_OF_RANGE = 1
_CORRUPT = 2
_UNKNOWN = -1
#: Metadata does not know a partition for so many seconds until the consumer is told.
_GONE_S = 5.0
_numbers = itertools.count(1)
_NOTHING = (None, None)


class Fetcher:
    """Keeps the feeds of one consumer filled; used on the loop only.

    One procedure per leading broker plans, asks and takes in, over a connection of its own:
    a broker answers one request at a time, and a long poll must not stand before others.

    :param ready: called when a feed got data or an error.
    :param crashed: called with an error that no retry can mend for any partition.
    """

    def __init__(
        self,
        client: ClientCore,
        limits: FetchLimits,
        auto_offset_reset: int | None,
        isolation_level: int,
        ready: Callable[[Feed], None],
        crashed: Callable[[BaseException], None],
    ) -> None:
        self._client = client
        self._limits = limits
        self._isolation_level = isolation_level
        self._repositioning = Repositioning(
            client, limits.backoff, auto_offset_reset, isolation_level, self
        )
        self._ready = ready
        self._crashed = crashed
        self._purpose = f"fetch {next(_numbers)}"
        self._feeds: dict[PartitionKey, tuple[Feed, FetchState]] = {}
        self._by_leader: dict[int, list[FetchState]] = {}
        self._signals: dict[int, Signal] = {}
        self._tasks: dict[int, Task] = {}
        self._finding_leaders: Task | None = None
        #: How often was asked in vain for leaders.
        self._leaderless = 0
        #: Since when metadata does not know a partition any more.
        self._gone_since: dict[PartitionKey, float] = {}
        self._queued_bytes = 0
        self._stopped = False
        client.metadata_listeners.append(self._metadata_changed)

    # -- the consumer's wishes --------------------------------------------------------

    def assign(self, feed: Feed, offset: int, epoch: int) -> None:
        """Also fetch this partition, from an offset."""
        self._feeds[feed.key] = (feed, FetchState(feed.key, offset, epoch))
        self._client.use_topic(feed.key[0])
        self._regroup()

    def revoke(self, key: PartitionKey) -> None:
        """Fetch this partition no more."""
        if key in self._feeds:
            self._gone_since.pop(key, None)
            _, state = self._feeds.pop(key)
            self._queued_bytes -= state.queued_bytes
            self._client.release_topic(key[0])
            self._regroup()

    def seek(self, key: PartitionKey, offset: int, epoch: int) -> None:
        """Go on from another offset."""
        if key in self._feeds:
            state = self._feeds[key][1]
            self._queued_bytes -= state.queued_bytes
            state.seek(offset, epoch)
            self._wake(key)

    def consumed(self, key: PartitionKey, news: Consumed) -> None:
        """A chunk left the queue."""
        if key not in self._feeds:
            return
        state = self._feeds[key][1]
        if news.epoch != state.epoch:
            return
        state.queued_chunks -= 1
        state.queued_bytes -= news.size
        was_over = self._queued_bytes >= self._limits.queued_max_bytes
        self._queued_bytes -= news.size
        if news.rows:
            state.rows_per_byte = news.rows / news.size
        if news.end is not None and state.fetch_offset is None:
            state.fetch_offset = news.end.next_offset
            state.history.add(news.end.epochs)
            if state.to_validate:
                self._repositioning.validate()
        if was_over:
            self._wake_all()
        else:
            self._wake(key)

    def stop(self) -> None:
        """End all fetching and close its connections. Idempotent."""
        if self._stopped:
            return
        self._stopped = True
        if self._metadata_changed in self._client.metadata_listeners:
            self._client.metadata_listeners.remove(self._metadata_changed)
        for key in list(self._feeds):
            self._client.release_topic(key[0])
        self._feeds.clear()
        stopped = KafkaException("the consumer was stopped")
        for task in [*self._tasks.values(), self._finding_leaders]:
            if task is not None:
                task.cancel(stopped)
        self._client.pool.close_purpose(self._purpose)

    # -- who leads what ---------------------------------------------------------------

    def _metadata_changed(self, _: Snapshot) -> None:
        self._regroup()

    def _regroup(self) -> None:
        if self._stopped:
            return
        grouped: dict[int, list[FetchState]] = defaultdict(list)
        orphans = set()
        for key, (_, state) in self._feeds.items():
            leader = self._client.snapshot.leader(*key)
            if leader is None:
                orphans.add(key[0])
            else:
                state.follow(leader, self._client.snapshot.leader_epoch(*key))
                grouped[leader].append(state)
        self._by_leader = grouped
        self._repositioning.validate()
        for leader in grouped:
            if leader not in self._tasks:
                self._spawn_loop(leader)
        self._wake_all()
        if not orphans:
            self._leaderless = 0
        elif self._finding_leaders is None:
            self._finding_leaders = self._client.spawn(self._find_leaders(sorted(orphans)))
            self._finding_leaders.when_done(self._leaders_found)

    def _find_leaders(self, topics: list[str]) -> Procedure[None]:
        if not self._leaderless:
            log.warning("no leader is known for partitions of %s; asking again", ", ".join(topics))
        self._leaderless += 1
        yield Sleep(self._limits.backoff.wait_s(self._leaderless, chance()))
        yield Refresh(topics)

    def _leaders_found(self, task: Task) -> None:
        self._finding_leaders = None
        if task.error is not None and not self._stopped:
            log.warning("asking for leaders failed: %s", task.error)
        elif not self._stopped:
            self._tell_what_is_gone()
        self._regroup()

    def _tell_what_is_gone(self) -> None:
        """A topic may be made anew, or brokers may just have started; then it is not there."""
        now = self._client.loop.time()
        topics = self._client.snapshot.topics
        for key, (_, state) in self._feeds.items():
            topic, partition = key
            if topic in topics and partition in topics[topic].partitions:
                self._gone_since.pop(key, None)
            elif now - self._gone_since.setdefault(key, now) >= _GONE_S:
                self._tell([state], gone(key))

    def _spawn_loop(self, leader: int) -> None:
        self._signals[leader] = Signal()
        task = self._client.spawn(self._loop(leader))
        self._tasks[leader] = task
        task.when_done(partial(self._loop_ended, leader))

    def _loop_ended(self, leader: int, task: Task) -> None:
        self._tasks.pop(leader, None)
        self._signals.pop(leader, None)
        if task.error is not None and not self._stopped:
            log.error("fetching from broker %s ended: %s", leader, task.error)
            self._crashed(task.error)

    def _wake(self, key: PartitionKey) -> None:
        leader = self._client.snapshot.leader(*key)
        if leader in self._signals:
            self._signals[leader].set()

    def _wake_all(self) -> None:
        for signal in list(self._signals.values()):
            signal.set()

    # -- fetching from one broker -----------------------------------------------------

    def _loop(self, leader: int) -> Procedure[None]:
        failures = 0
        session = FetchSession(self._limits, self._isolation_level)
        while leader in self._by_leader:
            now = yield Now()
            states = self._by_leader[leader]
            plan = plan_fetch(states, self._limits, self._queued_bytes, now, session.bounded)
            if not plan.states:
                yield Wait(self._signals[leader], plan.wait_s)
                continue
            asked = [(state, state.epoch, state.fetch_offset) for state in plan.states]
            established, answer = session.established, None
            try:
                answer = yield self._request(leader, plan, session)
                parts, sparse = session.answered(answer, f"fetching from broker {leader}")
            except UnsupportedVersion:
                raise  # nothing could ever be fetched from this broker
            except RemoteError as error:
                if self._client.closed:
                    return
                session.reset()
                if established and is_about_session(error):
                    log.info("broker %s: %s; beginning a new session", leader, error)
                    continue
                failures += 1
                yield from self._fetch_failed(leader, plan, error, failures, answer is not None)
                continue
            failures = 0
            now = yield Now()
            rest_s = self._rest_s(plan, parts, session)
            stale = self._take_in(parts, sparse, asked, now, rest_s)
            self._rotate(leader, plan, parts, session.bounded)
            if stale:
                yield from self._refresh(stale)

    def _rest_s(
        self, plan: FetchPlan, parts: Mapping[PartitionKey, Any], session: FetchSession
    ) -> float:
        """How long partitions without data are left alone: where the broker has not waited for
        them itself, unless there was no room for them beside the data of others."""
        if plan.max_wait_ms or (session.bounded and any(map(_brought, parts.values()))):
            return 0.0
        return max(0.01, self._limits.max_wait_ms / 1000)

    def _fetch_failed(
        self, leader: int, plan: FetchPlan, error: RemoteError, failures: int, answered: bool
    ) -> Procedure[None]:
        log.warning("fetching from broker %s failed: %s", leader, error)
        for state in plan.states:
            state.doubt()
        refused = answered and isinstance(error, ProtocolClientError) and not _retriable(error)
        if refused or isinstance(error, MalformedDataError):
            self._tell(plan.states, error)
        yield Sleep(self._limits.backoff.wait_s(failures, chance()))
        yield from self._refresh(sorted({state.key[0] for state in plan.states}))

    def _request(self, leader: int, plan: FetchPlan, session: FetchSession) -> Request:
        ids = self._client.snapshot.topic_ids({state.key[0] for state in plan.states})
        return Request(
            leader,
            partial(session.request, plan, ids or {}),
            self._purpose,
            plan.max_wait_ms / 1000 + self._client.socket_timeout_s,
            api=FetchRequest,
            at_most=BY_NAME if ids is None else None,
        )

    def _tell(self, states: list[FetchState], error: KafkaException) -> None:
        """Let the consumer know of an error that hardly goes away, until a fetch succeeds."""
        for state in states:
            if self.is_current(state, state.epoch):
                feed = self._feeds[state.key][0]
                feed.fetch_error = (state.epoch, error)
                self._ready(feed)

    def _refresh(self, topics: list[str]) -> Procedure[None]:
        try:
            yield Refresh(topics)
        except RemoteError as error:
            log.warning("refreshing metadata of %s failed: %s", ", ".join(topics), error)

    def _rotate(
        self,
        leader: int,
        plan: FetchPlan,
        parts: Mapping[PartitionKey, Any],
        bounded: bool,
    ) -> None:
        """Those that had their turn go to the end of the line: that were asked for, or, where the
        broker bounds its answer, that have filled it."""
        served = {s.key for s in plan.states if not bounded or _brought(parts.get(s.key))}
        if leader in self._by_leader:
            self._by_leader[leader].sort(key=lambda state: state.key in served)

    def _take_in(
        self,
        parts: Mapping[PartitionKey, Any],
        sparse: bool,
        asked: list[tuple[FetchState, int, int | None]],
        now: float,
        rest_s: float,
    ) -> list[str]:
        """Put what came into the feeds; the topics whose metadata is stale.

        :param sparse: whether partitions without news were left out.
        """
        stale = set()
        for state, epoch, offset in asked:
            if not self.is_current(state, epoch):
                continue
            part = parts.get(state.key)
            if part is None and sparse:
                state.failures = 0
                state.not_before = now + rest_s
                continue
            if part is None:
                topic, partition = state.key
                error = MalformedDataError(f"the answer to a fetch leaves out {topic}/{partition}")
                self._tell([state], error)
                self._back_off(state, now)
                continue
            if part.error_code:
                if self._failed(state, error_info(part.error_code), now):
                    stale.add(state.key[0])
                continue
            state.failures = 0
            self._feeds[state.key][0].fetch_error = None
            if part.records:
                aborted = [
                    (one.producer_id, one.first_offset) for one in part.aborted_transactions or ()
                ]
                self._queue(state, part.records, offset, aborted)
            else:
                state.not_before = now + rest_s
        return sorted(stale)

    def _queue(
        self,
        state: FetchState,
        data: bytes,
        offset: int | None,
        aborted: list[tuple[int, int]],
    ) -> None:
        assert offset is not None
        feed = self._feeds[state.key][0]
        found = peek(data)
        if found is None:
            state.fetch_offset = None  # the consumer's thread will tell
        else:
            state.fetch_offset = found.next_offset
            state.history.add(found.epochs)
        state.queued_chunks += 1
        state.queued_bytes += len(data)
        self._queued_bytes += len(data)
        feed.chunks.append(Chunk(state.epoch, data, offset, found is not None, aborted))
        self._ready(feed)

    def _failed(self, state: FetchState, info: ErrorInfo, now: float) -> bool:
        """Decide about a partition's error; whether its metadata is stale."""
        topic, partition = state.key
        if info.code == _OFFSET_OUT_OF_RANGE:
            self._repositioning.out_of_range(state)
            return False
        error = info.exception(f"fetching {topic}/{partition} at offset {state.fetch_offset}")
        # A broker that is shutting down answers "unknown error" (0.8.2.2, observed).
        if _retriable(error):
            self._back_off(state, now)
            state.doubt()
            log.warning("%s; trying again", error)
            if info.code == _CORRUPT and state.failures > 1:
                # Kafka 0.10 and 0.11 refuse to send records whose size is damaged.
                self._tell([state], error)
            return info.refresh_metadata or info.code == _UNKNOWN
        self.stall(state, error)
        return False

    def _back_off(self, state: FetchState, now: float) -> None:
        state.failures += 1
        state.not_before = now + self._limits.backoff.wait_s(state.failures, chance())

    # -- FetchingSide -----------------------------------------------------------------

    def states(self) -> Iterable[FetchState]:
        return [state for _, state in self._feeds.values()]

    def is_current(self, state: FetchState, epoch: int) -> bool:
        # Not one of the same partition either that was assigned again since.
        return state.epoch == epoch and self._feeds.get(state.key, _NOTHING)[1] is state

    def moved(self, state: FetchState) -> None:
        assert state.fetch_offset is not None
        feed = self._feeds[state.key][0]
        feed.chunks.append(Chunk(state.epoch, b"", state.fetch_offset, True))
        self._ready(feed)
        self.wake(state)

    def stall(self, state: FetchState, error: KafkaException) -> None:
        state.stalled = True
        self._tell([state], error)

    def wake(self, state: FetchState) -> None:
        self._wake(state.key)


def _brought(part: Any) -> bool:
    return part is not None and bool(part.records)


def _retriable(error: ProtocolClientError) -> bool:
    info = error_info(error.error_code or 0)
    return info.retriable or info.refresh_metadata or info.code == _UNKNOWN
