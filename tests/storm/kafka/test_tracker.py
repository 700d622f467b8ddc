"""What may be committed and what comes again: the tracker against a model that remembers all."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from pykafka.core.retry import Backoff
from pykafka.storm.kafka.tracker import Failure, Page, Track, Tracker

KEYS = [("a", 0), ("a", 1)]
MAX_TRIES = 4
BACKOFF = Backoff(1.0, 8.0, 0.0)


def page_of(offsets: list[int]) -> Page:
    rows = [(offset, 0, None, b"x") for offset in offsets]
    return Page(rows, None, len(rows))


class Model:
    """One stay of a partition, remembered without any cleverness."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.end = track.position
        self.open: dict[int, str] = {}
        self.published = -1

    def committable(self) -> int:
        return min(self.open, default=self.end)


class TrackerMachine(RuleBasedStateMachine):
    """Emits with gaps, acks and fails in any order, loses and gets partitions back."""

    flying = Bundle("flying")

    @initialize(keep=st.sampled_from([0, 7, 10_000]))
    def begin(self, keep: int) -> None:
        self.now = 0.0
        self.keep = keep
        self.tracker = Tracker(BACKOFF, MAX_TRIES, keep)
        self.models = {key: Model(Track(key, 10)) for key in KEYS}
        self.dead: list[Model] = []
        #: What Storm has to settle: id -> the stays in which it was emitted.
        self.storm: dict[str, int] = {}

    @rule(
        target=flying,
        key=st.sampled_from(KEYS),
        gaps=st.lists(st.integers(0, 3), max_size=5),
        tail=st.integers(0, 2),
    )
    def emit(self, key: tuple[str, int], gaps: list[int], tail: int) -> object:
        """A slice: some offsets are missing from the log, some rows are passed over."""
        model = self.models[key]
        track = model.track
        offsets = []
        at = model.end
        for gap in gaps:
            at += gap
            offsets.append(at)
            at += 1
        ids = [f"{track.prefix}{offset}" for offset in offsets]
        model.end = at + tail
        self.tracker.emitted(track, ids, page_of(offsets), model.end)
        model.open.update(zip(offsets, ids, strict=True))
        return multiple(*ids)

    @rule(id_=consumes(flying))
    def ack(self, id_: str) -> None:
        model, offset = self._at(id_)
        counted = self.tracker.acked(id_)
        assert (counted is not None) == (offset in model.open)
        model.open.pop(offset, None)

    @rule(id_=flying)
    def ack_and_perhaps_again(self, id_: str) -> None:
        """The same tuple is acked, though an earlier try was already."""
        model, offset = self._at(id_)
        acked = model.track.acked
        expected = offset in model.open
        self.tracker.acked(id_)
        self.tracker.acked(id_)
        assert model.track.acked == acked + expected
        model.open.pop(offset, None)

    @rule(id_=flying)
    def fail(self, id_: str) -> None:
        model, offset = self._at(id_)
        before = self.tracker.tries(id_)
        verdict = self.tracker.failed(id_, self.now, 0.5)
        if offset not in model.open:
            assert verdict is Failure.IGNORED
        elif verdict is Failure.SPENT:
            assert before == MAX_TRIES - 1
            self.tracker.finish(id_)
            del model.open[offset]

    @rule(seconds=st.floats(0.0, 20.0))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for id_, track in self.tracker.due(self.now, 10):
            model, offset = self._at(id_)
            assert track is model.track
            assert offset in model.open
            row = self.tracker.row(id_)
            if row is not None:
                assert row[0][0] == offset

    @rule(key=st.sampled_from(KEYS))
    def publish(self, key: tuple[str, int]) -> None:
        model = self.models[key]
        self.tracker.publish(model.track)
        assert model.track.published == model.committable()

    @rule(key=st.sampled_from(KEYS))
    def lose_and_get_back(self, key: tuple[str, int]) -> None:
        """Another stay begins at what was committed."""
        model = self.models[key]
        begin = max(model.track.published, 10)
        self.tracker.drop(model.track)
        self.models[key] = Model(Track(key, begin))

    def _at(self, id_: str) -> tuple[Model, int]:
        topic, partition, offset = id_.rsplit("/", 2)
        return self.models[topic, int(partition)], int(offset)

    @invariant()
    def never_past_what_is_open(self) -> None:
        for model in self.models.values():
            track = model.track
            assert self.tracker.committable(track) == model.committable()
            assert track.published <= model.committable()

    @invariant()
    def no_more_memory_than_what_is_open_needs(self) -> None:
        tracker = self.tracker
        tracks = [model.track for model in self.models.values()]
        pages = [page for track in tracks for page in track.pages]
        assert tracker.kept_bytes == sum(page.size for page in pages) <= self.keep
        for model in self.models.values():
            first = model.committable()
            # What is acked behind the first open one waits for it, and nothing else.
            assert all(model.track.offset_of(id_) >= first for id_ in list(model.track.order)[:1])
        alive = sum(len(model.open) for model in self.models.values())
        of_the_dead = [t for t in tracker.pending.values() if not t.alive]
        assert len(tracker.pending) - len(of_the_dead) == alive


TrackerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestTracker = TrackerMachine.TestCase


def test_everything_acked_leaves_nothing() -> None:
    tracker = Tracker(BACKOFF, None, 10_000)
    track = Track(("t", 0), 0)
    for begin in range(0, 1000, 50):
        offsets = list(range(begin, begin + 50))
        ids = [f"t/0/{offset}" for offset in offsets]
        tracker.emitted(track, ids, page_of(offsets), begin + 50)
    for offset in reversed(range(1000)):
        tracker.acked(f"t/0/{offset}")
    tracker.publish(track)
    assert track.published == 1000
    assert (tracker.in_flight, tracker.kept_bytes, len(track.order)) == (0, 0, 0)


def test_a_failed_tuple_waits_longer_each_time() -> None:
    tracker = Tracker(BACKOFF, None, 0)
    track = Track(("t", 0), 0)
    tracker.emitted(track, ["t/0/0"], page_of([0]), 1)
    now, waits = 0.0, []
    for _ in range(5):
        assert tracker.failed("t/0/0", now, 0.0) is Failure.AGAIN
        assert tracker.failed("t/0/0", now, 0.0) is Failure.IGNORED
        begin = now
        while not tracker.due(now, 10):
            now += 0.5
        waits.append(now - begin)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]


def test_an_old_stay_s_wait_does_not_hide_a_failure_of_the_new_one() -> None:
    tracker = Tracker(BACKOFF, None, 0)
    old, new = Track(("t", 0), 0), Track(("t", 0), 0)
    tracker.emitted(old, ["t/0/0"], page_of([0]), 1)
    tracker.failed("t/0/0", 0.0, 0.0)
    tracker.drop(old)
    tracker.emitted(new, ["t/0/0"], page_of([0]), 1)
    assert tracker.failed("t/0/0", 0.0, 0.0) is Failure.AGAIN
    assert [track for _, track in tracker.due(10.0, 10)] == [new]


def test_a_gap_at_the_end_of_a_log_is_passed() -> None:
    tracker = Tracker(BACKOFF, None, 0)
    track = Track(("t", 0), 0)
    tracker.publish(track, standing=7)
    assert track.published == 7
    tracker.emitted(track, ["t/0/9"], page_of([9]), 12)
    tracker.publish(track, standing=12)
    assert track.published == 9
