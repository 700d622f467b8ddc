"""What people get to see of a topology that cannot be submitted, or fails on the cluster."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from storm_projects import (
    WITHIN,
    components,
    configure,
    end_all,
    hook_calls,
    make_noting_project,
    pykafka_storm,
)

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.ports import HOST, free_ports
from pykafka.embedded.waiting import wait_until
from pykafka.storm.building import Wish
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.reports import Failure
from pykafka.storm.project import Project
from pykafka.storm.submitting import submit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: Components in the topology's own file.
_TOPOLOGY = """
import time

from spouts.words import WordSpout

from pykafka.storm import BatchingBolt, Bolt, Grouping, Topology

{bolt}

class Bad(Topology):
    config = {{"topology.max.spout.pending": 10}}

    word_spout = WordSpout.spec()
    {specs}
"""
_FINE = "class BadBolt(Bolt):\n    def process(self, tup):\n        pass\n"
_SPEC = "bad_bolt = BadBolt.spec(inputs=[word_spout])"
_RAISING_AT_THE_START = """
class BadBolt(Bolt):
    def initialize(self, conf, context):
        raise RuntimeError("raised in initialize")
"""
#: These stay, so that neither ends the worker before the other has begun.
_RAISING = """
class BadBolt(Bolt):
    exit_on_exception = False

    def process(self, tup):
        raise RuntimeError("raised in process")


class BadBatches(BatchingBolt):
    exit_on_exception = False
    secs_between_batches = 0.5

    def process_batch(self, key, tups):
        raise RuntimeError("raised in process_batch")
"""
_TWO = f"{_SPEC}\n    bad_batches = BadBatches.spec(inputs=[word_spout])"
_ENDLESS = """
class BadBolt(Bolt):
    def process(self, tup):
        self.never_returns()

    def never_returns(self):
        time.sleep(600)
"""


@pytest.fixture
def root(storm: EmbeddedStorm, tmp_path: Path, notes: Path, bare_python: Path) -> Path:
    folder = make_noting_project(tmp_path / "project")
    (folder / "topologies" / "wordcount.py").unlink()
    configure(
        folder,
        storm.nimbus_addresses[0],
        notes,
        deployment="existing",
        interpreter=str(bare_python),
    )
    return folder


def _write(root: Path, bolt: str = _FINE, specs: str = _SPEC, name: str = "bad") -> None:
    (root / "topologies" / f"{name}.py").write_text(_TOPOLOGY.format(bolt=bolt, specs=specs))


def test_without_a_cluster_at_the_address_that_is_told(
    tmp_path: Path, notes: Path, bare_python: Path
) -> None:
    root = make_noting_project(tmp_path / "project")
    address = f"{HOST}:{free_ports(1)[0]}"
    configure(root, address, notes, deployment="existing", interpreter=str(bare_python))
    done = pykafka_storm(root, "submit", "--timeout", "2")
    assert done.returncode == 1
    assert address in done.stderr
    assert "refused" in done.stderr
    assert "Traceback" not in done.stderr
    assert hook_calls(root) == []


@pytest.mark.parametrize(
    ("spec", "mistake"),
    [
        ("inputs={word_spout: Grouping.fields('wrod')}", ["bad_bolt", "word_spout", "wrod"]),
        ("inputs=[word_spout], par=0", ["bad_bolt", "par", "0"]),
    ],
)
def test_mistakes_are_told_before_anything_is_done(
    storm: EmbeddedStorm, root: Path, spec: str, mistake: list[str]
) -> None:
    _write(root, specs=f"bad_bolt = BadBolt.spec({spec})")
    done = pykafka_storm(root, "submit")
    assert done.returncode == 1
    assert all(word in done.stderr for word in mistake), done.stderr
    assert "Traceback" not in done.stderr
    assert hook_calls(root) == []
    with Nimbus(storm.nimbus_addresses) as nimbus:
        assert nimbus.cluster().topologies == ()


def test_a_name_that_runs_stays_and_a_class_that_does_not_import_is_told_with_its_traceback(
    storm: EmbeddedStorm, root: Path, topology_name: str, tmp_path: Path
) -> None:
    # Here there is such a module, on the workers there is not.
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "only_here.py").write_text("")
    (root / "src" / "bolts" / "needing.py").write_text(
        f"import only_here\n\nfrom pykafka.storm import Bolt\n\n\n{_FINE}"
    )
    _write(root, bolt="from bolts.needing import BadBolt")
    path = os.pathsep.join([str(tmp_path / "here"), os.environ.get("PYTHONPATH", "")])
    done = pykafka_storm(root, "submit", "-N", topology_name, variables={"PYTHONPATH": path})
    assert done.returncode == 1, done.stderr
    assert "bad_bolt" in done.stderr
    assert "Traceback (most recent call last):" in done.stderr
    assert "needing.py" in done.stderr
    assert "ModuleNotFoundError: No module named 'only_here'" in done.stderr
    assert "\tat " not in done.stderr

    with Nimbus(storm.nimbus_addresses) as nimbus:
        running = nimbus.topology(topology_name)
        calls = hook_calls(root)
        done = pykafka_storm(root, "submit", "-N", topology_name, variables={"PYTHONPATH": path})
        assert done.returncode == 1
        assert f"{topology_name} runs already" in done.stderr
        assert f"pykafka storm kill {topology_name}" in done.stderr
        assert hook_calls(root) == calls
        assert nimbus.topology(topology_name).id == running.id
    end_all(storm)


def test_what_components_raise_is_shown_with_its_place(
    storm: EmbeddedStorm, root: Path, topology_name: str
) -> None:
    _write(root, _RAISING_AT_THE_START, name="start")
    _write(root, _RAISING, _TWO, name="later")
    project = Project(root)
    with Nimbus(storm.nimbus_addresses) as nimbus:
        for name in ("start", "later"):
            wish = Wish(name, f"{topology_name}-{name}")
            submit(project, project.environment(), nimbus, wish)
        for name, component, method in (
            ("start", "bad_bolt", "initialize"),
            ("later", "bad_bolt", "process"),
            ("later", "bad_batches", "process_batch"),
        ):
            failure = _failure(nimbus, f"{topology_name}-{name}", f"raised in {method}")
            assert failure.component == component
            assert f"RuntimeError: raised in {method}" in failure.text
            assert f"pykafka_storm_topology_{name}.py" in failure.text
            assert f"in {method}" in failure.text
    end_all(storm)


def _failure(nimbus: Nimbus, topology: str, words: str) -> Failure:
    """What a component of a topology failed with, once one did with such words."""
    found: list[Failure] = []

    def told() -> bool:
        found[:] = [each for each in nimbus.topology_errors(topology) if words in each.text]
        return bool(found)

    wait_until(told, WITHIN, f"{words!r} of {topology}")
    return found[0]


def test_of_a_component_that_never_returns_the_stack_is_logged_and_its_worker_starts_anew(
    storm: EmbeddedStorm, root: Path, topology_name: str
) -> None:
    _write(root, _ENDLESS)
    project = Project(root)
    options = {"topology.subprocess.timeout.secs": 5}
    with Nimbus(storm.nimbus_addresses) as nimbus:
        wish = Wish(name=topology_name, options=options)
        state = submit(project, project.environment(), nimbus, wish)
    wait_until(
        lambda: [len(each.components) for each in storm.workers(state.id)] == [2],
        WITHIN,
        "a spout and a bolt",
    )
    (first,) = storm.workers(state.id)

    def logged() -> str:
        return storm.worker_log(state.id, first.port).read_text(errors="replace")

    wait_until(lambda: "in never_returns" in logged(), WITHIN, "a stack in the log")
    assert "nothing returned for 4 s" in logged()
    wait_until(
        lambda: any(worker.pid != first.pid for worker in storm.workers(state.id)),
        WITHIN,
        "another worker",
    )
    old = set(first.components)
    wait_until(lambda: not old & set(components(storm)), WITHIN, "end of the first processes")
    end_all(storm)
