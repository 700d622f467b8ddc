"""Judge what a Kafka spout did, by what is written in the log, in the books, and in the group.

Nothing is lost if every message of the log was processed, and the group's offsets are the log's
end. Messages may be processed again, each time for a reason: its tree failed or timed out, or the
partition went to another process when the message was in flight, or acked since the last commit.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from accounts import Account
from spout_parts import ACKED, EMITTED, FAILED

#: A message: partition, offset.
Place = tuple[int, int]

#: Seconds after a fault is over in which partitions may still change hands because of it: a
#: session ends, the group is balanced anew.
_GRACE_S = 60.0
#: Seconds after which what can be committed is: the interval of commits, and as much again for a
#: machine that is busy.
COMMITTED_WITHIN_S = 5.0


class Said(NamedTuple):
    """What a spout says of a message."""

    what: str
    place: Place
    t: float


class Reading(NamedTuple):
    """What one process of a spout's task did, in its order."""

    born: float
    said: Sequence[Said]


class Done(NamedTuple):
    """What a bolt did with a message."""

    what: str
    place: Place
    number: int
    t: float


class Look(NamedTuple):
    """What was committed at ``t``, by partition: the next offset to read."""

    t: float
    offsets: Mapping[int, int]


class Fault(NamedTuple):
    """Something that was done to the cluster.

    :ivar begin: when, and ``end``: when all was as before.
    :ivar restarts: whether it ends processes of the spout.
    :ivar committed_within_s: how old an ack may be that is not committed when a partition is lost.
    :ivar stopped: when nothing ran, what was committed then; None if something ran all the time.
    """

    name: str
    begin: float
    end: float
    restarts: bool = False
    committed_within_s: float = COMMITTED_WITHIN_S
    stopped: Look | None = None


@dataclass
class Evidence:
    """All that is known.

    :ivar produced: how many numbers, from 0 on, brokers have acknowledged.
    :ivar log: the number of each message, as an independent reader has found it.
    :ivar ends: where the log ends, by partition, and ``committed``: the group's offsets.
    :ivar looks: at the committed offsets, in the order of time.
    :ivar failing: whether bolts were to fail tuples.
    :ivar kept: the message that a bolt kept back past the time-out; None if none was to be.
    """

    produced: int
    log: Mapping[Place, int]
    ends: Mapping[int, int]
    committed: Mapping[int, int]
    readings: Sequence[Reading]
    checked: Sequence[Done]
    stored: Sequence[Done]
    looks: Sequence[Look] = ()
    faults: Sequence[Fault] = ()
    failing: bool = False
    kept: Place | None = None


def judge(evidence: Evidence) -> Account:
    """Balance the books."""
    account = Account()
    _judge_log(account, evidence)
    _judge_processing(account, evidence)
    _judge_failures(account, evidence)
    _judge_commits(account, evidence)
    _judge_repeats(account, evidence)
    _judge_faults(account, evidence)
    return account


# --- every message ---


def _judge_log(account: Account, evidence: Evidence) -> None:
    """What was acknowledged is there; what a retry has stored twice is allowed, and counted."""
    found = Counter(evidence.log.values())
    account.row("produced, acknowledged", evidence.produced)
    account.row("in the log", len(evidence.log), f"{len(evidence.log) - len(found):,} stored twice")
    account.must_be_none("  not in the log", set(range(evidence.produced)) - found.keys())
    account.must_be_none("  in the log, never produced", found.keys() - range(evidence.produced))
    holes = [
        place
        for p, end in evidence.ends.items()
        for o in range(end)
        if (place := (p, o)) not in evidence.log
    ]
    account.must_be_none("  offsets without a message", holes)


def _judge_processing(account: Account, evidence: Evidence) -> None:
    processed = Counter(done.place for done in evidence.stored if done.what == ACKED)
    account.row("processed", processed.total())
    account.must_be_none("  never", [place for place in evidence.log if place not in processed])
    account.must_be_none("  in no log", processed.keys() - evidence.log.keys())
    wrong = [
        done.place
        for done in (*evidence.stored, *evidence.checked)
        if evidence.log.get(done.place, done.number) != done.number
    ]
    account.must_be_none("  with the number of another", wrong)
    account.row("  more than once", sum(times > 1 for times in processed.values()))
    account.row("  duplicates", processed.total() - len(processed))
    emitted = Counter(said.place for said in _all_said(evidence) if said.what == EMITTED)
    came = Counter(done.place for done in evidence.stored)
    too_often = [place for place, times in came.items() if times > emitted[place]]
    account.must_be_none("  more often than emitted", too_often)


def _judge_failures(account: Account, evidence: Evidence) -> None:
    said = Counter(said.what for said in _all_said(evidence))
    failed = sum(done.what == FAILED for done in (*evidence.checked, *evidence.stored))
    account.row("trees emitted", said[EMITTED])
    account.row("  acked", said[ACKED])
    account.row("  failed", said[FAILED])
    if evidence.failing:
        account.must_be_some("    by a bolt", failed)
    account.row("    timed out", max(0, said[FAILED] - failed))
    if evidence.kept is not None:
        kept = [s for s in _all_said(evidence) if s.place == evidence.kept and s.what == FAILED]
        account.must_be_some("    kept back past the time-out", len(kept))


def _all_said(evidence: Evidence) -> Iterator[Said]:
    for reading in evidence.readings:
        yield from reading.said


# --- offsets ---


def _judge_commits(account: Account, evidence: Evidence) -> None:
    """They end where the log does, never go back, and never pass what is not processed yet."""
    ends, committed = evidence.ends, evidence.committed
    open_ = [
        f"{p}: {committed.get(p)}, not {end}" for p, end in ends.items() if committed.get(p) != end
    ]
    account.row("partitions", len(ends), f"committed to {sum(committed.values()):,} in all")
    account.must_be_none("  not committed to the end", open_)
    account.row("looks at committed offsets", len(evidence.looks))
    back = [
        f"{p}: {offset} to {after.offsets.get(p)} at {after.t:.1f}"
        for before, after in pairwise(evidence.looks)
        for p, offset in before.offsets.items()
        if after.offsets.get(p, -1) < offset
    ]
    account.must_be_none("  that went back", back)
    account.must_be_none("  before all was processed", list(_early(evidence)))
    _judge_resuming(account, evidence)


def _early(evidence: Evidence) -> Iterator[str]:
    """Commits of offsets below which something was not processed yet."""
    first: dict[Place, float] = {}
    for done in evidence.stored:
        if done.what == ACKED:
            first[done.place] = min(done.t, first.get(done.place, math.inf))
    all_done: dict[int, list[float]] = {}
    for partition, end in evidence.ends.items():
        #: When everything below an offset was processed, by offset.
        times = all_done[partition] = [-math.inf]
        for offset in range(end):
            times.append(max(times[-1], first.get((partition, offset), math.inf)))
    for look in evidence.looks:
        for partition, offset in look.offsets.items():
            times = all_done.get(partition, [])
            if offset < len(times) and times[offset] > look.t:
                yield f"{partition}: {offset} at {look.t:.1f}"


def _judge_resuming(account: Account, evidence: Evidence) -> None:
    """What was stopped altogether goes on where it has committed, and nowhere else."""
    for fault in evidence.faults:
        stopped = fault.stopped
        if stopped is None:
            continue
        begins: dict[int, tuple[float, int]] = {}
        for said in (s for r in evidence.readings if r.born > stopped.t for s in r.said):
            partition, offset = said.place
            if said.what == EMITTED:
                earlier = begins.get(partition, (math.inf, -1))
                begins[partition] = min(earlier, (said.t, offset))
        wrong = [
            f"{p}: at {begins[p][1]}, not {offset}"
            for p, offset in stopped.offsets.items()
            if p in begins and begins[p][1] != offset
        ]
        account.must_be_some(f"  {fault.name}: partitions that were read on", len(begins))
        account.must_be_none(f"  {fault.name}: resumed elsewhere", wrong)


# --- what came again ---


@dataclass
class _Repeats:
    """Emissions after the first one, by their reason."""

    failed: int = 0
    in_flight: Counter[int] = field(default_factory=Counter)
    acked: Counter[int] = field(default_factory=Counter)
    committed: list[Place] = field(default_factory=list)
    baseless: list[Place] = field(default_factory=list)
    stray: list[Place] = field(default_factory=list)
    late: list[str] = field(default_factory=list)


class _Readings:
    """What is known of each process of the spout."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self.emitted: dict[Place, list[tuple[float, int]]] = defaultdict(list)
        self.failed: dict[tuple[int, Place], list[float]] = defaultdict(list)
        self.acked: dict[tuple[int, Place], list[float]] = defaultdict(list)
        #: When a process spoke of a partition.
        self._times: dict[tuple[int, int], list[float]] = defaultdict(list)
        self._offsets: dict[tuple[int, int], set[int]] = defaultdict(set)
        self._committable: dict[tuple[int, int], dict[int, float]] = {}
        for number, reading in enumerate(readings):
            for what, place, t in reading.said:
                self._times[number, place[0]].append(t)
                if what == EMITTED:
                    self.emitted[place].append((t, number))
                    self._offsets[number, place[0]].add(place[1])
                else:
                    (self.acked if what == ACKED else self.failed)[number, place].append(t)

    def left(self, number: int, partition: int, t: float) -> float:
        """When a process last spoke of a partition, before ``t``."""
        times = self._times[number, partition]
        return times[bisect_left(times, t) - 1]

    def committable(self, number: int, place: Place) -> float:
        """When a process might first have committed a message: with all before it acked."""
        partition, offset = place
        found = self._committable.get((number, partition))
        if found is None:
            found = self._committable[number, partition] = {}
            latest = -math.inf
            for each in sorted(self._offsets[number, partition]):
                acks = self.acked.get((number, (partition, each)), [math.inf])
                found[each] = latest = max(latest, acks[0])
        return found[offset]


def _judge_repeats(account: Account, evidence: Evidence) -> None:
    found = _reasons(evidence)
    took = found.in_flight.total() + found.acked.total()
    account.row("emitted again", found.failed + took)
    account.row("  after they failed or timed out", found.failed)
    account.row("  in flight at a fault", found.in_flight.total())
    account.row("  acked since the last commit at one", found.acked.total())
    account.must_be_none("  committed before", found.committed)
    account.must_be_none("  by the same task for no reason", found.baseless)
    account.must_be_none("  by another task without a fault", found.stray)
    account.must_be_none("  acked long ago, never committed", found.late)
    standing = _standing(evidence)
    for number, fault in enumerate(evidence.faults):
        in_flight, acked = standing[number]
        note = f"{in_flight:,} in flight, {acked:,} acked since the last commit when it began"
        again = found.in_flight[number] + found.acked[number]
        account.row(f"  because of: {fault.name}", again, note)


def _reasons(evidence: Evidence) -> _Repeats:
    readings, found = _Readings(evidence.readings), _Repeats()
    times = [look.t for look in evidence.looks]
    begins = [fault.begin for fault in evidence.faults]
    for place, emissions in readings.emitted.items():
        for (before, first), (t, second) in pairwise(sorted(emissions)):
            if any(before <= failed <= t for failed in readings.failed.get((first, place), ())):
                found.failed += 1
                continue
            look = bisect_right(times, t) - 1
            if look >= 0 and evidence.looks[look].offsets.get(place[0], 0) > place[1]:
                found.committed.append(place)
                continue
            fault = bisect_right(begins, t) - 1
            within = fault >= 0 and t <= evidence.faults[fault].end + _GRACE_S
            if not within:
                (found.baseless if first == second else found.stray).append(place)
            elif any(before <= acked <= t for acked in readings.acked.get((first, place), ())):
                found.acked[fault] += 1
                left = readings.left(first, place[0], t)
                age = left - readings.committable(first, place)
                if age > evidence.faults[fault].committed_within_s:
                    found.late.append(f"{place}: {age:.1f} s, {evidence.faults[fault].name}")
            else:
                found.in_flight[fault] += 1
    return found


def _standing(evidence: Evidence) -> list[tuple[int, int]]:
    """When each fault began: how many messages were in flight, and how many of those that were
    acked were not committed."""
    found: list[tuple[int, int]] = []
    in_flight: set[Place] = set()
    acked: set[Place] = set()
    merged = heapq.merge(*(reading.said for reading in evidence.readings), key=lambda said: said.t)
    events = iter(merged)
    said = next(events, None)
    for fault in evidence.faults:
        while said is not None and said.t < fault.begin:
            if said.what == EMITTED:
                in_flight.add(said.place)
            else:
                in_flight.discard(said.place)
                if said.what == ACKED:
                    acked.add(said.place)
            said = next(events, None)
        known = [look.offsets for look in evidence.looks if look.t <= fault.begin]
        offsets = known[-1] if known else {}
        acked = {place for place in acked if place[1] >= offsets.get(place[0], 0)}
        found.append((len(in_flight), len(acked)))
    return found


def _judge_faults(account: Account, evidence: Evidence) -> None:
    """What was to happen did."""
    account.row("processes of the spout", len(evidence.readings))
    for fault, (in_flight, acked) in zip(evidence.faults, _standing(evidence), strict=True):
        if fault.restarts:
            born = [each for each in evidence.readings if fault.begin <= each.born <= fault.end]
            account.must_be_some(f"  begun after: {fault.name}", len(born))
            # Else it could not show anything.
            if not in_flight + acked:
                account.trouble.append(f"{fault.name}: nothing was open when it began")
