"""The spout, whatever runs it: takes messages, emits them, hears of acks, lets commit.

All of it runs on the thread that speaks with Storm, and never waits. What other threads have to
say comes as calls in a mailbox.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ...core.partition_keys import PartitionKey
from ...core.procedures.group_offsets import Committed
from ...core.retry import Backoff
from ...exceptions import InvalidOptionError, KafkaException
from ...message import SharedFields
from ...net.chance import chance
from ...options import Settings
from ...runtime.consumer.consumption import Consumption
from ...runtime.consumer.hooks import Hooks, Taken
from ...runtime.consumer.source import Row
from ..exceptions import SerializationError
from .again import Again
from .at_most_once import Ahead
from .decoding import Rejected, Translation
from .giving_up import GivenUp, GivingUp
from .host import Host
from .intake import Intake, Standing, wanted_topics
from .place import Place
from .recording import Record, RecordingStore
from .reports import PartitionReport
from .spout_options import lacks_ackers
from .starting import Starting, check_start, foreign_topology
from .tracker import NO_PAGE, Failure, Page, Track, Tracker
from .tracks import Tracks

__all__ = ["Engine"]

#: One call of :meth:`Engine.next` emits at most so many messages, for at most so long, looking at
#: the clock after each slice.
_MOST = 500
_SLICE = 64
_TIME_S = 0.005
#: What may be committed is told at least so often, and after so many acks.
_PUBLISH_S = 0.1
_PUBLISH_ACKS = 256
#: When a message is looked at again that could not be emitted or fetched again.
_FETCH_LATER_S = 0.5
_UNLIMITED = 1 << 62
#: What is made of a message that goes into the default stream.
_LIST = frozenset({list})


class _Emitted(NamedTuple):
    """What became of a slice.

    :ivar ids: what is pending of it.
    """

    ids: list[str]
    number: int
    rejected: list[GivenUp]


class Engine:
    """The spout of one task.

    :param conf: the topology's configuration.
    :raises InvalidOptionError: options contradict each other, or the topology's configuration.
    """

    def __init__(
        self,
        settings: Settings,
        place: Place,
        host: Host,
        conf: Mapping[str, Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        _check(settings, conf)
        self._settings = settings
        self._place = place
        self._host = host
        self._clock = clock
        self._limit = conf.get("topology.max.spout.pending") or _UNLIMITED
        self._tracked = settings.guarantee == "at_least_once"
        self._translate = Translation(settings)
        waits_s = settings.retry_backoff_ms / 1000, settings.retry_backoff_max_ms / 1000
        self.tracker = Tracker(Backoff(*waits_s), settings.max_tries, settings.replay_buffer_bytes)
        self._record = Record(time.monotonic)
        self.tracks = Tracks(self._record)
        self.tracks.drain = self._wait_for_acks
        self._known: Mapping[PartitionKey, Track] = {}
        self._intake = Intake(
            settings, place, self._hooks, self._recorded, self._trouble, self.tracks.end
        )
        self._ahead = Ahead(host, self._mail) if settings.guarantee == "at_most_once" else None
        self._again = Again(self._intake, self._object_of, self._mail, self._fetched_again)
        self._give_up = GivingUp(
            settings, place, host, self.tracker, lambda: self._intake.client, self._mail, clock
        )
        self._partition_of: Callable[[PartitionKey], Any] = lambda _: None
        self._mailbox: deque[Callable[[], None]] = deque()
        self._paused: set[Track] = set()
        self._acks = 0
        #: Whether the tracker knows of all that was taken.
        self._between_slices = True
        self._published_at = self._reported_at = clock()
        self._foreign: set[str] = set()
        self._active = True
        #: Partitions that are about to go, and what is set when nothing of them is in flight.
        self._drain: tuple[Collection[Track], threading.Event] | None = None

    @property
    def draining(self) -> bool:
        """Whether acks are waited for, because partitions are about to go."""
        return self._drain is not None

    # -- life -------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._intake.start()

    def activate(self) -> None:
        """The topology is active."""
        self._active = True

    def deactivate(self) -> None:
        """The topology is inactive, or about to end: commit now; acks still come."""
        self._active = False
        self._publish()
        core = self._intake.consumption
        if core is not None:
            core.commits.soon()

    def close(self, within_s: float = 1.5) -> None:
        """Commit and leave, in about so many seconds."""
        self._active = False
        self._publish()
        self._give_up.stop()
        self._intake.stop(within_s / 2)

    def wait(self, seconds: float) -> None:
        """Wait for messages, for at most so long."""
        core = self._intake.consumption
        if core is None:
            time.sleep(seconds)
        elif not self._mailbox:
            core.wait(seconds)

    # -- what Storm says --------------------------------------------------------------

    def next(self) -> int:
        """Emit what there is, up to a bound in number and time; how many tuples that were."""
        while self._mailbox:
            self._mailbox.popleft()()
        if self.tracks.by_key is not self._known:
            self._forget_the_gone()
        now = self._clock()
        emitted = self._replay(now) if self.tracker.waiting else 0
        core = self._intake.consumption
        if core is not None:
            if self._paused:
                self._unpause(core)
            emitted += self._emit_new(core, now + _TIME_S)
        if now - self._published_at >= _PUBLISH_S or self._drain is not None:
            self._publish()
            if (now - self._reported_at) * 1000 >= self._settings.report_interval_ms:
                self._begin_report(now)
        return emitted

    def ack(self, id_: str) -> None:
        """A tuple is done."""
        self.tracker.acked(id_)
        self._acks += 1
        if self._acks >= _PUBLISH_ACKS or not self._active or self._drain is not None:
            self._publish()

    def fail(self, id_: str) -> None:
        """A tuple has failed, or was not done in time."""
        now = self._clock()
        if self.tracker.failed(id_, now, chance()) is Failure.SPENT:
            reason = f"it failed or timed out {self.tracker.tries(id_)} times"
            self.tracker.pending[id_].reasons[id_] = reason
            self.tracker.postpone(id_, now)

    # -- new messages -----------------------------------------------------------------

    def _emit_new(self, core: Consumption, until: float) -> int:
        emitted = 0
        left = _MOST
        while left > 0:
            room = min(_SLICE, left, self._limit - self.tracker.in_flight)
            if room <= 0 or (self._ahead is not None and self._ahead.full):
                break
            self._between_slices = False
            taken = core.take(room)
            if taken is not None:
                left -= len(taken.rows)
                emitted += self._whole(core, taken)
            self._between_slices = True
            if taken is None and not _advance(core):
                break
            if self._clock() >= until:
                break
        if self._ahead is not None:
            emitted += self._emit_committed(self._ahead, core, until)
        return emitted

    def _whole(self, core: Consumption, taken: Taken) -> int:
        try:
            return self._take_up(core, taken)
        except Exception:
            # A user's emit raised. If the spout goes on nevertheless, then with this slice.
            key = taken.cursor.key
            if core.owns(key):
                core.move({key: taken.rows[0][0]})
            raise

    def _take_up(self, core: Consumption, taken: Taken) -> int:
        track = self.tracks.of(taken.cursor)
        if track is None:
            return 0  # it went between taking and now: its next owner reads this again
        rows = taken.rows
        if rows[0][0] < track.position:
            track = self.tracks.restart(track, rows[0][0])
        if self._ahead is not None:
            self.tracker.emitted(track, (), NO_PAGE, taken.end_offset)
            self._ahead.take(track, taken)
            return 0
        done = self._emit(track, rows, taken.shared)
        page = Page.of(rows, taken.shared) if done.ids else NO_PAGE
        self.tracker.emitted(track, done.ids, page, taken.end_offset)
        for lost in done.rejected:
            self._give_up(track, lost)
        if len(track.order) >= self._settings.max_uncommitted:
            self._pause(core, track)
        return done.number

    def _emit(self, track: Track, rows: Sequence[Row], shared: SharedFields) -> _Emitted:
        """Emit what can be made of rows."""
        made: list[Any] = self._translate(rows, shared)
        if _LIST.issuperset(map(type, made)):
            prefix = track.prefix
            all_ids = [f"{prefix}{row[0]}" for row in rows] if self._tracked else None
            if self._host.emit_messages(made, all_ids):
                return _Emitted(all_ids or [], len(rows), [])
        return self._emit_each(track, rows, shared, made)

    def _emit_each(
        self, track: Track, rows: Sequence[Row], shared: SharedFields, made: list[Any]
    ) -> _Emitted:
        ids: list[str] = []
        rejected: list[GivenUp] = []
        number = 0
        prefix, emit, tracked = track.prefix, self._host.emit_message, self._tracked
        keeps_rejected = self._give_up.keeps
        for row, outcome in zip(rows, made, strict=True):
            if outcome is None:
                track.skipped += 1
                continue
            id_ = prefix + str(row[0])
            try:
                if type(outcome) is list:
                    emit(outcome, id_ if tracked else None, None)
                    reason = None
                elif type(outcome) is tuple:
                    emit(outcome[0], id_ if tracked else None, outcome[1])
                    reason = None
                else:
                    assert isinstance(outcome, Rejected)
                    reason = outcome.reason
            except SerializationError as error:
                reason = str(error)
            if reason is None:
                number += 1
                pending = tracked
            else:
                rejected.append(GivenUp(id_, row, shared, reason))
                pending = keeps_rejected
            if pending:
                ids.append(id_)
        return _Emitted(ids, number, rejected)

    def _emit_committed(self, ahead: Ahead, core: Consumption, until: float) -> int:
        emitted = 0
        while (found := ahead.turn(core)) is not None:
            track, taken = found
            done = self._emit(track, taken.rows, taken.shared)
            for lost in done.rejected:
                self._give_up(track, lost)
            emitted += done.number
            if self._clock() >= until:
                break
        return emitted

    def _pause(self, core: Consumption, track: Track) -> None:
        if self.tracker.uncommitted(track) >= self._settings.max_uncommitted:
            core.pause([track.key])
            self._paused.add(track)

    def _unpause(self, core: Consumption) -> None:
        enough = self._settings.max_uncommitted * 3 // 4
        back = {t for t in self._paused if not t.alive or self.tracker.uncommitted(t) <= enough}
        self._paused -= back
        core.unpause([track.key for track in back if track.alive])

    # -- what is emitted again --------------------------------------------------------

    def _replay(self, now: float) -> int:
        emitted = 0
        left = deque(self.tracker.due(now, _MOST))
        try:
            while left:
                emitted += self._try_again(*left[0], now)
                left.popleft()
        finally:
            # None, unless a user's emit raised.
            for id_, _ in left:
                self.tracker.postpone(id_, now + _FETCH_LATER_S)
        return emitted

    def _try_again(self, id_: str, track: Track, now: float) -> int:
        found = self.tracker.row(id_)
        if found is not None:
            return self._emit_again(id_, track, *found)
        if not self._again.fetch(id_, track):
            self.tracker.postpone(id_, now + _FETCH_LATER_S)
        return 0

    def _emit_again(self, id_: str, track: Track, row: Row, shared: SharedFields) -> int:
        reason = track.reasons.get(id_)
        if reason is not None:
            self._give_up(track, GivenUp(id_, row, shared, reason))
            return 0
        done = self._emit(track, [row], shared)
        track.replayed += done.number
        for lost in done.rejected:
            self._give_up(track, lost)
        if not done.number and not done.rejected:
            self.tracker.finish(id_)  # by now the translator passes it over
        return done.number

    def _fetched_again(
        self, id_: str, found: tuple[Row, SharedFields] | None, error: BaseException | None
    ) -> None:
        track = self.tracker.pending.get(id_)
        if track is None or not track.alive:
            return
        if error is not None:
            self.tracker.postpone(id_, self._clock() + _FETCH_LATER_S)
        elif found is None:
            self._host.show(f"{id_} failed, and is gone from its log: nothing can be done for it")
            self.tracker.finish(id_)
        else:
            self._emit_again(id_, track, *found)

    # -- what may be committed --------------------------------------------------------

    def _publish(self) -> None:
        """Let commits go as far as acks have come."""
        self._acks = 0
        self._published_at = self._clock()
        core = self._intake.consumption
        # A slice that Storm's end, or SIGTERM, has interrupted is behind where the core stands.
        standing = core.next_offsets() if core is not None and self._between_slices else {}
        for key, track in self.tracks.by_key.items():
            self.tracker.publish(track, standing.get(key, -1))
        drain = self._drain
        if drain is not None and not any(map(self._under_way, drain[0])):
            drain[1].set()

    def _under_way(self, track: Track) -> bool:
        return bool(track.order) or (self._ahead is not None and self._ahead.holds(track))

    def _forget_the_gone(self) -> None:
        before, self._known = self._known, self.tracks.by_key
        for key, track in before.items():
            if self._known.get(key) is not track:
                self.tracker.drop(track)

    def _wait_for_acks(self, going: Collection[Track]) -> None:
        """On the member's thread: before partitions go. What is not acked by then comes twice."""
        event = threading.Event()
        self._drain = (going, event)
        event.wait(self._intake.drain_s)
        self._drain = None

    # -- how it stands ----------------------------------------------------------------

    def _begin_report(self, now: float) -> None:
        self._reported_at = now
        self._give_up.between_reports()
        self._intake.look_up(
            self.tracks.by_key, lambda standing: self._mail(partial(self._report, standing))
        )

    def _report(self, standing: Standing | None) -> None:
        ends: Mapping[PartitionKey, int] = {}
        if standing is not None:
            ends = standing.ends
            self._look_for_others(standing.committed)
        counts = self.tracker.counts()
        reports = [
            self._report_of(track, ends.get(key, -1), *counts.get(key, (0, 0)))
            for key, track in sorted(self.tracks.by_key.items())
        ]
        for report in reports:
            self._host.tell(str(report), "info")
        if self._settings.on_report is not None:
            try:
                self._settings.on_report(reports)
            except Exception as error:  # noqa: BLE001 - the user's code; a report ends no worker
                self._host.show(f"on_report raised: {error!r}")

    def _report_of(self, track: Track, end: int, in_flight: int, waiting: int) -> PartitionReport:
        committed, age_s = self._record.of(track.key)
        known = committed >= 0 and end >= 0
        return PartitionReport(
            *track.key,
            committed=committed,
            end=end,
            lag=max(0, end - committed) if known else -1,
            in_flight=in_flight,
            waiting=waiting,
            acked=track.acked,
            failed=track.failed,
            replayed=track.replayed,
            skipped=track.skipped,
            given_up=track.given_up,
            commit_age_s=age_s,
        )

    # -- from other threads -----------------------------------------------------------

    def _mail(self, call: Callable[[], None]) -> None:
        self._mailbox.append(call)
        core = self._intake.consumption
        if core is not None:
            core.ready()

    def _hooks(self, partition_of: Callable[[PartitionKey], Any]) -> Hooks:
        tracks = self.tracks
        self._partition_of = partition_of
        return Hooks(
            partition_of,
            Starting(self._settings, self._place, tracks.begin, self._seen),
            tracks.revoking,
            gone=tracks.gone,
            committable=tracks.committable,
        )

    def _object_of(self, key: PartitionKey) -> Any:
        return self._partition_of(key)

    def _recorded(self, store: Any) -> RecordingStore:
        return RecordingStore(store, self._record)

    def _trouble(self, text: str) -> None:
        self._mail(partial(self._host.show, text))

    def _seen(self, committed: Mapping[PartitionKey, Committed]) -> None:
        self._mail(partial(self._look_for_others, committed))

    def _look_for_others(self, committed: Mapping[PartitionKey, Committed]) -> None:
        for (topic, partition), one in committed.items():
            other = foreign_topology(one, self._place)
            if other is not None and other not in self._foreign:
                self._foreign.add(other)
                self._host.show(
                    f"group {self._settings.group!r} belongs to topology {other!r} as well, or did:"
                    f" that has committed {one.offset} of {topic}/{partition}. If both run, each"
                    " misses messages: give each a group of its own"
                )


def _check(settings: Settings, conf: Mapping[str, Any]) -> None:
    wanted_topics(settings.topics)
    check_start(settings)
    if not settings.group:
        raise InvalidOptionError(
            "option group is not given: whose offsets are to tell how far it is?"
        )
    reason = lacks_ackers(settings.guarantee, conf)
    if reason is not None:
        raise InvalidOptionError(reason)


def _advance(core: Consumption) -> bool:
    try:
        return core.advance(False)
    except KafkaException:
        return False  # the intake tells of it, and begins anew if that helps
