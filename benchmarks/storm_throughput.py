"""Tuples a second through a spout and a bolt on a real Storm, beside pystorm's.

One worker, one spout task, one bolt task, one acker, 20,000 tuples under way at most. Both sides
run the same source but for its import lines: one emit for each ``next_tuple``, every tuple acked.
They take turns on one cluster, each time in a new worker, and are measured once its JVM is warm.
pystorm is installed from PyPI into an environment of its own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from environments import install

from pykafka.embedded import EmbeddedStorm
from pykafka.storm import Grouping, ShellBolt, ShellSpout, Topology
from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.structures import topology_structure
from pykafka.storm.nimbus.submission import await_gone, kill, submit

OURS, PEER = "pykafka.storm", "pystorm"
PEER_VERSION = "3.1.4"
#: Seconds for a topology to start, and to be gone.
_WITHIN = 90.0
_SOURCE = """\
import time
from {package}.bolt import Bolt
from {package}.spout import Spout


class Source(Spout):
    def initialize(self, conf, context):
        self.number = self.acked_tuples = 0
        self.text = "x" * conf["benchmark.size"]
        self.file = open(conf["benchmark.file"], "a", buffering=1)

    def next_tuple(self):
        self.emit([self.number, self.text], tup_id=self.number)
        self.number += 1

    def ack(self, tup_id):
        self.acked_tuples += 1
        if self.acked_tuples % 1000 == 0:
            self.file.write("%r %d\\n" % (time.time(), self.acked_tuples))

    def fail(self, tup_id):
        self.file.write("failed\\n")


class Sink(Bolt):
    def process(self, tup):
        pass
"""


def main() -> int:
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="pykafka-benchmark-") as name:
        folder = Path(name)
        peer = args.peer_python or install(folder / "peer", [f"{PEER}=={PEER_VERSION}"])
        pythons = {OURS: sys.executable, PEER: peer}
        print(f"starting Storm, for {args.rounds} rounds of {2 * args.seconds:g} s ...", flush=True)
        with (
            EmbeddedStorm(slots=1, data_dir=folder / "storm") as storm,
            Nimbus(storm.nimbus_addresses) as nimbus,
        ):
            rates: dict[str, list[float]] = {OURS: [], PEER: []}
            for number in range(1, args.rounds + 1):
                for package in (PEER, OURS):
                    rate = _measure(nimbus, package, pythons[package], folder, args)
                    rates[package].append(rate)
                    print(f"  round {number}: {package:14} {rate:9,.0f} tuples/s", flush=True)
    return report(rates, args.at_least)


def report(rates: dict[str, list[float]], at_least: float | None) -> int:
    """Print a table and the ratio; the exit status."""
    print(f"\n{'tuples/s':14} {'min':>9} {'median':>9} {'max':>9}")
    for package, found in rates.items():
        least, median, most = min(found), statistics.median(found), max(found)
        print(f"{package:14} {least:9,.0f} {median:9,.0f} {most:9,.0f}")
    ratio = statistics.median(rates[OURS]) / statistics.median(rates[PEER])
    print(f"\n{OURS} is {ratio:.2f} times as fast as {PEER} {PEER_VERSION} (medians)")
    if at_least is None or ratio >= at_least:
        return 0
    print(f"that is below {at_least}")
    return 1


def _measure(
    nimbus: Nimbus, package: str, python: str, folder: Path, args: argparse.Namespace
) -> float:
    """Acked tuples a second in the second half of a run."""
    name = f"benchmark-{package.replace('.', '-')}"
    marks = folder / f"{name}.marks"
    marks.write_text("")
    jar = folder / f"{name}.jar"
    build_jar(jar, None, resources={"components.py": _SOURCE.format(package=package).encode()})
    conf = {
        "topology.workers": 1,
        "topology.acker.executors": 1,
        "topology.max.spout.pending": 20_000,
        "topology.message.timeout.secs": 120,
        "topology.worker.childopts": "-Xmx1g",
        "benchmark.size": args.size,
        "benchmark.file": str(marks),
    }
    submit(nimbus, name, jar, topology_structure(_topology(python)), conf)
    begun = _await_marks(marks, 0.0, _WITHIN)
    _await_marks(marks, begun + 2 * args.seconds, _WITHIN + 2 * args.seconds)
    kill(nimbus, name, 0)
    await_gone(nimbus, name, _WITHIN)
    found = _read(marks)
    half = next(mark for mark in found if mark[0] >= begun + args.seconds)
    end = next(mark for mark in found if mark[0] >= begun + 2 * args.seconds)
    return (end[1] - half[1]) / (end[0] - half[0])


def _topology(python: str) -> type[Topology]:
    class Throughput(Topology):
        source = ShellSpout.spec(
            command=python,
            script="-cimport components; components.Source().run()",
            outputs=["number", "text"],
        )
        sink = ShellBolt.spec(
            command=python,
            script="-cimport components; components.Sink().run()",
            inputs={source: Grouping.SHUFFLE},
        )

    return Throughput


def _await_marks(path: Path, at: float, within: float) -> float:
    """Wait until the spout has told of acks at that time or later; the time of the first."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = _read(path)
        if found and found[-1][0] >= at:
            return found[0][0]
        time.sleep(0.2)
    raise SystemExit(f"{path.stem}: no acks for {within:g} s")


def _read(path: Path) -> list[tuple[float, int]]:
    """The spout's marks: when it had seen how many acks."""
    *lines, _ = path.read_text().split("\n")
    if "failed" in lines:
        raise SystemExit(f"{path.stem}: tuples failed")
    return [(float(line.split()[0]), int(line.split()[1])) for line in lines]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="of both, in turn (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=15, help="to warm up, and to measure (%(default)s)"
    )
    parser.add_argument("--size", type=int, default=100, help="characters of text (%(default)s)")
    parser.add_argument("--peer-python", help="a Python that has pystorm; else it is installed")
    parser.add_argument("--at-least", type=float, help="fail below this ratio")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
