"""Members of a group start, stop, pause and die at random while messages are written; judge it.

Starts brokers of its own. What happens is drawn from a seed, which is printed: the same seed
draws the same, though not to the same millisecond. At the end all members go on until everything
is delivered. Prints what was done and the verdict; exits with 1 if a message was lost, a
partition was shared, a message came again without a reason, or a commit went back.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import json
import logging
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from completeness import SAFE
from groups.events import Place
from groups.feeding import Feeder
from groups.judge import Trouble, Verdict, judge, owned_once
from groups.kinds import BROKER, KINDS, ZOOKEEPER, Options
from groups.members import Member
from groups.owners import (
    CommitSampler,
    Ownership,
    ZookeeperGroup,
    broker_commits,
    broker_ownership,
    expire_session,
)
from groups.runs import GroupRun

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import WaitTimedOutError

GROUP, TOPIC = "churn", "churn"
#: Seconds for a group to settle: members that start, sessions that end, a rebalance.
SETTLED_WITHIN = 90.0
#: Seconds for everything to be delivered at the end.
DRAINED_WITHIN = 120.0
#: Seconds for a coordinator to be elsewhere.
_MOVED_WITHIN = 30.0
#: Members that always run, however the dice fall.
_AT_LEAST = 2
#: Things that are done before what was asked for is.
_BEFORE_EXTRAS = 2

#: What brokers refuse without.
_SHORT_SESSIONS = {"group.min.session.timeout.ms": 1000}

Action = Callable[[], None]


class GroupLook:
    """What the group has written down, wherever that is."""

    def __init__(self, kafka: EmbeddedKafka, kind: str, storage: str, client: KafkaClient) -> None:
        self._client = client
        self._nodes: ZookeeperGroup | None = None
        self._in_zookeeper = storage == "zookeeper"
        if kind == ZOOKEEPER:
            assert kafka.zookeeper is not None
            self._nodes = ZookeeperGroup(kafka.zookeeper, GROUP)

    def ownership(self) -> Ownership:
        if self._nodes is not None:
            return self._nodes.ownership()
        return broker_ownership(self._client, GROUP)

    def committed(self) -> dict[Place, int]:
        if self._nodes is not None and self._in_zookeeper:
            return self._nodes.committed()
        return broker_commits(self._client, GROUP, TOPIC)

    def __enter__(self) -> GroupLook:
        return self

    def __exit__(self, *_: object) -> None:
        if self._nodes is not None:
            self._nodes.__exit__(None, None, None)


class Churn:
    """What happens to the members."""

    def __init__(
        self, run: GroupRun, kafka: EmbeddedKafka, look: GroupLook, args: argparse.Namespace
    ) -> None:
        self._run = run
        self._kafka = kafka
        self._look = look
        self._args = args
        self._random = random.Random(args.seed)
        self._begin = time.monotonic()
        self._later: list[tuple[float, int, Action]] = []
        self.counts: dict[str, int] = {}

    def begin(self) -> None:
        """Start all members, and wait until each has its share."""
        for _ in range(self._args.members):
            self._start()
        for member in self._run.members:
            member.await_ready()
        self._settle()

    def churn(self) -> None:
        """Do one thing after another until the time is up."""
        until = time.monotonic() + self._args.seconds
        while time.monotonic() < until:
            name, action = self._draw()
            self.counts[name] = self.counts.get(name, 0) + 1
            action()
            self._pass(self._random.uniform(*self._args.every))

    def settle(self) -> list[str]:
        """Have all members go on, and wait until the group is settled; what is wrong then."""
        while self._later:
            heapq.heappop(self._later)[2]()
        while len(self._run.running) < self._args.members:
            self._start()
        self._settle()
        places = [(TOPIC, number) for number in range(self._args.partitions)]
        owned = self._look.ownership()
        return owned_once(owned.owners, places, owned.members)

    def _settle(self) -> None:
        """Return when the group has each partition owned once, by members that run."""
        places = [(TOPIC, number) for number in range(self._args.partitions)]

        def settled() -> bool:
            self._run.check_alive()
            owned = self._look.ownership()
            return (
                owned.stable
                and len(owned.members) == len(self._run.running)
                and not owned_once(owned.owners, places, owned.members)
            )

        with contextlib.suppress(WaitTimedOutError):
            wait_until(settled, SETTLED_WITHIN, "settled")

    def _draw(self) -> tuple[str, Action]:
        """What is done next: of what can be done now, each kind by its weight."""
        active = [member for member in self._run.running if not member.paused]
        choices: list[tuple[str, float, Action]] = []
        if len(self._run.running) < self._args.members:
            choices.append(("start", 4, self._start))
        if len(active) > _AT_LEAST:
            member = self._random.choice(active)
            session = self._args.session_ms / 1000
            short, long = self._random.uniform(0.2, 0.6), self._random.uniform(1.3, 2.0)
            choices += [
                ("stop", 1.5, lambda: self._stop(member)),
                ("kill", 1.5, lambda: self._kill(member)),
                ("short pause", 1, lambda: self._pause(member, short * session)),
                ("long pause", 1, lambda: self._pause(member, long * session)),
            ]
        extras = self._extras(active)
        choices += extras
        if not choices:
            return "nothing", lambda: None
        # What was asked for happens once at least, however short the time.
        due = [extra for extra in extras if extra[0] not in self.counts]
        if due and sum(self.counts.values()) >= _BEFORE_EXTRAS:
            choices = due
        weights = [weight for _, weight, _ in choices]
        ((name, _, action),) = self._random.choices(choices, weights)
        return name, action

    def _extras(self, active: list[Member]) -> list[tuple[str, float, Action]]:
        """What happens only if it is asked for."""
        extras: list[tuple[str, float, Action]] = []
        if self._args.expire and active:
            member = self._random.choice(active)
            extras.append(("expiry", 1, lambda: self._expire(member)))
        if self._args.kill_coordinator:
            extras.append(("coordinator killed", 0.4, self._kill_coordinator))
        if self._args.restart_zookeeper:
            extras.append(("ZooKeeper restarted", 0.4, self._restart_zookeeper))
        return extras

    def _pass(self, seconds: float) -> None:
        """Let time go by, and do what was put off until then."""
        until = time.monotonic() + seconds
        while self._later and self._later[0][0] <= until:
            due, _, action = heapq.heappop(self._later)
            time.sleep(max(0.0, due - time.monotonic()))
            action()
        time.sleep(max(0.0, until - time.monotonic()))
        self._run.check_alive()

    def _start(self) -> None:
        kinds = self._args.client
        number = len(self._run.members)
        member = self._run.start(kinds[number % len(kinds)], f"m{number}")
        self._say(f"{member.name} ({member.kind}) starts")

    def _stop(self, member: Member) -> None:
        self._say(f"{member.name} is asked to stop")
        member.stop()

    def _kill(self, member: Member) -> None:
        self._say(f"{member.name} is killed")
        member.kill()

    def _pause(self, member: Member, seconds: float) -> None:
        self._say(f"{member.name} is paused for {seconds:.1f} s")
        member.pause()
        due = time.monotonic() + seconds
        heapq.heappush(self._later, (due, len(self._run.troubles), lambda: self._resume(member)))

    def _resume(self, member: Member) -> None:
        self._say(f"{member.name} goes on")
        member.resume()

    def _expire(self, member: Member) -> None:
        told = [event for event in member.events() if event.event == "session"]
        if not told:
            self._say(f"{member.name} has not said which its session is")
            return
        assert self._kafka.zookeeper is not None
        assert told[-1].session is not None
        assert told[-1].password is not None
        self._say(f"{member.name}'s session is ended by force")
        begin = time.monotonic()
        expire_session(self._kafka.zookeeper, told[-1].session, bytes.fromhex(told[-1].password))
        self._run.trouble(Trouble(member.name, "expiry", begin, time.monotonic()))

    def _kill_coordinator(self) -> None:
        with KafkaClient(self._kafka.bootstrap) as client:
            coordinator = client.cluster.get_group_coordinator(GROUP.encode()).id
        broker = self._kafka.brokers[coordinator]
        begin = time.monotonic()
        self._say(f"broker {broker.id}, the coordinator, is killed")
        broker.kill()
        time.sleep(self._random.uniform(1.0, 5.0))
        broker.restart()
        self._kafka.await_in_sync(within=_MOVED_WITHIN * 2)
        self._say(f"broker {broker.id} is back")
        self._run.trouble(Trouble(None, "end of the coordinator", begin, time.monotonic()))

    def _restart_zookeeper(self) -> None:
        service = next(s for s in self._kafka.services if s.name == "ZooKeeper")
        begin = time.monotonic()
        self._say("ZooKeeper is killed")
        service.kill()
        time.sleep(self._random.uniform(0.5, 1.5 * self._args.session_ms / 1000))
        self._kafka.repair()
        self._say("ZooKeeper is back")
        self._run.trouble(Trouble(None, "end of ZooKeeper", begin, time.monotonic()))

    def _say(self, line: str) -> None:
        print(f"{time.monotonic() - self._begin:6.1f} s  {line}", flush=True)


def main() -> int:
    args = _arguments()
    # That ZooKeeper goes is told below.
    logging.getLogger("kazoo").setLevel(logging.ERROR)
    print(f"seed {args.seed}; starting Kafka {args.release}, {args.brokers} broker(s) ...")
    safe = SAFE if args.kill_coordinator else {}
    with (
        # For the topic with the offsets, too.
        EmbeddedKafka(args.release, args.brokers, config={**_SHORT_SESSIONS, **safe}) as kafka,
        KafkaClient(kafka.bootstrap) as client,
    ):
        kafka.create_topic(TOPIC, args.partitions, args.brokers, safe)
        with GroupLook(kafka, args.kind, args.offsets_storage, client) as look:
            verdict = run(kafka, look, args)
    print(verdict.text())
    return 0 if verdict.fine else 1


def run(kafka: EmbeddedKafka, look: GroupLook, args: argparse.Namespace) -> Verdict:
    """Churn, drain, judge."""
    with GroupRun(_options(kafka, args)) as group:
        churn = Churn(group, kafka, look, args)
        churn.begin()
        with CommitSampler(look.committed) as sampler:
            with Feeder(kafka.bootstrap, TOPIC, args.rate) as feeder:
                churn.churn()
                wrong = churn.settle()
                feeder.stop()
            print("draining ...", flush=True)
            with _told_when_late():
                group.await_delivered(feeder.ends, DRAINED_WITHIN)
            group.stop()
        done = ", ".join(f"{count} {name}" for name, count in sorted(churn.counts.items()))
        print(f"done: {done}; {len(sampler.samples)} looks at commits, {sampler.failed} failed")
        if args.keep:
            _keep(group, args.keep)
        return judge(
            group.events(),
            feeder.produced(),
            group.troubles,
            grace=args.session_ms / 1000 + _ping(args),
            samples=sampler.samples,
            ownership=wrong,
        )


@contextlib.contextmanager
def _told_when_late() -> Iterator[None]:
    """What is not delivered in time is the verdict's affair; why may be in the members' words."""
    try:
        yield
    except WaitTimedOutError as error:
        print(error)


def _keep(group: GroupRun, folder: Path) -> None:
    """Write down what a person may want to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(event._asdict()) for event in group.events()]
    lines += [json.dumps(trouble._asdict()) for trouble in group.troubles]
    (folder / "events").write_text("\n".join(lines))
    for member in group.members:
        (folder / f"{member.name}.log").write_text(member.log_tail(2000))


def _ping(args: argparse.Namespace) -> float:
    """Seconds between signs of life; of a session in ZooKeeper a third of its time-out."""
    if args.kind == ZOOKEEPER:
        return args.session_ms / 3000
    return args.heartbeat_ms / 1000


def _options(kafka: EmbeddedKafka, args: argparse.Namespace) -> Options:
    return Options(
        GROUP,
        (TOPIC,),
        bootstrap=kafka.bootstrap,
        zookeeper=kafka.zookeeper,
        assignor=args.assignor,
        commit_interval_ms=args.commit_ms,
        offsets_storage=args.offsets_storage,
        session_timeout_ms=args.session_ms,
        heartbeat_interval_ms=args.heartbeat_ms,
        rebalance_timeout_ms=max(args.session_ms, 10_000),
    )


def _arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=[ZOOKEEPER, BROKER], default=BROKER)
    parser.add_argument("--release", help="of Kafka (0.8.2.2 for ZooKeeper, 3.9.1 for a broker)")
    parser.add_argument("--members", type=int, default=8, help="at the same time, at most")
    parser.add_argument("--partitions", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=180.0, help="of churn")
    parser.add_argument("--rate", type=int, default=700, help="messages per second")
    parser.add_argument("--seed", type=int, help="random without")
    parser.add_argument(
        "--client", nargs="+", choices=KINDS, help="kinds of members, in turn (ours)"
    )
    parser.add_argument("--every", nargs=2, type=float, default=(1.0, 5.0), metavar="SECONDS")
    parser.add_argument("--assignor", default="range")
    parser.add_argument(
        "--offsets-storage", choices=["kafka", "zookeeper", "both"], default="kafka"
    )
    parser.add_argument("--session-ms", type=int, default=6000)
    parser.add_argument("--heartbeat-ms", type=int, default=500)
    parser.add_argument("--commit-ms", type=int, default=500, help="between commits")
    parser.add_argument("--expire", action="store_true", help="end sessions by force, too")
    parser.add_argument("--kill-coordinator", action="store_true", help="and restart it")
    parser.add_argument("--restart-zookeeper", action="store_true")
    parser.add_argument("--keep", type=Path, help="write events and logs into this folder")
    args = parser.parse_args()
    args.seed = random.randrange(10**6) if args.seed is None else args.seed
    args.release = args.release or ("0.8.2.2" if args.kind == ZOOKEEPER else "3.9.1")
    args.client = args.client or [f"ours-{args.kind}"]
    args.brokers = 3 if args.kill_coordinator else 1
    if any(KINDS[name].group != args.kind for name in args.client):
        parser.error(f"--client: of these only one sort is in a group of --kind {args.kind}")
    if (args.expire or args.restart_zookeeper) and args.kind != ZOOKEEPER:
        parser.error("--expire and --restart-zookeeper are for --kind zookeeper")
    return args


if __name__ == "__main__":
    sys.exit(main())
