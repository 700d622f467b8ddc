"""How long the partitions of a member that ends in order go without anybody who reads them.

One broker of its own, one topic that is fed steadily, one group for each client. In each round,
for each client in turn, a third member joins its group and is stopped; measured is the time from
the call of its client's end until each of its partitions has delivered a message at another
member. All clients are told the same session time-out and heartbeat interval.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from groups.feeding import Feeder
from groups.kinds import BROKER, KINDS, Options
from groups.owners import broker_ownership
from groups.runs import GroupRun

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

TOPIC = "takeover"
OURS = "ours-broker"
CLIENTS = [OURS, "kafka-python", "confluent-kafka"]
#: Members that stay.
_STAYING = 2
#: Seconds for a group to settle, and for partitions to be taken over.
_WITHIN = 60.0


class Contest:
    """One client: a group of members that stay, and one that comes and goes."""

    def __init__(
        self,
        kind: str,
        run: GroupRun,
        partitions: int,
        stable: Callable[[], bool],
    ) -> None:
        self.kind = kind
        #: Seconds, one for each stop.
        self.took: list[float] = []
        self._run = run
        self._places = [(TOPIC, number) for number in range(partitions)]
        self._stable = stable

    def begin(self) -> None:
        """Start those that stay."""
        for _ in range(_STAYING):
            self._run.start(self.kind)
        self._settle()

    def stop_one(self, phase: float) -> float:
        """Have one come and go; the seconds until its partitions are read again.

        :param phase: seconds that pass before, since a group that has just settled has all of
            its heartbeats before it.
        """
        leaving = self._run.start(self.kind)
        self._settle()
        time.sleep(phase)
        leaving.stop()
        (begin,) = [event.t for event in leaving.events() if event.event == "stopping"]
        held = leaving.holds(begin)
        assert held, f"{leaving.name} held nothing"
        first: dict[tuple[str, int], float] = {}

        def taken_over() -> bool:
            for member in self._run.running:
                for event in reversed(member.events()):
                    if event.t < begin:
                        break
                    if event.event == "delivered" and event.place in held:
                        first[event.place] = min(event.t, first.get(event.place, event.t))
            return first.keys() == held

        self._run.wait(taken_over, _WITHIN, f"the partitions of {leaving.name} read again")
        self.took.append(max(first.values()) - begin)
        return self.took[-1]

    def _settle(self) -> None:
        self._run.await_held(self._places, _WITHIN)
        self._run.wait(self._stable, _WITHIN, "the group stable")


def main() -> int:
    args = _arguments()
    print(f"starting Kafka {args.release} ...", flush=True)
    config = {"group.min.session.timeout.ms": 1000}
    with (
        EmbeddedKafka(args.release, config=config) as kafka,
        KafkaClient(kafka.bootstrap) as client,
        contextlib.ExitStack() as ends,
    ):
        kafka.create_topic(TOPIC, args.partitions)
        ends.enter_context(Feeder(kafka.bootstrap, TOPIC, args.rate))
        contests = []
        for kind in args.clients:
            options = _options(kind, kafka.bootstrap, args)
            run = ends.enter_context(GroupRun(options))
            contests.append(Contest(kind, run, args.partitions, _stability(client, options.group)))
            contests[-1].begin()
        for number, phase in enumerate(_phases(args), 1):
            for contest in contests:
                took = contest.stop_one(phase)
                print(f"  stop {number:2}: {contest.kind:16} {took * 1000:7.0f} ms", flush=True)
    return report(contests, args.at_most)


def report(contests: list[Contest], at_most: float | None) -> int:
    """Print a table; the exit status."""
    print(f"\n{'ms':16} {'min':>7} {'median':>7} {'max':>7}")
    for contest in contests:
        least, median, most = (1000 * pick(contest.took) for pick in (min, statistics.median, max))
        print(f"{contest.kind:16} {least:7.0f} {median:7.0f} {most:7.0f}")
    medians = {contest.kind: statistics.median(contest.took) for contest in contests}
    ours = medians.pop(OURS, None)
    if ours is None or not medians:
        return 0
    best = min(medians, key=lambda kind: medians[kind])
    ratio = ours / medians[best]
    print(f"\n{OURS} takes {ratio:.2f} times as long as the best, {best} (medians)")
    if at_most is None or ratio <= at_most:
        return 0
    print(f"that is above {at_most}")
    return 1


def _phases(args: argparse.Namespace) -> list[float]:
    """When to stop a member, in seconds after its group has settled: evenly spread over the time
    between two heartbeats, since that is what decides how soon the others hear of it."""
    if args.at_once:
        return [0.0] * args.stops
    phases = [
        (number + 0.5) / args.stops * args.heartbeat_ms / 1000 for number in range(args.stops)
    ]
    random.Random(args.seed).shuffle(phases)
    return phases


def _stability(client: KafkaClient, group: str) -> Callable[[], bool]:
    def stable() -> bool:
        return broker_ownership(client, group).stable

    return stable


def _options(kind: str, bootstrap: str, args: argparse.Namespace) -> Options:
    return Options(
        f"takeover-{kind}",
        (TOPIC,),
        bootstrap=bootstrap,
        assignor=args.assignor,
        session_timeout_ms=args.session_ms,
        heartbeat_interval_ms=args.heartbeat_ms,
    )


def _arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--release", default="3.9.1", help="of Kafka (%(default)s)")
    parser.add_argument("--stops", type=int, default=20, help="of each client (%(default)s)")
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--rate", type=int, default=600, help="messages per second")
    parser.add_argument(
        "--clients",
        nargs="+",
        default=CLIENTS,
        choices=[name for name, kind in KINDS.items() if kind.group == BROKER],
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order of moments to stop at")
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="stop a member as soon as its group has settled, when all heartbeats are still to"
        " come, not at moments that are spread over the time between two of them",
    )
    parser.add_argument("--assignor", default="range")
    parser.add_argument("--session-ms", type=int, default=6000)
    parser.add_argument("--heartbeat-ms", type=int, default=500)
    parser.add_argument(
        "--at-most", type=float, help="exit with 1 if ours takes more times as long as the best"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
