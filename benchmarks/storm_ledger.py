"""Count words on a Storm cluster while workers die or move, and account for every tuple.

Starts a cluster of its own: 2 Nimbus, of which the one that does not lead is told of the topology,
and 2 supervisors. The topology has 2 spouts, 8 tasks that count, 2 that keep the counts, and at
first 3 workers. With --fault it happens when a quarter is acked:

    bolt-worker   a worker that holds no spout is killed with SIGKILL
    spout-worker  one that holds a spout is killed
    rebalance     the topology is spread over 5 workers

Prints what the books of all tasks say; exits with 1 if a tuple was lost or damaged, one that was in
flight when its spout died did not come again, a count is wrong (without a fault), or nothing
happened.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import storm_words
from accounts import Account
from storm_words import KINDS, TASKS, Life, WordLedger, lives, word_of

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import WaitTimedOutError
from pykafka.storm.deployment import launching
from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.nimbus import submission
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.structures import topology_structure

NONE, BOLT_WORKER, SPOUT_WORKER, REBALANCE = "none", "bolt-worker", "spout-worker", "rebalance"
WORKERS, MORE_WORKERS = 3, 5
SPOUT, COUNTING = "words", ("count", "totals")
#: Seconds for all tasks to be there, also again after the end of workers. Alone on two cores it
#: takes 10 to 20; beside two other clusters 120 were seen to be too few.
_THERE_WITHIN = 240.0
#: Seconds without another ack after which there will be none.
_SILENCE = 90.0
#: Seconds after the last ack for the counts to be written.
_WRITTEN_WITHIN = 30.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is done.

    :ivar timeout: seconds after which Storm takes a tuple for lost.
    """

    tuples: int = 1_000_000
    fault: str = NONE
    seed: int = 1
    timeout: int = 10

    def conf(self, folder: Path) -> dict[str, object]:
        """The topology's configuration."""
        disturbed = self.fault != NONE
        return {
            storm_words.FOLDER: str(folder),
            storm_words.TUPLES: self.tuples,
            storm_words.SEED: self.seed,
            storm_words.DISTURBED: disturbed,
            "topology.workers": WORKERS,
            "topology.max.spout.pending": 2000,
            # Where nothing is lost, a time-out could only make what is counted come twice.
            "topology.message.timeout.secs": self.timeout if disturbed else 300,
        }


# --- what is done ---


def main() -> int:
    plan = _arguments()
    print("starting Storm: 2 Nimbus, 2 supervisors ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="pykafka-ledger-") as folder, _cluster() as storm:
        account = run(storm, plan, Path(folder), f"ledger-{plan.fault}", _tell)
    account.print("COUNTS OR TUPLES ARE WRONG")
    return bool(account.trouble)


def run(storm: EmbeddedStorm, plan: Plan, folder: Path, name: str, tell: Tell) -> Account:
    """Submit, disturb, wait for the last ack, and read the books.

    :param folder: an empty one, for the books.
    :param tell: gets a line for each step.
    :raises WaitTimedOutError: something that must happen did not; with the errors of components.
    """
    leader = storm.await_leader()
    other = next(nimbus for nimbus in storm.nimbuses if nimbus is not leader)
    jar = folder / "ledger.jar"
    books = folder / "books"
    books.mkdir()
    source = Path(storm_words.__file__)
    build_jar(jar, None, resources={source.name: source})
    structure = topology_structure(WordLedger, launching.installed(sys.executable))
    with Nimbus(other.address) as nimbus:
        conf = plan.conf(books)
        state = submission.submit(nimbus, name, jar, structure, conf, active=False)
        tell(f"{state.id}: submitted through {other.address}; {nimbus.leader} leads")
        try:
            Course(storm, nimbus, state.id, plan, books, tell).run()
        except WaitTimedOutError as error:
            told = [f"{error}. {situation(storm, nimbus, name, books)}"]
            told += map(str, nimbus.topology_errors(name))
            told += [storm.worker_log_tail(state.id, each.port) for each in storm.workers(state.id)]
            raise WaitTimedOutError("\n".join(told)) from error
        submission.kill(nimbus, name, wait=0)
        submission.await_gone(nimbus, name, _THERE_WITHIN)
    return judge(books, plan)


def situation(storm: EmbeddedStorm, nimbus: Nimbus, name: str, books: Path) -> str:
    """What there is, for who has to find out why something has not happened."""
    state = nimbus.topology(name)
    there = ", ".join(f"{life.component}-{life.task}" for life in current(books))
    ports = [worker.port for worker in storm.workers(state.id)]
    load = os.getloadavg()[0]
    return (
        f"Topology {state.status} ({state.scheduling}); workers on ports {ports}; tasks that have "
        f"begun: {there or 'none'}; load of the machine: {load:.0f}"
    )


class Course:
    """What happens while the topology runs."""

    def __init__(
        self,
        storm: EmbeddedStorm,
        nimbus: Nimbus,
        topology: str,
        plan: Plan,
        books: Path,
        tell: Tell,
    ) -> None:
        self._storm = storm
        self._nimbus = nimbus
        self._topology = topology
        self._name = topology.rsplit("-", 2)[0]
        self._plan = plan
        self._books = books
        self._tell = tell

    def run(self) -> None:
        begin = time.monotonic()
        # While Nimbus gives a worker that takes long to start another place, the others know of
        # no tasks there, begin without it, and what they send to it is lost.
        wait_until(lambda: self._has_workers(WORKERS), _THERE_WITHIN, f"{WORKERS} workers")
        submission.activate(self._nimbus, self._name)
        wait_until(lambda: len(current(self._books)) == TASKS, _THERE_WITHIN, f"{TASKS} tasks")
        self._tell(f"all tasks are there after {time.monotonic() - begin:.1f} s")
        begin = time.monotonic()
        if self._plan.fault != NONE:
            self._await_acks(self._plan.tuples // 4)
            self._disturb()
            (self._books / storm_words.OPEN).touch()
        self._await_acks(self._plan.tuples)
        took = time.monotonic() - begin
        self._tell(f"all are acked after {took:.1f} s ({self._plan.tuples / took:,.0f}/s)")
        if self._plan.fault == NONE:
            wait_until(self._is_written, _WRITTEN_WITHIN, "all counts written")

    def _disturb(self) -> None:
        """Have it happen; returns when all that ended has begun again."""
        before = current(self._books)
        begin = time.monotonic()
        if self._plan.fault == REBALANCE:
            submission.rebalance(self._nimbus, self._name, wait=0, workers=MORE_WORKERS)
            ended = before
            self._tell(f"rebalanced: {MORE_WORKERS} workers instead of {WORKERS}")
            wait_until(
                lambda: self._has_workers(MORE_WORKERS), _THERE_WITHIN, f"{MORE_WORKERS} workers"
            )
        else:
            ended = self._kill_worker(before)
        gone = {life.path for life in ended}

        def all_again() -> bool:
            return gone.isdisjoint(life.path for life in current(self._books))

        wait_until(all_again, _THERE_WITHIN, "another life of each task that ended")
        self._tell(f"all of these tasks are there again after {time.monotonic() - begin:.1f} s")

    def _kill_worker(self, tasks: Sequence[Life]) -> list[Life]:
        """Kill a worker of the kind that is asked for; the tasks that it had."""
        wants_spout = self._plan.fault == SPOUT_WORKER
        for worker in self._storm.workers(self._topology):
            held = [life for life in tasks if life.worker == worker.pid]
            if held and wants_spout == any(life.component == SPOUT for life in held):
                self._storm.kill_worker(worker)
                names = ", ".join(f"{life.component}-{life.task}" for life in held)
                self._tell(f"killed the worker on port {worker.port}, with {names}")
                return held
        raise SystemExit(f"there is no worker to kill for {self._plan.fault}: {tasks}")

    def _is_written(self) -> bool:
        return all(
            sum(sum(counts(life).values()) for life in lives(self._books, component))
            >= self._plan.tuples
            for component in COUNTING
        )

    def _has_workers(self, count: int) -> bool:
        return len(self._storm.workers(self._topology)) == count

    def _await_acks(self, count: int) -> None:
        """Return when so many numbers are acked; each ack gives the next one its time."""
        acks, since = -1, time.monotonic()
        while True:
            found = sum(life.size("acked") for life in lives(self._books, SPOUT))
            # Looked at more closely once there may be enough: some may be there twice.
            if found >= count and len(acked_numbers(self._books)) >= count:
                return
            if found > acks:
                acks, since = found, time.monotonic()
            elif time.monotonic() - since > _SILENCE:
                raise WaitTimedOutError(f"{acks:,} of {count:,} acked, none for {_SILENCE:g} s")
            time.sleep(0.1)


# --- what the books say ---


def current(books: Path) -> list[Life]:
    """The last life of each task."""
    return list({life.task: life for life in lives(books)}.values())


def acked_numbers(books: Path) -> set[int]:
    """All that spouts know to be done."""
    return set().union(*(life.numbers("acked") for life in lives(books, SPOUT)))


def counts(life: Life) -> dict[str, int]:
    """How often each word was counted by a task, when it last said so."""
    found: dict[str, int] = life.state().get("counts", {})
    return found


def judge(books: Path, plan: Plan) -> Account:
    """Balance the books."""
    account = Account()
    everything = range(plan.tuples)
    written = {
        book: Counter(n for life in lives(books) for n in life.numbers(book))
        for book in ("emitted", "acked", "failed", "counted", "stored", "damaged", "jumped")
    }
    account.row("tuples", plan.tuples)
    for book in ("emitted", "acked", "failed", "counted", "stored"):
        account.row(f"  {book}", written[book].total())
    account.must_be_none("never emitted", set(everything) - written["emitted"].keys())
    account.must_be_none("never acked", set(everything) - written["acked"].keys())
    account.must_be_none("acked, not counted", written["acked"].keys() - written["counted"].keys())
    account.must_be_none("acked, not stored", written["acked"].keys() - written["stored"].keys())
    account.must_be_none("values that are not what was emitted", written["damaged"])
    by_task: dict[int, list[Life]] = {}
    for life in lives(books):
        by_task.setdefault(life.task, []).append(life)
    again = {task: found for task, found in by_task.items() if len(found) > 1}
    if plan.fault == NONE:
        account.must_be_none("tasks that ended", list(again))
        _judge_counts(account, books, plan, written)
    else:
        account.must_be_some("tasks that ended and began again", len(again))
        _judge_lives(account, again, plan)
    _judge_crossing(account, lives(books))
    return account


def _judge_counts(
    account: Account, books: Path, plan: Plan, written: dict[str, Counter[int]]
) -> None:
    """Without a fault each tuple is everywhere once, and each word with one task of a kind."""
    for book in ("emitted", "acked", "counted", "stored"):
        twice = [number for number, times in written[book].items() if times > 1]
        account.must_be_none(f"{book} more than once", twice)
    account.must_be_none("failed", written["failed"])
    account.must_be_none("counts that were not the next one", written["jumped"])
    expected = Counter(word_of(number, plan.seed) for number in range(plan.tuples))
    account.row("words", len(expected))
    for component in COUNTING:
        shares = [counts(life) for life in lives(books, component)]
        found = Counter[str]()
        for share in shares:
            found.update(share)
        wrong = [
            f"{word!r}: {found[word]:,}, not {expected[word]:,}"
            for word in found | expected
            if found[word] != expected[word]
        ]
        account.must_be_none(f"  wrong in {component}", wrong)
        tasks = Counter(word for share in shares for word in share)
        spread = [word for word, number in tasks.items() if number > 1]
        account.must_be_none(f"  in several tasks of {component}", spread)
        account.row(f"  tasks of {component} with words", sum(map(bool, shares)))


def _judge_lives(account: Account, again: dict[int, list[Life]], plan: Plan) -> None:
    """What was in flight when a spout ended comes again; bolts had something in hand."""
    owed: set[int] = set()
    repeated: set[int] = set()
    held: set[int] = set()
    for found in again.values():
        for index in range(1, len(found)):
            before, after = found[:index], found[index:]
            in_flight = _all(before, "emitted") - _all(before, "acked")
            owed |= in_flight
            repeated |= in_flight & _all(after, "emitted")
            held |= _all(before, "held") - _all(before, "counted")
    account.must_be_some("in hand of bolts that ended", len(held))
    spouts = [task for task, found in again.items() if found[0].component == SPOUT]
    if plan.fault == BOLT_WORKER:
        account.must_be_none("spouts that ended", spouts)
    else:
        account.must_be_some("spouts that ended", len(spouts))
        account.must_be_some("in flight when their spout ended", len(owed))
        account.must_be_none("  not emitted again", owed - repeated)


def _judge_crossing(account: Account, found: Sequence[Life]) -> None:
    """Values of every kind have come from another worker."""
    crossed = Counter[str]()
    # Where a task lived before is not known of what it sent then: only what cannot be otherwise.
    workers: dict[int, set[int]] = {}
    for life in found:
        workers.setdefault(life.task, set()).add(life.worker)
    for life in found:
        for task, kinds in life.state().get("sources", {}).items():
            if life.worker not in workers[int(task)]:
                crossed.update(kinds)
    account.row("values from another worker, at least", crossed.total())
    account.must_be_none("  kinds that never were", [kind for kind in KINDS if not crossed[kind]])


def _all(found: Sequence[Life], book: str) -> set[int]:
    return set().union(*(life.numbers(book) for life in found))


# --- the command ---


def _cluster() -> EmbeddedStorm:
    return EmbeddedStorm(nimbuses=2, supervisors=2, slots=3)


def _tell(line: str) -> None:
    print(f"  {line}", flush=True)


def _arguments() -> Plan:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tuples", type=int, default=Plan.tuples)
    kinds = [NONE, BOLT_WORKER, SPOUT_WORKER, REBALANCE]
    parser.add_argument("--fault", choices=kinds, default=NONE)
    parser.add_argument("--seed", type=int, default=Plan.seed, help="draws words")
    parser.add_argument(
        "--timeout",
        type=int,
        default=Plan.timeout,
        help="seconds after which Storm takes a tuple for lost, with a fault",
    )
    args = parser.parse_args()
    if args.tuples < 10 * storm_words.HELD:
        parser.error(f"--tuples: at least {10 * storm_words.HELD:,}")
    return Plan(args.tuples, args.fault, args.seed, args.timeout)


if __name__ == "__main__":
    sys.exit(main())
