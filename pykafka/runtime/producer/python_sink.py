"""The record sink in pure Python: one procedure per leading broker."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ...core.effects import PRODUCE, Now, Procedure, Refresh, Request, Sleep, Wait
from ...core.metadata import Snapshot
from ...core.producing import (
    BY_NAME,
    LEADS_NOT,
    Batch,
    Lane,
    SendOptions,
    is_worth_halving,
    is_worth_retrying,
    produce_request,
)
from ...core.retry import Backoff
from ...exceptions import (
    ConnectFailedError,
    KafkaException,
    LeaderNotAvailable,
    LeaderNotFoundError,
    ProduceFailureError,
    RemoteError,
    UnsupportedVersion,
)
from ...net.chance import chance
from ...options import Settings
from ...wire.errors import error_info
from ...wire.messages.produce import ProduceRequest
from ...wire.primitives import ZERO_UUID
from ..client import ClientCore
from ..tasks import Signal, Task
from .sink import SinkEvents, unsendable

__all__ = ["PythonSink"]

log = logging.getLogger("pykafka.producer")

#: Batches of several partitions go in one request up to about this size.
_REQUEST_BYTES = 16 * 1024 * 1024
#: How often the age of messages is looked at, at most.
_CHECK_S = 0.5


class PythonSink:
    """See :class:`~.sink.RecordSink`."""

    def __init__(self, client: ClientCore, settings: Settings, options: SendOptions) -> None:
        self._client = client
        self._options = options
        first_s = settings.retry_backoff_ms / 1000
        self._backoff = Backoff(first_s, max(1.0, first_s))
        self._signals: dict[int, Signal] = {}
        self._tasks: dict[int, Task] = {}
        self._by_leader: dict[int, list[Lane]] = {}
        self._orphans: list[Lane] = []
        #: Partitions without leader that are in the log already.
        self._leaderless: set[int] = set()
        self._refreshing: Task | None = None
        self._check_s = min(_CHECK_S, options.delivery_timeout_s / 8)
        # Shorter by the look that sees a message, the one that finds it too old, and one more
        # for a busy machine: the promise is that its outcome is told within the time-out.
        self._lifetime_s = options.delivery_timeout_s - 3 * self._check_s
        self._stopped = True

    def open(self) -> None:
        pass

    def start(self, lanes: Mapping[int, Lane], events: SinkEvents) -> None:
        self._stopped = False
        self._lanes = lanes
        self._events = events
        self._client.metadata_listeners.append(self._metadata_changed)
        self._client.use_topic(self._options.topic)
        self._check = self._client.loop.call_later(self._check_s, self._check_time)
        self._regroup()

    def lanes_added(self) -> None:
        self._regroup()

    def wake(self) -> None:
        self._find_leaders()
        for signal in list(self._signals.values()):
            signal.set()

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._check.cancel()
        if self._metadata_changed in self._client.metadata_listeners:
            self._client.metadata_listeners.remove(self._metadata_changed)
        self._client.release_topic(self._options.topic)
        stopped = KafkaException("the producer was stopped")
        for task in [*self._tasks.values(), self._refreshing]:
            if task is not None:
                task.cancel(stopped)

    def close(self) -> None:
        pass

    # -- who leads what ---------------------------------------------------------------

    def _metadata_changed(self, _: Snapshot) -> None:
        self._regroup()

    def _regroup(self) -> None:
        if self._stopped:
            return
        grouped: dict[int, list[Lane]] = defaultdict(list)
        self._orphans = []
        for id_, lane in self._lanes.items():
            leader = self._client.snapshot.leader(self._options.topic, id_)
            if leader is None:
                self._orphans.append(lane)
            else:
                grouped[leader].append(lane)
        self._by_leader = grouped
        for leader in grouped:
            if leader not in self._tasks:
                self._signals[leader] = Signal()
                self._tasks[leader] = task = self._client.spawn(self._loop(leader))
                task.when_done(partial(self._loop_ended, leader))
        self.wake()

    def _find_leaders(self) -> None:
        waiting = [lane.partition_id for lane in self._orphans if lane.unsettled()]
        if set(waiting) - self._leaderless:
            ids = ", ".join(map(str, waiting))
            log.warning("no leader for partitions %s of %s; asking again", ids, self._options.topic)
        self._leaderless = set(waiting)
        if not waiting or self._refreshing is not None or self._stopped:
            return
        self._refreshing = self._client.spawn(self._refresh_later())
        self._refreshing.when_done(self._refreshed)

    def _refresh_later(self) -> Procedure[None]:
        yield Sleep(self._backoff.wait_s(2, chance()))
        yield Refresh([self._options.topic])

    def _refreshed(self, task: Task) -> None:
        self._refreshing = None
        if not self._stopped:
            self._find_leaders()

    def _loop_ended(self, leader: int, task: Task) -> None:
        self._tasks.pop(leader, None)
        self._signals.pop(leader, None)
        if task.error is not None and not self._stopped:
            log.error("producing to broker %s failed", leader, exc_info=task.error)
            for lane in self._by_leader.get(leader, ()):
                self._fail_lane(lane, task.error)
            # A broker may come back as another release; each attempt fails what it was for.
            self._client.loop.call_later(self._backoff.most_s, self._regroup)

    # -- sending to one broker --------------------------------------------------------

    def _loop(self, leader: int) -> Procedure[None]:
        failures = 0
        while leader in self._by_leader:
            now = yield Now()
            batches, wait_s = self._collect(leader, now)
            if not batches:
                yield Wait(self._signals[leader], wait_s)
                continue
            try:
                answer = yield self._request(leader, batches)
            except UnsupportedVersion:
                raise  # no version in common: nothing can ever be sent
            except RemoteError as error:
                failures = yield from self._not_sent(batches, error, failures)
            else:
                failures = 0
                now = yield Now()
                if self._settle(batches, answer, now):
                    yield from self._refresh()

    def _collect(self, leader: int, now: float) -> tuple[list[tuple[Lane, Batch]], float | None]:
        """What to send now; if nothing, how long until that may change by time alone."""
        limit = self._options.batch_max_bytes
        batches: list[tuple[Lane, Batch]] = []
        wait_s: float | None = None
        size = 0
        for lane in self._by_leader[leader]:
            if not lane.ready(limit):
                continue
            if lane.not_before > now:
                wait_s = min(wait_s or lane.not_before - now, lane.not_before - now)
                continue
            batch = lane.next_batch(limit, now, self._lifetime_s)
            if batch is None:
                continue
            batches.append((lane, batch))
            lane.in_flight = True
            size += batch.size
            if size >= _REQUEST_BYTES:
                break
        if batches:
            # Whoever was served goes to the end of the line.
            served = {id(lane) for lane, _ in batches}
            self._by_leader[leader].sort(key=lambda lane: id(lane) in served)
        return batches, wait_s

    def _request(self, leader: int, batches: list[tuple[Lane, Batch]]) -> Request:
        options = self._options

        ids = self._client.snapshot.topic_ids([options.topic])

        def message(version: int) -> ProduceRequest:
            # Connecting took its time: what was failed or put back meanwhile must not be sent.
            sent = [(lane, batch) for lane, batch in batches if lane.current is batch]
            now_ms = int(time.time() * 1000)
            records = []
            for lane, batch in sent:
                try:
                    encoded = batch.encoded(version, options.codec, now_ms)
                except (KafkaException, TypeError) as error:
                    self._events.failed(lane, lane.settle(), unsendable(options.topic, lane, error))
                    continue
                batch.attempts += 1
                records.append((lane.partition_id, encoded))
            if not records:
                raise ConnectFailedError("nothing is left to be sent")
            return produce_request(records, options, ids[options.topic] if ids else ZERO_UUID)

        timeout_s = options.ack_timeout_ms / 1000 + self._client.socket_timeout_s
        return Request(
            leader,
            message,
            PRODUCE,
            timeout_s,
            api=ProduceRequest,
            respond=options.required_acks != 0,
            at_most=None if ids else BY_NAME,
        )

    def _not_sent(
        self, batches: list[tuple[Lane, Batch]], error: RemoteError, failures: int
    ) -> Procedure[int]:
        """A request had no answer: its batches go again, or their time or tries are over."""
        failures += 1
        now = yield Now()
        never_left = isinstance(error, (ConnectFailedError, LeaderNotAvailable))
        # Once as a warning; while it lasts, the rest is for those who look closer.
        level = logging.WARNING if failures == 1 else logging.DEBUG
        log.log(level, "producing to %s failed: %s", self._options.topic, error)
        for lane, batch in self._answered(batches):
            lane.failure = error
            if never_left and not batch.attempts:
                lane.put_back()
            elif not never_left and self._options.required_acks == 0:
                self._fail(lane, "unknown whether written: the connection broke")
                continue
            elif not never_left and batch.tries > self._options.max_retries:
                self._fail(lane, f"not acknowledged after {batch.attempts} attempts")
                continue
            lane.not_before = now + self._backoff.wait_s(failures, chance())
        yield from self._refresh()
        return failures

    def _settle(self, batches: list[tuple[Lane, Batch]], answer: Any, now: float) -> bool:
        """Take an answer in; whether metadata is stale."""
        parts: dict[int, Any] = {}
        if answer is not None:
            answers = [part for topic in answer.responses for part in topic.partition_responses]
            parts = {part.index: part for part in answers}
        stale = False
        for lane, batch in self._answered(batches):
            part = parts.get(lane.partition_id)
            if answer is None:  # acks 0
                self._events.delivered(lane, [(lane.settle(), -1)])
            elif part is None:
                self._fail(lane, "the broker did not say what became of it")
            elif not part.error_code:
                lane.failure = None
                self._events.delivered(
                    lane, [(lane.settle(), part.base_offset)], part.log_append_time_ms
                )
            else:
                info = error_info(part.error_code)
                where = f"{self._options.topic}/{lane.partition_id}"
                said = f" ({part.error_message})" if part.error_message else ""
                error = info.exception(f"producing {len(batch.messages)} messages to {where}{said}")
                lane.failure = error
                stale = stale or info.refresh_metadata
                batch.turned_away += info.code in LEADS_NOT
                if is_worth_halving(info, batch):
                    log.warning("%s; trying in halves", error)
                    lane.halve()
                elif is_worth_retrying(info, batch, self._options, now):
                    log.warning("%s; trying again", error)
                    lane.not_before = now + self._backoff.wait_s(batch.attempts, chance())
                else:
                    self._events.failed(lane, lane.settle(), error)
        return stale

    def _answered(self, batches: list[tuple[Lane, Batch]]) -> Iterator[tuple[Lane, Batch]]:
        """The lanes of a request that is over, and those of its batches that matter still."""
        for lane, batch in batches:
            lane.in_flight = False
            # Its time may have been over before; and its partition may have another leader
            # by now, whose procedure has passed it by.
            if lane.current is batch:
                yield lane, batch
        self.wake()

    def _refresh(self) -> Procedure[None]:
        try:
            yield Refresh([self._options.topic])
        except RemoteError as error:
            log.warning("refreshing metadata of %s failed: %s", self._options.topic, error)

    # -- the end of patience ----------------------------------------------------------

    def _check_time(self) -> None:
        """Fail what has waited too long for a leader, a connection or an answer."""
        now = self._client.loop.time()
        for lane in self._lanes.values():
            lane.look(now)
            if lane.current is not None and now >= lane.current.deadline:
                if lane.current.attempts:
                    self._fail(lane, "not acknowledged in time")
                else:
                    lane.put_back()
            if lane.current is None:
                too_old = lane.expired(now - self._lifetime_s)
                if too_old and lane.take_head(too_old):
                    self._fail(lane, "not sent in time")
        self._check = self._client.loop.call_later(self._check_s, self._check_time)

    def _fail(self, lane: Lane, what: str) -> None:
        cause = lane.failure
        if (
            cause is None
            and self._client.snapshot.leader(self._options.topic, lane.partition_id) is None
        ):
            cause = LeaderNotFoundError("no leader is known")
        batch = lane.settle()
        error = ProduceFailureError(
            f"{len(batch.messages)} messages to {self._options.topic}/{lane.partition_id}:"
            f" {what}" + (f"; {cause}" if cause else "")
        )
        error.__cause__ = cause
        self._events.failed(lane, batch, error)

    def _fail_lane(self, lane: Lane, cause: BaseException) -> None:
        """Fail everything in a lane."""
        assert isinstance(cause, Exception)
        now = self._client.loop.time()
        while lane.next_batch(self._options.batch_max_bytes, now, 0.0) is not None:
            self._events.failed(lane, lane.settle(), cause)
        lane.in_flight = False
