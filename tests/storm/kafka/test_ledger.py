"""Nothing is lost between Kafka and the last bolt of a real topology, whatever ends meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from benchmark_commands import load_command
from services import Clusters

from pykafka.embedded import EmbeddedStorm

# Some releases of Python warn of how kafka-python reads its own files.
pytestmark = pytest.mark.filterwarnings("ignore:.*Use files.. instead:DeprecationWarning")


@pytest.fixture(scope="module")
def command() -> ModuleType:
    return load_command("spout_ledger")


@pytest.mark.slow
@pytest.mark.timeout(600)
# The command has the rest: three brokers, both kinds of groups, and all that can go wrong.
@pytest.mark.parametrize(("release", "fault", "messages"), [("3.9.1", "worker", 50_000)])
def test_nothing_is_lost(
    release: str,
    fault: str,
    messages: int,
    command: ModuleType,
    storm: EmbeddedStorm,
    embedded_kafka: Clusters,
    topology_name: str,
    tmp_path: Path,
) -> None:
    plan = command.Plan(
        messages, workers=2, faults=("fail", fault), timeout=5, session_ms=6000, seed=1
    )
    account = command.run(storm, embedded_kafka(release), plan, tmp_path, topology_name, print)
    assert account.trouble == [], account.text()


# --- the judge ---


class Case:
    """Ten messages in two partitions, of which a worker's end brings two again.

    The spout's first process has p0/2 acked, but not committed, and p0/3 in flight when the worker
    is killed at 20; the second one has p1/3 fail once.
    """

    def __init__(self, command: ModuleType) -> None:
        self._judge = command.spout_judge
        said, done = self._judge.Said, self._judge.Done
        first = [said("emitted", (p, o), 11 + o / 10) for o in (0, 1) for p in (0, 1)]
        first += [said("acked", (p, o), 12 + o / 10) for o in (0, 1) for p in (0, 1)]
        first += [said("emitted", (1, 2), 13.0), said("acked", (1, 2), 13.5)]
        first += [said("emitted", (0, 2), 18.0), said("acked", (0, 2), 18.5)]
        first += [said("emitted", (0, 3), 19.0)]
        again = [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4)]
        second = [said("emitted", each, 26 + n / 10) for n, each in enumerate(again)]
        second += [said("failed", (1, 3), 26.5), said("emitted", (1, 3), 26.6)]
        second += [said("acked", each, 27 + n / 10) for n, each in enumerate(again)]
        self.log = {(p, o): 2 * o + p for p in (0, 1) for o in range(5)}
        acked = [*first, *second[5:]]
        stored = [
            done("acked", s.place, self.log[s.place], s.t - 0.1) for s in acked if s.what == "acked"
        ]
        self.evidence = self._judge.Evidence(
            produced=10,
            log=self.log,
            ends={0: 5, 1: 5},
            committed={0: 5, 1: 5},
            readings=[self._judge.Reading(1.0, first), self._judge.Reading(25.0, second)],
            checked=[done("failed", (1, 3), 7, 26.4)],
            stored=stored,
            looks=[
                self.look(10.0, {}),
                self.look(14.0, {0: 2, 1: 3}),
                self.look(28.0, {0: 5, 1: 5}),
            ],
            faults=[
                self.fault("start", 0.0, 10.0),
                self.fault("worker", 20.0, 30.0, restarts=True),
            ],
            failing=True,
        )

    def look(self, t: float, offsets: dict[int, int]) -> Any:
        return self._judge.Look(t, offsets)

    def fault(self, *args: Any, **options: Any) -> Any:
        return self._judge.Fault(*args, **options)

    def change(self, **changes: Any) -> None:
        self.evidence = replace(self.evidence, **changes)

    def store(
        self, place: tuple[int, int], number: int, *, what: str = "acked", t: float = 27.95
    ) -> None:
        """Something more was done by the last bolt."""
        done = self._judge.Done(what, place, number, t)
        self.change(stored=[*self.evidence.stored, done])

    def unstore(self, place: tuple[int, int]) -> None:
        self.change(stored=[done for done in self.evidence.stored if done.place != place])

    def say(self, reading: int, what: str, place: tuple[int, int], t: float) -> None:
        """A process of the spout did something more."""
        found = list(self.evidence.readings)
        said = [*found[reading].said, self._judge.Said(what, place, t)]
        said.sort(key=lambda each: each.t)
        found[reading] = found[reading]._replace(said=said)
        self.change(readings=found)

    def see(self, t: float, offsets: dict[int, int]) -> None:
        """One look more at what is committed."""
        looks = [*self.evidence.looks, self.look(t, offsets)]
        self.change(looks=sorted(looks, key=lambda look: look.t))

    def stop(self, offsets: dict[int, int]) -> None:
        """Nothing ran for a moment, and this was committed."""
        start, worker = self.evidence.faults
        self.change(faults=[start, worker._replace(stopped=self.look(22.0, offsets))])

    def again(self) -> None:
        """The second process emits p1/4 once more, long after the fault."""
        self.say(1, "emitted", (1, 4), 99.0)

    def never_read_on(self) -> None:
        """Nothing came after the stop."""
        self.stop({0: 2, 1: 3})
        first, second = self.evidence.readings
        self.change(readings=[first, second._replace(said=[])])

    def began_late(self) -> None:
        """The second process is one of before the fault."""
        first, second = self.evidence.readings
        self.change(readings=[first, second._replace(born=15.0)])

    def was_idle(self) -> None:
        """The fault hit when nothing was in flight, and nothing acked and not committed."""
        start, worker = self.evidence.faults
        self.change(faults=[start, worker._replace(begin=10.5)])

    def acked_early(self) -> None:
        """p0/2 could have been committed long before the fault."""
        first, second = self.evidence.readings
        said = [s._replace(t=s.t - 5) if s.place == (0, 2) else s for s in first.said]
        said.sort(key=lambda each: each.t)
        self.change(readings=[first._replace(said=said), second])

    def hear_late(self, place: tuple[int, int], t: float) -> None:
        """The first process hears of an ack at another time."""
        first, second = self.evidence.readings
        said = [s for s in first.said if (s.what, s.place) != ("acked", place)]
        self.change(readings=[first._replace(said=said), second])
        self.say(0, "acked", place, t)

    def account(self) -> Any:
        return self._judge.judge(self.evidence)

    def trouble(self) -> str:
        return "\n".join(self.account().trouble)


@pytest.fixture
def case(command: ModuleType) -> Case:
    return Case(command)


def test_what_is_as_it_must_be_is_no_trouble(case: Case) -> None:
    account = case.account()
    assert account.trouble == []
    counts = {name.strip(): (count, note) for name, count, note in account.rows}
    assert counts["processed"][0] == 11
    assert counts["duplicates"][0] == 1
    assert counts["emitted again"][0] == 3
    assert counts["after they failed or timed out"][0] == 1
    assert counts["in flight at a fault"][0] == 1
    assert counts["acked since the last commit at one"][0] == 1
    assert counts["because of: start"] == (
        0,
        "0 in flight, 0 acked since the last commit when it began",
    )
    assert counts["because of: worker"] == (
        2,
        "1 in flight, 1 acked since the last commit when it began",
    )
    assert counts["timed out"][0] == 0


Damage = Callable[[Case], None]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda case: case.change(produced=11), "not in the log: 1 (10)"),
        (lambda case: case.change(produced=9), "never produced: 1 (9)"),
        (lambda case: case.change(ends={0: 6, 1: 5}), "offsets without a message: 1 ((0, 5))"),
        (lambda case: case.unstore((1, 4)), "  never: 1 ((1, 4))"),
        (
            lambda case: (case.unstore((1, 4)), case.store((1, 4), 9, what="failed")),
            "  never: 1 ((1, 4))",
        ),
        (lambda case: case.store((0, 5), 10), "in no log: 1 ((0, 5))"),
        (
            lambda case: (case.unstore((1, 4)), case.store((1, 4), 3)),
            "with the number of another: 1 ((1, 4))",
        ),
        (lambda case: case.store((1, 4), 9), "more often than emitted: 1 ((1, 4))"),
        (lambda case: case.change(checked=[]), "by a bolt: none"),
        (lambda case: case.change(kept=(1, 4)), "kept back past the time-out: none"),
        (lambda case: case.change(committed={0: 5, 1: 4}), "not committed to the end: 1 (1: 4"),
        (lambda case: case.change(committed={0: 5}), "not committed to the end: 1 (1: None"),
        (lambda case: case.see(29.0, {0: 5, 1: 4}), "went back: 1 (1: 5 to 4"),
        (lambda case: case.see(29.0, {0: 5}), "went back: 1 (1: 5 to None"),
        (lambda case: case.see(18.2, {0: 3, 1: 3}), "before all was processed: 1 (0: 3"),
        (lambda case: case.stop({0: 3, 1: 3}), "worker: resumed elsewhere: 1 (0: at 2, not 3)"),
        (lambda case: case.stop({0: 1, 1: 3}), "worker: resumed elsewhere: 1 (0: at 2, not 1)"),
        # p0/1 comes late, and p0/2 before it.
        (
            lambda case: (
                case.unstore((0, 1)),
                case.store((0, 1), 2),
                case.see(20.0, {0: 3, 1: 3}),
            ),
            "before all was processed: 2 (0: 2 at 14.0, 0: 3 at 20.0",
        ),
        (lambda case: case.never_read_on(), "worker: partitions that were read on: none"),
        (lambda case: case.see(19.5, {0: 3, 1: 3}), "committed before: 1 ((0, 2))"),
        (
            lambda case: (case.change(looks=[]), case.again()),
            "by the same task for no reason: 1 ((1, 4))",
        ),
        (
            lambda case: (case.change(looks=[]), case.say(0, "emitted", (1, 4), 99.0)),
            "by another task without a fault: 1 ((1, 4))",
        ),
        # It failed, but before the first, or after the second emission.
        (
            lambda case: (case.change(looks=[]), case.say(1, "failed", (1, 4), 26.3), case.again()),
            "by the same task for no reason: 1 ((1, 4))",
        ),
        (
            lambda case: (case.change(looks=[]), case.say(1, "failed", (1, 4), 99.1), case.again()),
            "by the same task for no reason: 1 ((1, 4))",
        ),
        (
            lambda case: case.change(faults=[]),
            "by another task without a fault: 2 ((0, 2), (0, 3))",
        ),
        (lambda case: case.acked_early(), "acked long ago, never committed: 1 ((0, 2): 5.5 s"),
        (lambda case: case.began_late(), "begun after: worker: none"),
        (lambda case: case.was_idle(), "worker: nothing was open when it began"),
    ],
)
def test_what_is_wrong_is_found(damage: Damage, expected: str, case: Case) -> None:
    damage(case)
    assert expected in case.trouble()


def test_what_could_happen_is_allowed(case: Case) -> None:
    case.stop({0: 2, 1: 3})
    case.change(kept=(1, 3))
    # Processed a second time after it was committed, as a bolt let go of it late.
    case.store((1, 3), 7, t=50.0)
    # p0/1 was acked late, so that p0/2, acked long before, could not be committed.
    case.acked_early()
    case.hear_late((0, 1), 18.9)
    case.change(looks=[case.look(14.0, {0: 1, 1: 3}), case.look(28.0, {0: 5, 1: 5})])
    # A task loses a partition, and gets it back, with what it had acked and not committed.
    case.change(faults=[*case.evidence.faults, case.fault("broker", 28.2, 29.0)])
    case.say(1, "emitted", (0, 5), 28.3)
    case.say(1, "acked", (0, 5), 28.4)
    case.say(1, "emitted", (0, 5), 28.9)
    case.say(1, "acked", (0, 5), 40.0)
    case.store((0, 5), 8)
    # A retry of the producer's: the number is there twice, as another message.
    case.change(log=case.log | {(0, 5): 8}, ends={0: 6, 1: 5}, committed={0: 6, 1: 5})
    assert case.trouble() == ""
