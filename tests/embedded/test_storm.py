"""A real Storm: started, hurt, put right, and ended with all it started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from plain_components import FOLDER, make_jar, make_topology, read_notes
from services import NOT_TO_BE_HAD, end_because_missing

from pykafka.embedded import EmbeddedStorm, EmbeddedZookeeper
from pykafka.embedded.storm.workers import EmbeddedWorker
from pykafka.embedded.waiting import wait_until
from pykafka.embedded.zookeeper_connection import connected
from pykafka.exceptions import InvalidOptionError, ServiceStartError
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.submission import kill, submit

#: Seconds for a topology to run, and for a worker to be started again.
WITHIN = 60.0


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that work in a folder, or know of it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in command or (entry / "cwd").readlink().is_relative_to(folder):
                found.append(f"{entry.name} {command}")
        except OSError:
            continue
    return found


def run(storm: EmbeddedStorm, name: str, folder: Path, workers: int = 1) -> list[EmbeddedWorker]:
    """Have a topology run, and see it working; its workers."""
    folder.mkdir(exist_ok=True)
    with Nimbus(storm.nimbus_addresses) as nimbus:
        jar = make_jar(folder.with_suffix(".jar"))
        conf = {FOLDER: str(folder), "topology.workers": workers}
        submit(nimbus, name, jar, make_topology(), conf)
    wait_until(lambda: len(read_notes(folder)) == 2, WITHIN, "a spout and a bolt")
    return await_working(storm, workers)


def await_working(storm: EmbeddedStorm, workers: int = 1) -> list[EmbeddedWorker]:
    """The workers, once all their components run: a spout and a bolt."""

    def working() -> bool:
        found = storm.workers()
        components = sum(len(worker.components) for worker in found)
        return len(found) == workers and components == 2

    wait_until(working, WITHIN, f"{workers} workers with their components")
    return storm.workers()


@pytest.fixture
def own_storm(storm_release: str, pytestconfig: pytest.Config) -> Iterator[EmbeddedStorm]:
    """A cluster for this test alone."""
    try:
        cluster = EmbeddedStorm(storm_release)
    except NOT_TO_BE_HAD as error:
        end_because_missing(pytestconfig, f"Storm {storm_release}: {error}")
    with cluster:
        yield cluster


def test_it_is_ready_when_it_has_started(storm: EmbeddedStorm) -> None:
    assert storm.leader is storm.nimbuses[0]
    with Nimbus(storm.nimbus_addresses) as nimbus:
        cluster = nimbus.cluster()
    assert cluster.version == storm.release.version
    assert [supervisor.id for supervisor in cluster.supervisors] == [storm.supervisors[0].id]
    assert [supervisor.slots for supervisor in cluster.supervisors] == [3]


def test_workers_are_told_with_their_components(
    storm: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    (worker,) = run(storm, topology_name, tmp_path / "notes")
    assert worker.topology_id.startswith(f"{topology_name}-")
    assert worker.port in storm.supervisors[0].slots
    assert storm.supervisor_of(worker) is storm.supervisors[0]
    assert worker.supervisor_id == storm.supervisors[0].id
    notes = read_notes(tmp_path / "notes")
    assert {first for first, *_ in notes.values()} == {worker.pid}
    assert storm.workers(worker.topology_id) == [worker]
    assert storm.workers("another-1-1") == []
    assert "Launched subprocess with pid" in storm.worker_log_tail(
        worker.topology_id, worker.port, 100
    )
    assert storm.worker_log(worker.topology_id, worker.port) in storm.worker_logs()


def test_a_killed_worker_is_replaced_and_its_components_end(
    storm: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    (worker,) = run(storm, topology_name, tmp_path / "notes")
    storm.kill_worker(worker)
    assert worker.pid not in [each.pid for each in storm.workers()]
    wait_until(
        lambda: not any(Path("/proc", str(pid)).exists() for pid in worker.components),
        WITHIN,
        "end of the components",
    )
    (other,) = await_working(storm)
    assert other.pid != worker.pid


def test_workers_outlive_their_supervisor_which_goes_on_with_them(
    storm: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    before = run(storm, topology_name, tmp_path / "notes")
    (supervisor,) = storm.supervisors
    name = supervisor.id
    supervisor.kill()
    assert supervisor.state == "stopped"
    assert storm.workers() == before
    supervisor.restart()
    assert supervisor.id == name
    assert storm.workers() == before
    # They do again what it says.
    with Nimbus(storm.nimbus_addresses) as nimbus:
        kill(nimbus, topology_name, wait=0)
    wait_until(lambda: not storm.workers(), WITHIN, "end of the worker")


def test_another_nimbus_takes_over_from_a_leader_that_was_killed(storm2: EmbeddedStorm) -> None:
    leader = storm2.leader
    assert leader is not None
    (other,) = set(storm2.nimbuses) - {leader}
    leader.kill()
    assert storm2.await_leader(30) is other
    leader.restart()
    assert leader.accepts
    assert storm2.leader is other


def test_what_was_hurt_is_repaired(storm2: EmbeddedStorm) -> None:
    storm2.nimbuses[0].kill()
    storm2.nimbuses[1].pause()
    storm2.supervisors[0].stop()
    assert [service.state for service in storm2.services].count("running") == 3
    storm2.repair()
    assert {service.state for service in storm2.services} == {"running"}
    assert storm2.leader is not None
    with Nimbus(storm2.nimbus_addresses) as nimbus:
        assert len(nimbus.cluster().supervisors) == 2


def test_nothing_is_left_when_it_was_stopped(
    own_storm: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    run(own_storm, topology_name, tmp_path / "notes", workers=2)
    assert len(processes_of(own_storm.data_dir)) > 6
    own_storm.stop()
    assert processes_of(own_storm.data_dir) == []
    assert not own_storm.data_dir.exists()


#: Starts a cluster and a topology, says where, and ends without a word.
OWNER = """
import os, signal, sys
from pathlib import Path
from embedded.test_storm import run
from pykafka.embedded import EmbeddedStorm
storm = EmbeddedStorm(sys.argv[1])
run(storm, "orphan", Path(sys.argv[2]), workers=2)
{before}
print(storm.data_dir, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""
ALL_DAEMONS = "for daemon in (*storm.nimbuses, *storm.supervisors): daemon.kill()"


@pytest.mark.skipif(sys.platform != "linux", reason="workers are found through /proc")
@pytest.mark.parametrize("before", ["", ALL_DAEMONS], ids=["all run", "all daemons were killed"])
def test_nothing_is_left_when_its_owner_is_killed(
    need_storm: None, storm_release: str, before: str, tmp_path: Path
) -> None:
    tests = str(Path(__file__).parent.parent)
    path = os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-c", OWNER.format(before=before), storm_release, str(tmp_path / "notes")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().decode().strip())
        # The workers and their components are there, whatever became of the daemons.
        assert len([each for each in processes_of(folder) if "plain_components" in each]) == 2
        owner.stdin.close()
        owner.wait(30)
    wait_until(lambda: not processes_of(folder), 20, "end of all processes")
    wait_until(lambda: not folder.exists(), 20, f"{folder} gone")


def test_a_zookeeper_can_be_shared(need_storm: None, storm_release: str) -> None:
    with EmbeddedZookeeper() as zookeeper:
        with EmbeddedStorm(
            storm_release, zookeeper=zookeeper, config={"storm.zookeeper.root": "/apart"}
        ) as storm:
            assert storm.zookeeper == zookeeper.address
            assert zookeeper.service not in storm.services
            assert storm.leader is not None
            with connected(zookeeper.address) as client:
                assert "apart" in client.get_children("/")
        assert zookeeper.running


def test_a_data_dir_is_kept_and_goes_on_with_its_topologies(
    need_storm: None, storm_release: str, topology_name: str, tmp_path: Path
) -> None:
    with EmbeddedStorm(storm_release, data_dir=tmp_path / "data") as storm:
        run(storm, topology_name, tmp_path / "notes")
        assert storm.keeps_data
    assert (tmp_path / "data").is_dir()
    with EmbeddedStorm(storm_release, data_dir=tmp_path / "data") as storm:
        (worker,) = await_working(storm)
        assert worker.topology_id.startswith(topology_name)


def test_one_that_does_not_start_says_why_and_leaves_no_process(
    need_storm: None, storm_release: str, tmp_path: Path
) -> None:
    with pytest.raises(ServiceStartError, match=r"no\.such\.Plugin") as caught:
        EmbeddedStorm(
            storm_release,
            data_dir=tmp_path / "data",
            config={"storm.thrift.transport": "no.such.Plugin"},
        )
    assert "Nimbus 0" in str(caught.value)
    assert processes_of(tmp_path / "data") == []


@pytest.mark.parametrize("number", ["nimbuses", "supervisors", "slots"])
def test_no_cluster_is_without_any(number: str) -> None:
    with pytest.raises(InvalidOptionError, match=f"{number}=0"):
        EmbeddedStorm(**{number: 0})


def test_an_unknown_release_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidOptionError, match=r"'1\.2\.3'.*2\.8\.3"):
        EmbeddedStorm("1.2.3")


@pytest.fixture
def need_storm(storm_release: str, storm: EmbeddedStorm) -> None:
    """Ends the test if what it needs cannot be had."""
