"""Topologies on a real cluster: submitted, changed, ended; and what their tuples bring along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plain_components import FOLDER, VALUES, make_jar, make_topology, read_notes

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import WaitTimedOutError
from pykafka.storm.exceptions import (
    TopologyAlreadyRunsError,
    TopologyNotRunningError,
    TopologyRefusedError,
)
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.submission import (
    activate,
    await_gone,
    deactivate,
    kill,
    rebalance,
    submit,
)

#: Seconds for something to happen on the cluster.
WITHIN = 60.0


@pytest.fixture
def nimbus(storm: EmbeddedStorm) -> Iterator[Nimbus]:
    with Nimbus(storm.nimbus_addresses) as found:
        yield found


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    return make_jar(tmp_path / "plain.jar")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def noted(folder: Path, component: str) -> list[Any]:
    """All that the tasks of a component have noted, without process ids."""
    return [note for _, *found in read_notes(folder, component).values() for note in found]


def await_notes(folder: Path, component: str, count: int) -> list[Any]:
    wait_until(
        lambda: len(noted(folder, component)) >= count, WITHIN, f"{count} notes of {component}"
    )
    return noted(folder, component)


def test_every_kind_of_value_reaches_another_worker(
    storm: EmbeddedStorm, nimbus: Nimbus, topology_name: str, jar: Path, notes: Path
) -> None:
    conf = {FOLDER: str(notes), "topology.workers": 2}
    submit(nimbus, topology_name, jar, make_topology(), conf)
    got = await_notes(notes, "bolt", len(VALUES))
    # As text, since 1 == True and 0.0 == -0.0.
    assert json.dumps(got) == json.dumps([[value] for value in VALUES])
    acks = sorted(["ack", str(number)] for number in range(len(VALUES)))
    assert sorted(await_notes(notes, "spout", len(VALUES))) == acks
    ((spout, *_),) = read_notes(notes, "spout").values()
    ((bolt, *_),) = read_notes(notes, "bolt").values()
    assert {spout, bolt} == {worker.pid for worker in storm.workers()}
    assert spout != bolt


def test_it_is_submitted_through_a_nimbus_that_does_not_lead(
    storm2: EmbeddedStorm, topology_name: str, jar: Path, notes: Path
) -> None:
    leader = storm2.await_leader()
    (other,) = set(storm2.nimbuses) - {leader}
    with Nimbus(other.address) as nimbus:
        submit(nimbus, topology_name, jar, make_topology(), {FOLDER: str(notes)})
        assert str(nimbus.leader) == leader.address
    await_notes(notes, "bolt", len(VALUES))


def test_submitting_tells_how_far_the_jar_is_and_what_runs_then(
    nimbus: Nimbus, topology_name: str, jar: Path, notes: Path
) -> None:
    # Before what a zip file contains anything may stand.
    jar.write_bytes(bytes(700_000) + jar.read_bytes())
    size = jar.stat().st_size
    told: list[tuple[int, int]] = []
    state = submit(
        nimbus,
        topology_name,
        jar,
        make_topology(),
        {FOLDER: str(notes)},
        active=False,
        progress=lambda *at: told.append(at),
    )
    assert told == [(at, size) for at in (0, 307_200, 614_400, size)]
    assert (state.name, state.status) == (topology_name, "INACTIVE")
    assert state.id.startswith(f"{topology_name}-")


def test_a_name_that_runs_is_refused(nimbus: Nimbus, topology_name: str, jar: Path) -> None:
    submit(nimbus, topology_name, jar, make_topology(), {}, active=False)
    with pytest.raises(TopologyAlreadyRunsError, match=rf"{topology_name}.*\(INACTIVE\).*kill it"):
        submit(nimbus, topology_name, jar, make_topology(), {})


@pytest.mark.parametrize("name", ["a/b", "a.b", "a:b", "a\\b", ""])
def test_a_name_that_storm_would_not_take_is_refused(name: str, nimbus: Nimbus, jar: Path) -> None:
    with pytest.raises(TopologyRefusedError, match="Storm has no names"):
        submit(nimbus, name, jar, make_topology(), {})


def test_a_topology_that_cannot_be_is_refused_with_nimbus_reason(
    nimbus: Nimbus, topology_name: str, jar: Path
) -> None:
    topology = make_topology()
    topology.bolts["bolt"].common.inputs = {
        type(source)(componentId="nobody", streamId="default"): grouping
        for source, grouping in topology.bolts["bolt"].common.inputs.items()
    }
    with pytest.raises(TopologyRefusedError, match="nobody"):
        submit(nimbus, topology_name, jar, topology, {})
    with pytest.raises(TopologyRefusedError, match="TOPOLOGY_WORKERS must be an Integer"):
        submit(nimbus, topology_name, jar, make_topology(), {"topology.workers": "many"})


def test_it_is_deactivated_and_activated(
    storm: EmbeddedStorm, nimbus: Nimbus, topology_name: str, jar: Path, notes: Path
) -> None:
    submit(nimbus, topology_name, jar, make_topology(), {FOLDER: str(notes)}, active=False)
    wait_until(lambda: bool(storm.workers()), WITHIN, "a worker")
    assert noted(notes, "bolt") == []
    activate(nimbus, topology_name)
    assert nimbus.topology(topology_name).status == "ACTIVE"
    await_notes(notes, "bolt", len(VALUES))
    deactivate(nimbus, topology_name)
    assert nimbus.topology(topology_name).status == "INACTIVE"
    wait_until(lambda: ["deactivate", ""] in noted(notes, "spout"), WITHIN, "a spout that knows it")


def test_it_is_spread_over_more_workers(
    storm: EmbeddedStorm, nimbus: Nimbus, topology_name: str, jar: Path, notes: Path
) -> None:
    conf = {FOLDER: str(notes), "topology.workers": 1}
    topology = make_topology(bolts=4)
    submit(nimbus, topology_name, jar, topology, conf)
    wait_until(lambda: len(read_notes(notes)) == 5, WITHIN, "all tasks")
    assert len(storm.workers()) == 1
    rebalance(nimbus, topology_name, wait=0, workers=3, executors={"bolt": 2})
    wait_until(lambda: len(storm.workers()) == 3, WITHIN, "three workers")

    def spread() -> bool:
        state = nimbus.topology(topology_name)
        report = nimbus.topology_report(topology_name)
        bolts = [each for each in report.executors if each.component == "bolt"]
        return (state.status, state.workers, len(bolts)) == ("ACTIVE", 3, 2)

    wait_until(spread, WITHIN, "three workers with two executors of the bolt")


def test_killed_it_is_gone_and_its_name_free(
    storm: EmbeddedStorm, nimbus: Nimbus, topology_name: str, jar: Path, notes: Path
) -> None:
    submit(nimbus, topology_name, jar, make_topology(), {FOLDER: str(notes)})
    wait_until(lambda: len(read_notes(notes)) == 2, WITHIN, "a spout and a bolt")
    kill(nimbus, topology_name, wait=300)
    assert nimbus.topology(topology_name).status == "KILLED"
    with pytest.raises(WaitTimedOutError, match=rf"{topology_name}.*KILLED.*after 0\.1 s"):
        await_gone(nimbus, topology_name, 0.1)
    kill(nimbus, topology_name, wait=0)
    await_gone(nimbus, topology_name, WITHIN)
    wait_until(lambda: not storm.workers(), WITHIN, "end of its worker")
    submit(nimbus, topology_name, jar, make_topology(), {FOLDER: str(notes)})


@pytest.mark.parametrize("action", [kill, activate, deactivate, rebalance])
def test_what_is_not_there_cannot_be(action: Any, nimbus: Nimbus, topology_name: str) -> None:
    with pytest.raises(TopologyNotRunningError, match=rf"'{topology_name}' at.*running: none"):
        action(nimbus, topology_name)


def test_why_a_component_does_not_start_comes_back_with_its_trace(
    nimbus: Nimbus, topology_name: str, jar: Path, notes: Path
) -> None:
    submit(nimbus, topology_name, jar, make_topology(bolt="broken"), {FOLDER: str(notes)})
    wait_until(lambda: bool(nimbus.topology_errors(topology_name)), WITHIN, "an error")
    failure, *_ = nimbus.topology_errors(topology_name)
    assert failure.component == "bolt"
    assert failure.port is not None
    assert "ImportError: no module named 'of_the_users_bolt'" in failure.text
    assert "plain_components.py" in failure.text
