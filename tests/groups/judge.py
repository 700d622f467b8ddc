"""Judging a group by what its members have told: nothing lost, nothing shared, nothing undone.

Pure: from events, from what the topics hold, and from what was done to the members.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from groups.events import Event, Place

__all__ = ["Duplicate", "Sample", "Shared", "Trouble", "Verdict", "judge", "owned_once"]

#: Cases of one kind that a verdict writes out.
_SHOWN = 10
#: What clocks and logs may differ by, in seconds.
_SLACK = 0.05


class Trouble(NamedTuple):
    """What was done to a member, from ``begin`` to ``end`` seconds (for ever while it goes on).

    ``what`` is ``kill``, ``pause``, ``expiry``; ``member`` is None for what hits all of them, such
    as the end of their coordinator.
    """

    member: str | None
    what: str
    begin: float
    end: float = math.inf

    def concerns(self, member: str) -> bool:
        """Whether it was done to that one."""
        return self.member in {None, member}


class Sample(NamedTuple):
    """The offsets that were committed for the group, as seen from outside at ``t``."""

    t: float
    offsets: Mapping[Place, int]


class Shared(NamedTuple):
    """``first`` went on delivering from a partition that ``second`` (or several) had taken over."""

    place: Place
    first: str
    second: str
    t: float
    offset: int


class Duplicate(NamedTuple):
    """An offset that came out twice: at ``first`` and at ``second``."""

    place: Place
    offset: int
    first: str
    second: str
    t_first: float
    t_second: float
    #: Why it counts, or what explains it.
    reason: str


class Back(NamedTuple):
    """A committed offset that was replaced by an older one."""

    place: Place
    t: float
    before: int
    after: int


@dataclass
class Verdict:
    """What came of a group.

    :ivar missing: what was produced and not delivered.
    :ivar damaged: what was delivered with another value than was produced there.
    :ivar shared: partitions that two members delivered from at a time; ``overlaps``, those that
        a time-out explains.
    :ivar duplicates: deliveries that nothing explains; ``repeated``, those that have a reason.
    :ivar back: commits that went back; ``excused_back``, those that have a reason.
    :ivar ownership: what is wrong with the owners at settled moments.
    :ivar errors: what members called an error. They are shown, and judged by what follows.
    """

    produced: int = 0
    delivered: int = 0
    members: int = 0
    missing: list[tuple[Place, int]] = field(default_factory=list)
    damaged: list[tuple[Place, int]] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    overlaps: list[Shared] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    repeated: list[Duplicate] = field(default_factory=list)
    back: list[Back] = field(default_factory=list)
    excused_back: list[Back] = field(default_factory=list)
    ownership: list[str] = field(default_factory=list)
    errors: list[Event] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not any(
            (self.missing, self.damaged, self.shared, self.duplicates, self.back, self.ownership)
        )

    def text(self) -> str:
        """The counts, and the first cases of each kind that is wrong."""
        rows: list[tuple[str, Sequence[object], str]] = [
            ("missing", self.missing, ""),
            ("with another value", self.damaged, ""),
            ("shared by two members", self.shared, ""),
            ("  within a time-out", self.overlaps, "allowed"),
            ("delivered again", self.duplicates, ""),
            ("  with a reason", self.repeated, "allowed"),
            ("commits that went back", self.back, ""),
            ("  with a reason", self.excused_back, "allowed"),
            ("without one owner", self.ownership, ""),
        ]
        lines = [
            f"  {'produced':26} {self.produced:>12,}",
            f"  {'deliveries':26} {self.delivered:>12,}",
            f"  {'members':26} {self.members:>12,}",
        ]
        lines += [f"  {name:26} {len(cases):>12,}  {note}".rstrip() for name, cases, note in rows]
        for name, cases, note in rows:
            if not note:
                lines += _cases(name, cases)
        lines += _cases("members said", [(e.member, e.value) for e in self.errors])
        lines.append("fine" if self.fine else "NOT FINE")
        return "\n".join(lines)


def _cases(name: str, cases: Sequence[object]) -> Iterator[str]:
    for case in cases[:_SHOWN]:
        yield f"  {name.strip()}: {case}"
    if len(cases) > _SHOWN:
        yield f"  {name.strip()}: and {len(cases) - _SHOWN:,} more"


def judge(
    events: Iterable[Event],
    produced: Mapping[Place, Mapping[int, str | None]],
    troubles: Sequence[Trouble] = (),
    *,
    grace: float,
    samples: Sequence[Sample] = (),
    may_go_back: Sequence[Trouble] = (),
    ownership: Sequence[str] = (),
) -> Verdict:
    """Judge a group that had everything delivered, in events of all members.

    :param produced: what each partition holds: offsets, with values where they are known.
    :param grace: seconds after a pause, expiry or trouble of all during which its member may
        still deliver what is not its own any more: the session's time-out and one ping.
    :param samples: committed offsets over time. By them, and by what members told of their
        commits, a repetition is explained only if its offset was not committed when the trouble
        began.
    :param may_go_back: during which of the troubles, and ``grace`` after, commits may go back.
    :param ownership: what :func:`owned_once` found at settled moments.
    """
    ordered = sorted(events, key=lambda event: event.t)
    deliveries: dict[Place, list[Event]] = defaultdict(list)
    for event in ordered:
        if event.event == "delivered":
            deliveries[event.place].append(event)
    seen = sorted(samples, key=lambda sample: sample.t)
    told = [
        Sample(event.t, {event.place: event.offset})
        for event in ordered
        if event.event == "committed" and event.offset is not None
    ]
    evidence = _Evidence(troubles, grace, sorted([*seen, *told], key=lambda sample: sample.t))
    verdict = Verdict(
        produced=sum(map(len, produced.values())),
        delivered=sum(map(len, deliveries.values())),
        members=len({event.member for event in ordered}),
        ownership=list(ownership),
        errors=[event for event in ordered if event.event == "error"],
    )
    _complete(verdict, deliveries, produced)
    regained = _gains(ordered)
    for place, there in deliveries.items():
        _exclusive(verdict, there, regained[place], evidence)
        _repetitions(verdict, there, evidence)
    _commits(verdict, seen, may_go_back, grace)
    return verdict


def owned_once(
    owners: Mapping[Place, Sequence[str]], partitions: Iterable[Place], members: Iterable[str]
) -> list[str]:
    """What is wrong with the owners of a settled group, in words.

    :param members: those that are in it.
    """
    alive = set(members)
    wrong = []
    for place in sorted(partitions):
        found = list(owners.get(place, ()))
        if len(found) != 1:
            wrong.append(f"{place} has {len(found)} owners: {', '.join(found) or 'none'}")
        wrong += [f"{place} is owned by {one}, who is gone" for one in found if one not in alive]
    return wrong


class _Evidence:
    """What may explain something."""

    def __init__(
        self, troubles: Sequence[Trouble], grace: float, samples: Sequence[Sample]
    ) -> None:
        self._troubles = sorted(troubles, key=lambda trouble: trouble.begin)
        self._by_member: dict[str, list[Trouble]] = {}
        self._grace = grace
        self._committed = _highest(samples)

    def lagging(self, member: str, t: float) -> bool:
        """Whether the member may not have heard yet that it has lost its partitions."""
        return any(
            trouble.what != "kill" and trouble.begin - _SLACK <= t <= trouble.end + self._grace
            for trouble in self._of(member)
        )

    def interrupted(self, member: str, begin: float, end: float) -> Trouble | None:
        """What befell the member between the two moments."""
        for trouble in self._of(member):
            if trouble.begin <= end and trouble.end + self._grace >= begin:
                return trouble
        return None

    def _of(self, member: str) -> list[Trouble]:
        if member not in self._by_member:
            found = [trouble for trouble in self._troubles if trouble.concerns(member)]
            self._by_member[member] = found
        return self._by_member[member]

    def committed(self, place: Place, t: float) -> int:
        """The offset that was seen committed by then; -1 for none."""
        times, highest = self._committed.get(place, ((), ()))
        position = bisect_left(times, t)
        return highest[position - 1] if position else -1


def _highest(samples: Sequence[Sample]) -> dict[Place, tuple[list[float], list[int]]]:
    """For each partition the times of the samples, and the highest offset by then."""
    found: dict[Place, tuple[list[float], list[int]]] = {}
    for sample in samples:
        for place, offset in sample.offsets.items():
            times, highest = found.setdefault(place, ([], []))
            times.append(sample.t)
            highest.append(max(offset, highest[-1]) if highest else offset)
    return found


def _complete(
    verdict: Verdict,
    deliveries: Mapping[Place, Sequence[Event]],
    produced: Mapping[Place, Mapping[int, str | None]],
) -> None:
    """Everything is delivered, as it was produced, and nothing else."""
    for place in {*produced, *deliveries}:
        wanted = produced.get(place, {})
        found = {event.offset: event.value for event in deliveries.get(place, ())}
        verdict.missing += [(place, offset) for offset in sorted(wanted) if offset not in found]
        for offset, value in found.items():
            assert offset is not None
            if offset not in wanted or wanted[offset] not in {None, value}:
                verdict.damaged.append((place, offset))


def _gains(events: Iterable[Event]) -> dict[Place, dict[str, list[float]]]:
    """When members were assigned partitions."""
    gains: dict[Place, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.event == "assigned":
            gains[event.place][event.member].append(event.t)
    return gains


def _exclusive(
    verdict: Verdict,
    deliveries: Sequence[Event],
    gains: Mapping[str, Sequence[float]],
    evidence: _Evidence,
) -> None:
    """Who has delivered before others did, does so again only after getting the partition back.

    Between two members that take turns the one is at fault that may not know better: what it
    delivers takes the partition from nobody.
    """
    last: dict[str, float] = {}
    others: dict[str, set[str]] = {}
    for event in deliveries:
        member, t = event.member, event.t
        lagging = evidence.lagging(member, t)
        since, between = last.get(member, t), others.get(member, set())
        if between and not any(since < gain <= t for gain in gains.get(member, ())):
            assert event.offset is not None
            case = Shared(event.place, member, ", ".join(sorted(between)), t, event.offset)
            (verdict.overlaps if lagging else verdict.shared).append(case)
        last[member] = t
        others[member] = set()
        if not lagging:
            for other in last.keys() - {member}:
                others[other].add(member)


def _repetitions(verdict: Verdict, deliveries: Sequence[Event], evidence: _Evidence) -> None:
    """What comes again was not committed when something befell the one that had it before."""
    seen: dict[int, Event] = {}
    for event in deliveries:
        assert event.offset is not None
        before = seen.get(event.offset)
        seen[event.offset] = event
        if before is None:
            continue
        why, explained = _why(before, event, evidence)
        case = Duplicate(
            event.place, event.offset, before.member, event.member, before.t, event.t, why
        )
        (verdict.repeated if explained else verdict.duplicates).append(case)


def _why(before: Event, again: Event, evidence: _Evidence) -> tuple[str, bool]:
    """What explains a repetition, or why nothing does; and whether it is explained."""
    if before.member != again.member and evidence.lagging(again.member, again.t):
        return f"{again.member} had not heard yet that it had lost the partition", True
    trouble = evidence.interrupted(before.member, before.t, again.t)
    if trouble is None:
        return f"nothing had befallen {before.member}", False
    if before.t <= trouble.begin:
        assert again.offset is not None
        committed = evidence.committed(again.place, trouble.begin)
        if committed > again.offset:
            what = f"{committed} was committed before the {trouble.what} of {before.member}"
            return what, False
    return f"{trouble.what} of {before.member}", True


def _commits(
    verdict: Verdict, samples: Sequence[Sample], may_go_back: Sequence[Trouble], grace: float
) -> None:
    """Committed offsets only grow."""
    last: dict[Place, int] = {}
    for sample in samples:
        excused = any(one.begin <= sample.t <= one.end + grace for one in may_go_back)
        for place, offset in sample.offsets.items():
            before = last.get(place, -1)
            if offset < before:
                case = Back(place, sample.t, before, offset)
                (verdict.excused_back if excused else verdict.back).append(case)
            last[place] = offset
