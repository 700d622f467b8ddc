"""Topologies of streamparse with a Kafka spout on a real Storm: a worker is killed, nothing is
lost."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adapted_spouts import KINDS, source_of
from spout_runs import committed
from storm.adapters.conftest import Fill

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka, EmbeddedStorm
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import WaitTimedOutError
from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.nimbus import submission
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.structures import deserialized

pytestmark = [pytest.mark.slow, pytest.mark.timeout(700)]

MESSAGES = 5000
PENDING = 100
#: Seconds for something to happen on the cluster; alone on two cores it takes 10 to 20.
WITHIN = 240.0

CONF = {
    "topology.workers": 1,
    "topology.max.spout.pending": PENDING,
    "topology.message.timeout.secs": 60,
    "pykafka.spout.commit_interval_ms": 200,
    "pykafka.spout.session_timeout_ms": 6000,
}
#: Not faster than a thousand a second, so that there is time for a worker to be killed.
BOLT = """
import os
import time
from pathlib import Path

from streamparse import Bolt


class Noting(Bolt):
    def initialize(self, conf, context):
        self.notes = open(Path(conf["test.folder"], f"{context['taskid']}-{os.getpid()}"), "a", 1)

    def process(self, tup):
        time.sleep(0.001)
        self.notes.write(tup.values[0] + "\\n")
"""
#: As the command "sparse submit" does, this puts the environment's path before streamparse_run.
TOPOLOGIES = """
import sys

from noting import Noting
from streamparse import ShellSpout, Topology
from subject import Subject


if sys.argv[2] == "streamparse":
    spec = Subject.spec(topics=[sys.argv[3]])
else:
    spec = ShellSpout.spec(
        command=sys.argv[1] + "/python", script="subject.py", outputs=Subject.outputs
    )


class Lines(Topology):
    lines = spec
    noting = Noting.spec(inputs=[lines])


for shell in (
    Lines.thrift_spouts["lines"].spout_object.shell,
    Lines.thrift_bolts["noting"].bolt_object.shell,
):
    if shell.execution_command == "streamparse_run":
        shell.execution_command = sys.argv[1] + "/streamparse_run"
Lines.write(sys.argv[4])
"""


def _write(folder: Path, **sources: str) -> dict[str, Path]:
    """Modules in a folder: their names in a jar -> where they are."""
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return {f"{name}.py": folder / f"{name}.py" for name in sources}


class Running:
    """A topology that has been submitted, and what its bolt has noted."""

    def __init__(self, storm: EmbeddedStorm, nimbus: Nimbus, name: str, notes: Path) -> None:
        self._storm, self._nimbus, self._name, self._notes = storm, nimbus, name, notes
        self._id = nimbus.topology(name).id

    def noted(self) -> Counter[int]:
        """Message -> how often it was processed."""
        texts = [file.read_text() for file in self._notes.iterdir()]
        # A line that is being written is none yet.
        return Counter(int(line) for text in texts for line in text.split("\n")[:-1])

    def errors(self) -> list[str]:
        """What Storm shows."""
        return list(map(str, self._nimbus.topology_errors(self._name)))

    def kill_worker(self) -> None:
        """End its only worker."""
        (worker,) = self._storm.workers(self._id)
        self._storm.kill_worker(worker)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait; if it does not come, tell what the cluster knows."""
        try:
            wait_until(condition, WITHIN, what)
        except WaitTimedOutError as error:
            told = [f"{error}; {len(self.noted())} are noted", *self.errors()]
            for worker in self._storm.workers(self._id):
                told.append(self._storm.worker_log_tail(self._id, worker.port))
            raise WaitTimedOutError("\n".join(told)) from error


def _make(folder: Path, commands: Path, kind: str, topic: str, hosts: str) -> tuple[Path, Any]:
    """The jar and the structure of a topology, made by the environment's Python."""
    options = {"group": topic, "hosts": hosts, "fields": ["line"]}
    if kind == "pystorm":
        options["topics"] = [topic]
    resources = _write(folder / "resources", subject=source_of(kind, **options), noting=BOLT)
    written, jar = folder / "topology.bin", folder / "topology.jar"
    subprocess.run(
        [commands / "python", "-c", TOPOLOGIES, commands, kind, topic, written],
        timeout=60,
        check=True,
        cwd=folder / "resources",
    )
    build_jar(jar, None, resources=resources)
    return jar, deserialized(written.read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_is_killed_and_nothing_is_lost(
    kind: str,
    storm: EmbeddedStorm,
    topology_name: str,
    kafka: EmbeddedKafka,
    client: KafkaClient,
    fill: Fill,
    commands: Path,
    tmp_path: Path,
) -> None:
    topic = fill([b"%d" % n for n in range(MESSAGES)])
    jar, structure = _make(tmp_path, commands, kind, topic, kafka.bootstrap)
    notes = tmp_path / "notes"
    notes.mkdir()
    conf = {"test.folder": str(notes), **CONF}
    with Nimbus(storm.nimbus_addresses) as nimbus:
        submission.submit(nimbus, topology_name, jar, structure, conf)
        running = Running(storm, nimbus, topology_name, notes)
        running.until(lambda: len(running.noted()) >= MESSAGES // 5, "a fifth of the messages")
        running.kill_worker()
        assert len(running.noted()) < MESSAGES
        running.until(lambda: len(running.noted()) == MESSAGES, "the other messages")
        running.until(lambda: committed(client, topic, topic) == {0: MESSAGES}, "the last commit")
        assert running.errors() == []
    assert sorted(running.noted()) == list(range(MESSAGES))
    # What was in flight comes again, and what was acked after the last commit.
    again = running.noted().total() - MESSAGES
    assert again <= PENDING + MESSAGES // 5
