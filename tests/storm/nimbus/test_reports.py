"""What a cluster tells of itself and its topologies."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_components import FOLDER, VALUES, make_jar, make_topology
from storm_services import Storms

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.waiting import wait_until
from pykafka.storm.exceptions import NimbusError, TopologyNotRunningError
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.submission import submit

#: Of a cluster and of a topology: executors tell soon, and count every tuple.
SOON = {"executor.metrics.frequency.secs": 2}
EXACTLY = {"topology.stats.sample.rate": 1.0}


def test_counts_come_after_a_while_and_before_that_it_says_so(
    embedded_storm: Storms, storm_release: str, topology_name: str, tmp_path: Path
) -> None:
    storm = embedded_storm(storm_release, config=SOON)
    conf = {FOLDER: str(tmp_path), **EXACTLY}
    with Nimbus(storm.nimbus_addresses) as nimbus:
        jar = make_jar(tmp_path / "plain.jar")
        submit(nimbus, topology_name, jar, make_topology(), conf, active=False)
        # Storm starts no component before the topology is active.
        wait_until(lambda: bool(storm.workers()), 60, "a worker")
        report = nimbus.topology_report(topology_name)
        assert not report.reported
        nimbus.call("activate", topology_name)
        wait_until(
            lambda: (
                {c.acked for c in nimbus.topology_report(topology_name).components} == {len(VALUES)}
            ),
            60,
            "counts of all",
        )
        report = nimbus.topology_report(topology_name, "600")
        whole, streams, executors, failures = nimbus.component_report(topology_name, "bolt")
        spout, spout_streams, *_ = nimbus.component_report(topology_name, "spout", "600")
        (worker,) = [each for each in nimbus.workers() if each.topology == topology_name]
    assert report.reported
    assert report.topology.name == topology_name
    assert {c.id: (c.kind, c.executors, c.tasks, c.failed) for c in report.components} == {
        "spout": ("spout", 1, 1, 0),
        "bolt": ("bolt", 1, 1, 0),
    }
    assert {each.component for each in report.executors} >= {"spout", "bolt"}
    assert worker in report.workers or worker.port in {each.port for each in report.workers}
    assert worker.tasks["bolt"] == 1
    assert whole.executed == len(VALUES)
    assert whole.executors == 1
    assert whole.execute_ms is not None
    ((source, stream, counts),) = [(s.source, s.stream, s.counts) for s in streams if s.source]
    assert (source, stream, counts.executed) == ("spout", "default", len(VALUES))
    ((executor, executed),) = [(e.executor, e.counts.executed) for e in executors]
    assert executor.started
    assert (executor.port, executor.tasks[0], executed) == (
        worker.port,
        executor.tasks[1],
        len(VALUES),
    )
    assert failures == []
    assert spout.emitted == len(VALUES)
    assert spout.complete_ms is not None
    assert [(s.stream, s.counts.emitted) for s in spout_streams if s.stream == "default"] == [
        ("default", len(VALUES))
    ]


def test_configurations_and_the_topology_itself_can_be_had(
    storm: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    with Nimbus(storm.nimbus_addresses) as nimbus:
        jar, topology = make_jar(tmp_path / "plain.jar"), make_topology(bolts=3)
        submit(nimbus, topology_name, jar, topology, {"my.setting": [1]}, active=False)
        assert nimbus.configuration()["nimbus.thrift.port"] == storm.nimbuses[0].port
        assert nimbus.topology_configuration(topology_name)["my.setting"] == [1]
        found = nimbus.topology_structure(topology_name)
    assert found.bolts["bolt"].common.parallelism_hint == 3
    assert found.bolts["bolt"].bolt_object == topology.bolts["bolt"].bolt_object
    assert set(found.spouts) == {"spout"}


def test_what_there_is_not_is_named_with_what_there_is(
    storm: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    with Nimbus(storm.nimbus_addresses) as nimbus:
        jar = make_jar(tmp_path / "plain.jar")
        submit(nimbus, topology_name, jar, make_topology(), {}, active=False)
        with pytest.raises(TopologyNotRunningError, match=f"'another'.*running: {topology_name}"):
            nimbus.topology_report("another")
        with pytest.raises(NimbusError, match="has no 'blot'; it has spout, bolt"):
            nimbus.component_report(topology_name, "blot")
