"""Read numbered messages with KafkaSpout while things go wrong, and account for every one of them.

Starts a cluster of Storm and one of Kafka. 4 tasks of the spout share the partitions of a topic as
a consumer group, bolts check and store what they emit; each of them keeps a book of what it does.
Messages are produced meanwhile. One after another, each when the last one is over:

    worker       a worker with a spout is killed with SIGKILL, and all its components
    spout-child  the process of one task of the spout is killed
    late         a bolt keeps one tuple back until long after its time-out
    broker       a broker is killed; it comes back when others lead its partitions
    zookeeper    Kafka's ZooKeeper is killed, and comes back some seconds later
    rebalance    the topology is spread over one worker more, with fewer executors of a bolt
    resubmit     the topology is killed, and when it is gone submitted again

and all the time, with "fail", bolts fail 2 % of the tuples. At the end everything is committed.
Then kafka-python reads what is in the log and what the group has committed, and the books are
judged: every message was processed, the offsets are the log's end, and each that came again
had failed, timed out, or was in flight or acked since the last commit at a fault.

Prints a table; exits with 1 if anything is not so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import spout_judge
import spout_parts
from accounts import Account
from completeness import SAFE
from kafka.errors import KafkaError
from log_reader import Looker, Watcher
from spout_feed import Feed
from spout_judge import Done, Evidence, Fault, Look, Place, Reading, Said
from spout_parts import FIRST, LAST, SPOUT, Life, lives
from spout_plan import (
    BROKER,
    CAUGHT_UP_WITHIN,
    CHILD,
    FAIL,
    LATE,
    REBALANCE,
    RESUBMIT,
    THERE_WITHIN,
    USUAL,
    WORKER,
    ZOOKEEPER,
    Plan,
)
from spout_running import Running

from pykafka.embedded import EmbeddedKafka, EmbeddedStorm
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import WaitTimedOutError
from pykafka.storm.nimbus.client import Nimbus

#: Seconds that a busy machine may need to commit what could not be while a broker was away.
_COMMITTED_WITHIN = 30.0
_ELECTED_WITHIN = 60.0
#: Seconds for which a topology that is killed goes on taking acks.
_LAST_ACKS_S = 2
#: Seconds for which ZooKeeper is away: shorter and longer than some sessions.
_AWAY_S = (2.0, 8.0)
#: Whoever takes long to start again is not to begin anew elsewhere.
_PATIENT = {"nimbus.task.timeout.secs": 120, "supervisor.worker.start.timeout.secs": 240}

Tell = Callable[[str], None]


class Course:
    """What happens while the topology runs.

    :ivar faults: what was done so far.
    """

    def __init__(
        self,
        kafka: EmbeddedKafka,
        running: Running,
        plan: Plan,
        looker: Looker,
        watcher: Watcher,
        tell: Tell,
    ) -> None:
        self.faults: list[Fault] = []
        self._kafka = kafka
        self._running = running
        self._plan = plan
        self._looker = looker
        self._watcher = watcher
        self._chance = random.Random(plan.seed)
        self._begin = time.monotonic()
        self._tell = tell
        self._acts: dict[str, Callable[[], Fault]] = {
            WORKER: self._worker,
            CHILD: self._child,
            LATE: self._late,
            BROKER: self._broker,
            ZOOKEEPER: self._zookeeper,
            REBALANCE: self._rebalance,
            RESUBMIT: self._resubmit,
        }

    def run(self) -> None:
        """Begin, do one thing after another, and wait until everything is committed."""
        plan, acts = self._plan, self._plan.acts
        self._running.submit(self._conf())
        self._say("all tasks are there")
        # Of each share a part flows before something happens, and the rest meanwhile.
        share = plan.messages // (len(acts) + 1)
        first = share // 2
        with Feed(self._kafka, self._running.name, plan, first) as feed:
            feed.await_produced(first)
            self._caught_up()
            self.faults.append(Fault("start", self._begin, time.monotonic()))
            self._say("what was produced meanwhile is committed")
            for number, act in enumerate(acts):
                # Without this the next act might hit a task that has no partitions yet.
                self._running.await_reading()
                begin = max(feed.produced, first + share * number)
                feed.limit = begin + share
                feed.await_produced(begin + share // 3)
                fault = self._acts[act]()
                self._caught_up()
                self.faults.append(fault._replace(end=time.monotonic()))
                self._say(f"{act}: what was in the log then is committed")
            feed.finish()
        self._say(f"all {plan.messages:,} messages are produced")
        self._caught_up()
        self._say("and committed")

    def _conf(self) -> dict[str, object]:
        running = self._running
        return self._plan.conf(self._kafka, running.name, running.books)

    def _caught_up(self) -> None:
        """Return when everything that is in the log now is committed."""
        ends: dict[int, int] = {}

        def read() -> bool:
            with contextlib.suppress(KafkaError):
                ends.update(self._looker.ends())
            return len(ends) == self._plan.partitions

        def committed() -> bool:
            found = self._watcher.committed
            return all(found.get(p, 0) >= end for p, end in ends.items())

        wait_until(read, _ELECTED_WITHIN, "the ends of the log")
        try:
            wait_until(committed, CAUGHT_UP_WITHIN, "all of the log committed")
        except WaitTimedOutError as error:
            found = self._watcher.committed
            missing = {p: f"{found.get(p)} of {e}" for p, e in ends.items() if found.get(p, 0) < e}
            raise WaitTimedOutError(f"{error}; committed: {missing}") from error

    def _worker(self) -> Fault:
        begin = time.monotonic()
        ended = self._running.kill_worker(self._chance)
        self._say(f"a worker is killed, with {_names(ended)}")
        self._running.await_again(ended)
        return Fault(WORKER, begin, begin, restarts=True)

    def _child(self) -> Fault:
        begin = time.monotonic()
        ended = self._running.kill_child(self._chance)
        self._say(f"{_names(ended)} is killed")
        self._running.await_again(ended)
        return Fault(CHILD, begin, begin, restarts=True)

    def _late(self) -> Fault:
        begin, books = time.monotonic(), self._running.books
        (books / spout_parts.KEEP).touch()
        released = books / spout_parts.RELEASED
        wait_until(released.exists, THERE_WITHIN, "a tuple kept back and let go")
        self._say(f"{(books / spout_parts.KEPT).read_text()} was kept back and is let go")
        return Fault(LATE, begin, begin)

    def _broker(self) -> Fault:
        broker = self._chance.choice(self._kafka.brokers)
        begin = time.monotonic()
        broker.kill()
        self._say(f"broker {broker.id} is killed")

        def others_lead() -> bool:
            found = self._kafka.placements(self._running.name).values()
            return all(each.leader not in {None, broker.id} for each in found)

        wait_until(others_lead, _ELECTED_WITHIN, "others as leaders")
        broker.restart()
        self._kafka.await_in_sync()
        self._say(f"broker {broker.id} is back, and in sync")
        return Fault(BROKER, begin, begin, committed_within_s=_COMMITTED_WITHIN)

    def _zookeeper(self) -> Fault:
        begin, away = time.monotonic(), self._chance.uniform(*_AWAY_S)
        service = next(each for each in self._kafka.services if each.name == "ZooKeeper")
        service.kill()
        self._say(f"ZooKeeper is killed, for {away:.1f} s")
        time.sleep(away)
        self._kafka.repair()
        self._kafka.await_in_sync()
        self._say("ZooKeeper is back, and all replicas are in sync")
        return Fault(ZOOKEEPER, begin, begin, committed_within_s=_COMMITTED_WITHIN)

    def _rebalance(self) -> Fault:
        begin, ended = time.monotonic(), self._running.current()
        self._running.rebalance()
        self._say(f"the topology is to have {self._running.workers} workers")
        self._running.await_again(ended)
        self._running.await_workers()
        return Fault(REBALANCE, begin, begin, restarts=True)

    def _resubmit(self) -> Fault:
        begin = time.monotonic()
        self._running.kill(_LAST_ACKS_S)
        stopped = self._looker.committed()
        self._say(f"the topology is gone; {sum(stopped.offsets.values()):,} are committed")
        self._running.submit(self._conf())
        return Fault(RESUBMIT, begin, begin, restarts=True, stopped=stopped)

    def _say(self, line: str) -> None:
        self._tell(f"{time.monotonic() - self._begin:6.1f} s  {line}")


def _names(found: Iterable[Life]) -> str:
    return ", ".join(f"{life.component}-{life.task}" for life in found)


def run(
    storm: EmbeddedStorm, kafka: EmbeddedKafka, plan: Plan, folder: Path, name: str, tell: Tell
) -> Account:
    """Produce, submit, disturb, wait until all is committed, and judge.

    :param folder: an empty one, for the books.
    :param name: of the topic, the group and the topology.
    :param tell: gets a line for each step.
    :returns: what came of it; also if something did not happen that must, which is then the first
        trouble, with the errors of components.
    """
    replicas = min(3, len(kafka.brokers))
    kafka.create_topic(name, plan.partitions, replicas, SAFE if replicas == 3 else None)
    where = (kafka, name, name, plan.partitions)
    missing: list[str] = []
    with (
        Nimbus(storm.nimbus_addresses) as nimbus,
        Looker(*where) as looker,
        Looker(*where) as watching,
    ):
        running = Running(storm, nimbus, name, plan, folder)
        with Watcher(watching) as watcher:
            course = Course(kafka, running, plan, looker, watcher, tell)
            try:
                course.run()
                for text in running.shown():
                    tell(f"shown with the topology: {text}")
            except WaitTimedOutError as error:
                missing = [f"{error}\n{running.situation()}"]
            running.kill(wait=0)
        facts = {"looks": watcher.looks, "faults": course.faults}
        (folder / "facts.json").write_text(json.dumps(facts))
        evidence = collect(running.books, plan, looker, watcher.looks, course.faults)
    if missing:
        # How many messages were produced then, only the log tells.
        evidence.produced = max(evidence.log.values(), default=-1) + 1
    account = spout_judge.judge(evidence)
    account.trouble[:0] = missing
    return account


def collect(
    books: Path, plan: Plan, looker: Looker, looks: Sequence[Look], faults: Sequence[Fault]
) -> Evidence:
    """All that is known in the end."""
    kept = books / spout_parts.KEPT
    kept_id = kept.read_text() if kept.exists() else ""
    return Evidence(
        produced=plan.messages,
        log=looker.read(),
        ends=looker.ends(),
        committed=looker.committed().offsets,
        readings=[_reading(life) for life in lives(books, SPOUT)],
        checked=[done for life in lives(books, FIRST) for done in _done(life)],
        stored=[done for life in lives(books, LAST) for done in _done(life)],
        looks=looks,
        faults=faults,
        failing=FAIL in plan.faults,
        kept=_place(kept_id) if kept_id else None,
    )


def _reading(life: Life) -> Reading:
    said = [Said(sys.intern(what), _place(id_), float(t)) for what, id_, t in life.lines()]
    return Reading(life.born, said)


def _done(life: Life) -> Iterable[Done]:
    for what, id_, number, t in life.lines():
        yield Done(sys.intern(what), _place(id_), int(number), float(t))


def _place(id_: str) -> Place:
    _, partition, offset = id_.rsplit("/", 2)
    return int(partition), int(offset)


# --- the command ---


def main() -> int:
    args, plan = _arguments()
    # What the brokers made the producer do again, and that ZooKeeper goes, is told below.
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    started = f"Kafka {args.release}, {args.brokers} broker(s), and Storm"
    print(f"seed {plan.seed}; starting {started} ...", flush=True)
    # For the topic with the offsets, too.
    config = SAFE if args.brokers >= 3 else {}
    with (
        tempfile.TemporaryDirectory(prefix="pykafka-ledger-") as folder,
        EmbeddedKafka(args.release, args.brokers, config=config) as kafka,
        EmbeddedStorm(supervisors=2, slots=3, config=_PATIENT) as storm,
    ):
        books = args.keep or Path(folder)
        books.mkdir(exist_ok=True)
        account = run(storm, kafka, plan, books, "spout-ledger", _tell)
    account.print("MESSAGES ARE LOST, OR CAME AGAIN WITHOUT A REASON")
    return bool(account.trouble)


def _tell(line: str) -> None:
    print(f"  {line}", flush=True)


def _arguments() -> tuple[argparse.Namespace, Plan]:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--release", default="3.9.1", help="of Kafka; before 4.0 (3.9.1)")
    parser.add_argument("--brokers", type=int, default=3)
    parser.add_argument("--messages", type=int, default=Plan.messages)
    parser.add_argument("--partitions", type=int, default=Plan.partitions)
    parser.add_argument("--workers", type=int, default=Plan.workers)
    parser.add_argument("--rate", type=int, default=Plan.rate, help="messages per second")
    parser.add_argument(
        "--faults", nargs="*", default=USUAL, choices=[*USUAL, RESUBMIT], help="in this order"
    )
    parser.add_argument("--seed", type=int, help="draws who is hit; random without")
    parser.add_argument(
        "--timeout",
        type=int,
        default=Plan.timeout,
        help="seconds after which Storm takes a tuple for lost",
    )
    parser.add_argument("--keep", type=Path, help="leave the books in this folder, a new one")
    args = parser.parse_args()
    if BROKER in args.faults and args.brokers < 3:
        parser.error("broker: needs --brokers 3, with fewer nobody may take over")
    plan = Plan(
        messages=args.messages,
        partitions=args.partitions,
        workers=args.workers,
        faults=args.faults,
        seed=random.randrange(10**6) if args.seed is None else args.seed,
        rate=args.rate,
        timeout=args.timeout,
    )
    return args, plan


if __name__ == "__main__":
    sys.exit(main())
