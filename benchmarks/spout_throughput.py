"""Messages a second from Kafka through a spout to a bolt on a real Storm, beside two other spouts.

One partition, one worker, one spout task, one acking bolt (of pykafka.storm, for every spout), one
acker, the same fields, decoder and bound on what is in flight. The spouts take turns on one
cluster, each time in a new worker and from the first message on; each is measured at the bolt once
the worker is warm:

    pykafka   KafkaSpout, with its defaults
    pystorm   a spout of pystorm's that polls kafka-python and emits one tuple for each
              ``next_tuple``; it commits nothing. Both are installed from PyPI into an environment
              of their own
    java      storm-kafka-client's KafkaSpout, with its defaults, described in Flux YAML and
              submitted by Flux itself; from Maven Central

Prints messages a second, and the CPU time per message of each process, which says more than the
clock where others keep the machine busy.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from environments import install
from spout_components import EACH, FIELDS, MARKS, SIZE, TOPIC, Lines, Sink

import pykafka
from pykafka.embedded import EmbeddedKafka, EmbeddedStorm
from pykafka.embedded.artifacts import class_path, single_jar
from pykafka.embedded.java import find_java
from pykafka.storm import Grouping, ShellSpout, Topology
from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.flux import flux_dict
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.structures import topology_structure
from pykafka.storm.nimbus.submission import await_gone, kill, submit
from pykafka.storm.topology.launcher import Launcher

KAFKA, STORM = "3.9.1", "2.8.3"
OURS, PYSTORM, JAVA = "pykafka", "pystorm", "java"
PEER_REQUIREMENTS = ("pystorm==3.1.4", "kafka-python[crc32c]==3.0.12")
JAVA_SPOUT = (
    f"org.apache.storm:storm-kafka-client:{STORM}",
    # The version that it is built with; it leaves the choice to its users.
    "org.apache.kafka:kafka-clients:4.1.0",
)
#: The topology's configuration for pystorm's spout.
HOSTS = "benchmark.hosts"
#: Seconds for a topology to start, and to be gone.
_WITHIN = 90.0
_DESERIALIZER = "org.apache.kafka.common.serialization.StringDeserializer"
_TICKS_S = os.sysconf("SC_CLK_TCK")
_PEER = f"""\
from collections import deque
from kafka import KafkaConsumer
from pystorm.spout import Spout


class Source(Spout):
    def initialize(self, conf, context):
        self.consumer = KafkaConsumer(
            {TOPIC!r},
            bootstrap_servers=conf[{HOSTS!r}],
            auto_offset_reset="earliest",
            value_deserializer=lambda value: value.decode("utf-8"),
        )
        self.messages = deque()

    def next_tuple(self):
        if not self.messages:
            for found in self.consumer.poll(timeout_ms=50).values():
                self.messages.extend(found)
        if self.messages:
            message = self.messages.popleft()
            self.emit(
                [message.topic, message.partition, message.offset, message.key, message.value],
                tup_id="%s/%d/%d" % (message.topic, message.partition, message.offset),
            )
"""


class Run(NamedTuple):
    """What was found of one spout in one turn.

    :ivar rate: messages a second.
    :ivar cpu: microseconds for each message, by process.
    """

    rate: float
    cpu: dict[str, float]


class Bench:
    """The servers, and what each turn needs."""

    def __init__(
        self, args: argparse.Namespace, folder: Path, kafka: EmbeddedKafka, storm: EmbeddedStorm
    ) -> None:
        self.args = args
        self.folder = folder
        self.kafka = kafka
        self.storm = storm
        self.turns: dict[str, Callable[[str, dict[str, Any]], None]] = {
            name: turn
            for name, turn in (
                (PYSTORM, self._submit_pystorm),
                (JAVA, self._submit_java),
                (OURS, self._submit_ours),
            )
            if name in args.only
        }
        if PYSTORM in self.turns:
            self._peer_python = args.peer_python or install(folder / "peer", PEER_REQUIREMENTS)
        if JAVA in self.turns:
            jars = [
                *class_path(JAVA_SPOUT),
                single_jar(f"org.apache.storm:flux-wrappers:{STORM}"),
            ]
            self._java_jar = self._jar(JAVA, {}, jars)

    def measure(self, spout: str, number: int) -> Run:
        """One turn of a spout."""
        name = f"benchmark-{spout}-{number}"
        marks = self.folder / f"{name}.marks"
        marks.write_text("")
        conf = {
            "topology.workers": 1,
            "topology.acker.executors": 1,
            "topology.max.spout.pending": self.args.pending,
            "topology.message.timeout.secs": 120,
            "topology.worker.childopts": "-Xmx1g",
            MARKS: str(marks),
            SIZE: self.args.size,
        }
        self.turns[spout](name, conf)
        with Nimbus(self.storm.nimbus_addresses) as nimbus:
            try:
                run = self._watch(marks)
            except SystemExit:
                for failure in nimbus.topology_errors(name):
                    print(f"{failure.component}: {failure.text}", file=sys.stderr)
                raise
            finally:
                kill(nimbus, name, 0)
            await_gone(nimbus, name, _WITHIN)
        return run

    def _watch(self, marks: Path) -> Run:
        seconds = self.args.seconds
        begun = _await_marks(marks, 0.0, _WITHIN)[0][0]
        _await_marks(marks, begun + seconds, _WITHIN + seconds)
        before, first = _cpu_seconds(self.storm), _read(marks)[-1]
        _await_marks(marks, first[0] + seconds, _WITHIN + seconds)
        after, last = _cpu_seconds(self.storm), _read(marks)[-1]
        if last[1] > self.args.messages - EACH:
            raise SystemExit(f"{self.args.messages} messages are too few")
        messages = last[1] - first[1]
        cpu = {process: (after[process] - before[process]) / messages * 1e6 for process in after}
        return Run(messages / (last[0] - first[0]), cpu)

    def _submit_ours(self, name: str, conf: dict[str, Any]) -> None:
        conf |= {"pykafka.spout.hosts": self.kafka.bootstrap, "pykafka.spout.group": name}
        self._submit(name, conf, Lines.spec(), {})

    def _submit_pystorm(self, name: str, conf: dict[str, Any]) -> None:
        spout = ShellSpout.spec(
            command=self._peer_python,
            script="-cimport peer; peer.Source().run()",
            outputs=FIELDS,
        )
        conf[HOSTS] = self.kafka.bootstrap
        self._submit(name, conf, spout, {"peer.py": _PEER.encode()})

    def _submit(
        self, name: str, conf: dict[str, Any], spout: Any, resources: dict[str, bytes | Path]
    ) -> None:
        jar = self._jar(name, resources, [])
        structure = topology_structure(_topology(spout), Launcher(sys.executable))
        with Nimbus(self.storm.nimbus_addresses) as nimbus:
            submit(nimbus, name, jar, structure, conf)

    def _submit_java(self, name: str, conf: dict[str, Any]) -> None:
        # Whatever spout it is: it is replaced.
        described = flux_dict(_topology(Lines.spec()), name, conf, Launcher(sys.executable))
        description = self.folder / f"{name}.yaml"
        # What is JSON is YAML, too.
        description.write_text(json.dumps(described | _java_spout(self.kafka.bootstrap, name)))
        _run_flux(self.folder / "flux", self.storm, self._java_jar, description)

    def _jar(self, name: str, resources: dict[str, bytes | Path], jars: list[Path]) -> Path:
        components = Path(__file__).with_name("spout_components.py")
        jar = self.folder / f"{name}.jar"
        build_jar(jar, None, resources={components.name: components, **resources}, jars=jars)
        return jar


def main() -> int:
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="pykafka-benchmark-") as name:
        folder = Path(name)
        print(f"starting Kafka {KAFKA} and Storm {STORM} ...", flush=True)
        with (
            EmbeddedKafka(KAFKA) as kafka,
            EmbeddedStorm(STORM, slots=1, data_dir=folder / "storm") as storm,
        ):
            _fill(kafka, args.messages, args.size)
            bench = Bench(args, folder, kafka, storm)
            print(f"{args.rounds} rounds of {2 * args.seconds:g} s for each spout", flush=True)
            runs: dict[str, list[Run]] = {spout: [] for spout in bench.turns}
            for number in range(1, args.rounds + 1):
                for spout, found in runs.items():
                    found.append(bench.measure(spout, number))
                    print(f"  round {number}: {spout:8} {_text(found[-1])}", flush=True)
    return report(runs, {PYSTORM: args.at_least, JAVA: args.at_least_of_java})


def report(runs: dict[str, list[Run]], wanted: dict[str, float | None]) -> int:
    """Print a table and the ratios; the exit status."""
    rates = {spout: [run.rate for run in found] for spout, found in runs.items()}
    print(f"\n{'messages/s':12} {'min':>9} {'median':>9} {'max':>9}")
    for spout, found in rates.items():
        least, median, most = min(found), statistics.median(found), max(found)
        print(f"{spout:12} {least:9,.0f} {median:9,.0f} {most:9,.0f}")
    print()
    too_slow = False
    for peer, at_least in wanted.items():
        if peer in rates and OURS in rates:
            ratio = statistics.median(rates[OURS]) / statistics.median(rates[peer])
            print(f"{OURS} is {ratio:.2f} times as fast as {peer} (medians)")
            if at_least is not None and ratio < at_least:
                print(f"that is below {at_least}")
                too_slow = True
    return int(too_slow)


def _text(run: Run) -> str:
    cpu = ", ".join(f"{process} {took:.1f}" for process, took in run.cpu.items())
    return f"{run.rate:9,.0f} messages/s; microseconds of CPU for each: {cpu}"


def _topology(source: Any) -> type[Topology]:
    class Throughput(Topology):
        lines = source
        sink = Sink.spec(inputs={lines: Grouping.SHUFFLE})

    return Throughput


def _java_spout(hosts: str, group: str) -> dict[str, Any]:
    """What is Java's spout in a Flux description: by default, but for group and text."""
    package = "org.apache.storm.kafka.spout"
    return {
        "components": [
            {
                "id": "builder",
                "className": f"{package}.KafkaSpoutConfig$Builder",
                "constructorArgs": [hosts, [TOPIC]],
                "configMethods": [
                    {"name": "setGroupId", "args": [group]},
                    *(
                        {"name": "setProp", "args": [f"{part}.deserializer", _DESERIALIZER]}
                        for part in ("key", "value")
                    ),
                ],
            },
            {
                "id": "config",
                "className": f"{package}.KafkaSpoutConfig",
                "constructorArgs": [{"ref": "builder"}],
            },
        ],
        "spouts": [
            {
                "id": "lines",
                "className": f"{package}.KafkaSpout",
                "constructorArgs": [{"ref": "config"}],
                "parallelism": 1,
            }
        ],
    }


def _run_flux(folder: Path, storm: EmbeddedStorm, jar: Path, description: Path) -> None:
    """Have Flux submit what is described, as ``storm jar`` would."""
    host, port = storm.nimbus_addresses[0].split(":")
    folder.mkdir(exist_ok=True)
    conf = {"nimbus.seeds": [host], "nimbus.thrift.port": int(port)}
    (folder / "storm.yaml").write_text(json.dumps(conf))
    jars = class_path(storm.release.coordinates)
    # Flux's own jar has an old slf4j in it: it comes last.
    path = [folder, jar, *jars, single_jar(f"org.apache.storm:flux-core:{STORM}")]
    command = [
        find_java(),
        "-XX:TieredStopAtLevel=1",
        "-Xmx256m",
        "-Dstorm.options=",
        "-Dstorm.conf.file=",
        f"-Dstorm.jar={jar}",
        "-cp",
        os.pathsep.join(map(str, path)),
        "org.apache.storm.flux.Flux",
        "--no-splash",
        str(description),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise SystemExit(f"Flux failed:\n{done.stdout}{done.stderr}")


def _fill(kafka: EmbeddedKafka, messages: int, size: int) -> None:
    print(f"writing {messages:,} messages of {size} bytes", flush=True)
    kafka.create_topic(TOPIC, partitions=1)
    with (
        pykafka.KafkaClient(kafka.bootstrap) as client,
        client.topics[TOPIC].get_producer(linger_ms=50) as producer,
    ):
        for number in range(messages):
            producer.produce(f"{number} ".ljust(size, "x").encode())


def _cpu_seconds(storm: EmbeddedStorm) -> dict[str, float]:
    """What the worker and its children have used: the spout is the first, if it is no Java."""
    (worker,) = storm.workers()
    found = {"worker": _cpu_of(worker.pid)}
    for pid in worker.components:
        arguments = Path(f"/proc/{pid}/cmdline").read_text()
        found["bolt" if Sink.__name__ in arguments else "spout"] = _cpu_of(pid)
    return found


def _cpu_of(pid: int) -> float:
    _, _, state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return sum(map(int, state.split()[11:13])) / _TICKS_S


def _await_marks(path: Path, at: float, within: float) -> list[tuple[float, int]]:
    """Wait until the bolt has written at that time or later; its marks."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = _read(path)
        if found and found[-1][0] >= at:
            return found
        time.sleep(0.1)
    raise SystemExit(f"{path.stem}: nothing came for {within:g} s (or messages were too few)")


def _read(path: Path) -> list[tuple[float, int]]:
    """The bolt's marks: when it had got how many."""
    *lines, _ = path.read_text().split("\n")
    for line in lines:
        if line.endswith("came"):
            raise SystemExit(f"{path.stem}: {line}")
    return [(float(line.split()[0]), int(line.split()[1])) for line in lines]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="of all, in turn (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=8, help="to warm up, and to measure (%(default)s)"
    )
    parser.add_argument("--size", type=int, default=100, help="bytes of a value (%(default)s)")
    parser.add_argument("--messages", type=int, default=2_000_000, help="(%(default)s)")
    parser.add_argument(
        "--pending", type=int, default=20_000, help="tuples in flight at most (%(default)s)"
    )
    parser.add_argument(
        "--only", nargs="+", choices=(PYSTORM, JAVA, OURS), default=(PYSTORM, JAVA, OURS)
    )
    parser.add_argument("--peer-python", help="a Python that has pystorm's side; else it is made")
    parser.add_argument("--at-least", type=float, help="fail below this ratio to pystorm")
    parser.add_argument("--at-least-of-java", type=float, help="fail below this ratio to Java")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
