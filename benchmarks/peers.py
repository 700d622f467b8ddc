"""Our client and others behind one shape, for benchmarks that pair them."""

from __future__ import annotations

import argparse
import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import kafka

from pykafka.embedded.releases import KafkaRelease, find_release

RELEASE = "0.8.2.2"


class Timing(NamedTuple):
    """What one way of doing the same took, in ns per message, a number a round.

    :ivar cpu: of that the time in which this process computed, which says more than the clock
        where others keep the machine busy.
    """

    name: str
    rounds: list[float]
    cpu: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def arguments(description: str, peer: str = "kafka-python") -> argparse.ArgumentParser:
    """The options that all of these benchmarks have.

    :param peer: what ``--at-least`` is about.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--messages", type=int, default=300_000, help="per round")
    parser.add_argument("--size", type=int, default=100, help="bytes of a value")
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="of each, interleaved")
    parser.add_argument("--at-least", type=float, help=f"exit with 1 below this ratio to {peer}")
    parser.add_argument("--hosts", help="a running broker; without, one is started")
    parser.add_argument(
        "--release",
        type=find_release,
        default=find_release(RELEASE),
        help=f"of Kafka, to be started or that of --hosts ({RELEASE})",
    )
    return parser


@contextlib.contextmanager
def broker(args: argparse.Namespace) -> Iterator[str]:
    """The address of a broker."""
    if args.hosts:
        yield args.hosts
        return
    from pykafka.embedded import EmbeddedKafka

    release = args.release.version
    print(f"starting Kafka {release} ...", flush=True)
    with EmbeddedKafka(release, config={"num.partitions": args.partitions}) as kafka_:
        yield kafka_.bootstrap


def told_version(release: KafkaRelease) -> dict[str, Any]:
    """kafka-python cannot find out by itself what a broker of 0.8 or 0.9 speaks."""
    return {"api_version": release.number[:3]} if release.number < (0, 10) else {}


def interleave(
    rounds: int, messages: int, ways: dict[str, Callable[[], None]]
) -> dict[str, Timing]:
    """Run each way once a round, in turn, so that a slow moment of the machine hits all."""
    timings = {name: Timing(name, [], []) for name in ways}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            gc.collect()
            start, cpu_start = time.perf_counter(), time.process_time()
            way()
            took = (time.perf_counter() - start) / messages * 1e9
            cpu = (time.process_time() - cpu_start) / messages * 1e9
            timings[name].rounds.append(took)
            timings[name].cpu.append(cpu)
            print(f"  round {number}: {name:45} {took:9.0f} ns/msg, {cpu:7.0f} of CPU", flush=True)
    return timings


def report(timings: dict[str, Timing], wanted: dict[str, float | None]) -> int:
    """Print a table of medians, and ratios to the first; the exit status.

    :param wanted: by the name of a peer, how many times as fast the first must be.
    """
    ours, *peers = timings.values()
    print(f"\n{'':45} {'ns/msg':>9} {'msg/s':>11} {'ratio':>7} {'CPU':>9} {'ratio':>7}")
    for timing in timings.values():
        ratio = timing.median / ours.median
        cpu = statistics.median(timing.cpu)
        print(
            f"{timing.name:45} {timing.median:9.0f} {1e9 / timing.median:11,.0f} {ratio:7.2f}"
            f" {cpu:9.0f} {cpu / statistics.median(ours.cpu):7.2f}"
        )
    too_slow = [_too_slow(ours, peer, wanted.get(peer.name)) for peer in peers]
    return int(any(too_slow))


def _too_slow(ours: Timing, peer: Timing, at_least: float | None) -> bool:
    # Pair by pair, so that the ratio holds when the machine's speed drifts.
    pairs = [b / a for a, b in zip(ours.rounds, peer.rounds, strict=True)]
    ratio = statistics.median(pairs)
    print(f"\n{ours.name} is {ratio:.2f} times as fast as {peer.name}", end="")
    print(f" (median of {len(pairs)} pairs, {min(pairs):.2f} to {max(pairs):.2f})")
    if at_least is None or ratio >= at_least:
        return False
    print(f"that is below {at_least}")
    return True


def peer_version() -> str:
    """What is compared with."""
    return f"kafka-python {kafka.__version__}"
