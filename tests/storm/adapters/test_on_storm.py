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


class InStreamparse(Topology):
    lines = Subject.spec(topics=[sys.argv[3]])
    noting = Noting.spec(inputs=[lines])


class InPystorm(Topology):
    lines = ShellSpout.spec(command=sys.argv[1] + "/python", script="subject.py", outputs=["line"])
    noting = Noting.spec(inputs=[lines])


topology = {"streamparse": InStreamparse, "pystorm": InPystorm}[sys.argv[2]]
for shell in (
    topology.thrift_spouts["lines"].spout_object.shell,
    topology.thrift_bolts["noting"].bolt_object.shell,
):
    if shell.execution_command == "streamparse_run":
        shell.execution_command = sys.argv[1] + "/streamparse_run"
topology.write(sys.argv[4])
"""


def _write(folder: Path, **sources: str) -> dict[str, Path]:
    """Modules in a folder: their names in a jar -> where they are."""
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return {f"{name}.py": folder / f"{name}.py" for name in sources}


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
    options = {"group": topic, "hosts": kafka.bootstrap, "fields": ["line"]}
    if kind == "pystorm":
        options["topics"] = [topic]
    spout = source_of(kind, "", **options)
    sources = _write(tmp_path / "resources", subject=spout, noting=BOLT)
    notes = tmp_path / "notes"
    notes.mkdir()
    written = tmp_path / "topology.bin"
    program = [commands / "python", "-c", TOPOLOGIES]
    subprocess.run(
        [*program, commands, kind, topic, written],
        timeout=60,
        check=True,
        cwd=tmp_path / "resources",
    )
    build_jar(tmp_path / "topology.jar", None, resources=sources)
    conf = {
        "test.folder": str(notes),
        "topology.workers": 1,
        "topology.max.spout.pending": PENDING,
        "topology.message.timeout.secs": 60,
        "pykafka.spout.commit_interval_ms": 200,
        "pykafka.spout.session_timeout_ms": 6000,
    }

    def noted() -> Counter[int]:
        return Counter(int(line) for file in notes.iterdir() for line in file.open())

    with Nimbus(storm.nimbus_addresses) as nimbus:
        structure = deserialized(written.read_bytes())
        jar = tmp_path / "topology.jar"
        state = submission.submit(nimbus, topology_name, jar, structure, conf)

        def await_(condition: Callable[[], bool], what: str) -> None:
            try:
                wait_until(condition, WITHIN, what)
            except WaitTimedOutError as error:
                told = [f"{error}; {len(noted())} are noted", *map(str, errors())]
                workers = storm.workers(state.id)
                told += [storm.worker_log_tail(state.id, each.port) for each in workers]
                raise WaitTimedOutError("\n".join(told)) from error

        def errors() -> list[Any]:
            return list(nimbus.topology_errors(topology_name))

        await_(lambda: len(noted()) >= MESSAGES // 5, "a fifth of the messages")
        (worker,) = storm.workers(state.id)
        storm.kill_worker(worker)
        assert len(noted()) < MESSAGES
        await_(lambda: len(noted()) == MESSAGES, "the other messages")
        await_(lambda: committed(client, topic, topic) == {0: MESSAGES}, "the last commit")
        assert errors() == []
    assert sorted(noted()) == list(range(MESSAGES))
    # What was in flight comes again, and what was acked after the last commit.
    again = noted().total() - MESSAGES
    assert again <= PENDING + MESSAGES // 5
