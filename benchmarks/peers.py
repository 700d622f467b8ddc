"""Our client and kafka-python behind one shape, for benchmarks that pair them."""

from __future__ import annotations

import argparse
import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import kafka

#: kafka-python cannot find out by itself what a broker of 0.8.2 speaks.
TOLD_VERSION = (0, 8, 2)
RELEASE = "0.8.2.2"


class Timing(NamedTuple):
    """What one way of doing the same took, in ns per message, a number a round."""

    name: str
    rounds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that all of these benchmarks have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--messages", type=int, default=300_000, help="per round")
    parser.add_argument("--size", type=int, default=100, help="bytes of a value")
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="of each, interleaved")
    parser.add_argument("--at-least", type=float, help="exit with 1 below this ratio")
    parser.add_argument("--hosts", help=f"a running broker; without, {RELEASE} is started")
    return parser


@contextlib.contextmanager
def broker(hosts: str | None, partitions: int) -> Iterator[str]:
    """The address of a broker."""
    if hosts:
        yield hosts
        return
    from pykafka.embedded import EmbeddedKafka

    print(f"starting Kafka {RELEASE} ...", flush=True)
    with EmbeddedKafka(RELEASE, config={"num.partitions": partitions}) as kafka_:
        yield kafka_.bootstrap


def interleave(
    rounds: int, messages: int, ways: dict[str, Callable[[], None]]
) -> dict[str, Timing]:
    """Run each way once a round, in turn, so that a slow moment of the machine hits all."""
    timings = {name: Timing(name, []) for name in ways}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            gc.collect()
            start = time.perf_counter()
            way()
            took = (time.perf_counter() - start) / messages * 1e9
            timings[name].rounds.append(took)
            print(f"  round {number}: {name:45} {took:9.0f} ns/msg", flush=True)
    return timings


def report(timings: dict[str, Timing], ours: str, at_least: float | None) -> int:
    """Print a table of medians and ratios; the exit status."""
    print(f"\n{'':45} {'ns/msg':>9} {'msg/s':>11} {'ratio':>7}")
    mine = timings[ours].median
    peers = [timing for name, timing in timings.items() if name != ours]
    for timing in timings.values():
        ratio = timing.median / mine
        print(f"{timing.name:45} {timing.median:9.0f} {1e9 / timing.median:11,.0f} {ratio:7.2f}")
    # Pair by pair, so that the ratio holds when the machine's speed drifts.
    pairs = [b / a for a, b in zip(timings[ours].rounds, peers[0].rounds, strict=True)]
    ratio = statistics.median(pairs)
    print(f"\n{ours} is {ratio:.2f} times as fast as {peers[0].name}", end="")
    print(f" (median of {len(pairs)} pairs, {min(pairs):.2f} to {max(pairs):.2f})")
    if at_least is not None and ratio < at_least:
        print(f"that is below {at_least}")
        return 1
    return 0


def peer_version() -> str:
    """What is compared with."""
    return f"kafka-python {kafka.__version__}"
