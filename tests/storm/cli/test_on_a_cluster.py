"""The commands of ``pykafka storm`` that ask Nimbus, on a real cluster."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line
from storm_services import Storms
from worked_components import WORDS, submit_word_count

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.ports import free_ports
from pykafka.embedded.waiting import wait_until
from pykafka.storm.exceptions import ComponentStartError
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.starting import await_started

pytest.importorskip("click")
pytest.importorskip("rich")

#: Of the cluster, as of that of tests/storm/nimbus: executors tell soon.
SOON = {"executor.metrics.frequency.secs": 2}
#: Of a topology: they count every tuple.
EXACTLY = {"topology.stats.sample.rate": 1.0}


class OnCluster:
    """``pykafka storm COMMAND --nimbus ...``."""

    def __init__(self, addresses: list[str]) -> None:
        self.program = Program("pykafka", "storm")
        self.nimbus = ["--nimbus", ",".join(addresses)]

    def output(self, command: str, *arguments: str) -> str:
        return self.program.output(command, *self.nimbus, *arguments)

    def json(self, command: str, *arguments: str) -> object:
        return json.loads(self.output(command, *arguments, "--json"))

    def fails(self, command: str, *arguments: str, says: tuple[str, ...]) -> None:
        failed_in_one_line(self.program.run(command, *self.nimbus, *arguments), *says)


@pytest.fixture
def storm(embedded_storm: Storms, storm_release: str) -> EmbeddedStorm:
    return embedded_storm(storm_release, config=SOON)


@pytest.fixture
def commands(storm: EmbeddedStorm) -> OnCluster:
    return OnCluster(storm.nimbus_addresses)


@pytest.fixture
def nimbus(storm: EmbeddedStorm) -> Iterator[Nimbus]:
    with Nimbus(storm.nimbus_addresses) as found:
        yield found


@pytest.mark.slow
def test_a_topology_from_its_start_to_its_end(
    storm: EmbeddedStorm, nimbus: Nimbus, commands: OnCluster, topology_name: str, tmp_path: Path
) -> None:
    name = topology_name
    assert commands.output("list").startswith("No topologies at Nimbus 127.0.0.1:")
    submit_word_count(nimbus, name, tmp_path, EXACTLY)
    # Its worker takes some seconds to start.
    early = commands.json("stats", "-n", name)
    assert not early["reported"]
    assert {(c["id"], c["kind"], c["emitted"]) for c in early["components"]} == {
        ("words", "spout", None),
        ("count", "bolt", None),
    }
    assert "No worker has told the counts" in commands.output("stats", "-n", name)
    told: list[str] = []
    await_started(nimbus, name, WITHIN, told.append, settled=0.5)
    assert told[-1] == "4 of 4 executors are up, on 1 worker"

    (shown,) = commands.json("list")
    assert (shown["name"], shown["status"], shown["workers"]) == (name, "ACTIVE", 1)
    assert (shown["executors"], shown["errors"], shown["last_error"]) == (4, 0, None)
    assert commands.output("list").splitlines()[2].split()[:2] == [name, "ACTIVE"]
    assert commands.output("deactivate", name) == f"{name} was ACTIVE, and is INACTIVE now.\n"
    assert commands.output("deactivate", "-n", name) == f"{name} is INACTIVE already.\n"
    assert "is ACTIVE now" in commands.output("activate", "-N", name)
    wait_until(
        lambda: {c.acked for c in nimbus.topology_report(name).components} == {WORDS},
        WITHIN,
        "counts",
    )
    _check_stats(commands, name)
    _check_workers(storm, commands, name)
    _check_rebalance(commands, name)

    lines = commands.output("kill", name, "--wait", "0").splitlines()
    assert lines == [f"{name} ends in 0 s.", f"{name} is gone."]
    commands.fails("kill", name, says=(f"no topology {name!r}", "running: none"))


def _check_stats(commands: OnCluster, name: str) -> None:
    whole = commands.json("stats", "-n", name, "--window", "10m")
    assert (whole["reported"], whole["window"]) == (True, "600")
    text = commands.output("stats", "-n", name)
    assert "No worker has told" not in text
    assert [line.split()[:4] for line in text.splitlines() if line.startswith("words")] == [
        ["words", "1", "1", str(WORDS)]
    ]
    bolt = commands.json("stats", "-n", name, "-c", "count")
    assert (bolt["executors"], bolt["executed"]) == (2, WORDS)
    assert sum(each["executed"] for each in bolt["by_executor"]) == WORDS
    assert [(s["source"], s["executed"]) for s in bolt["streams"] if s["source"]] == [
        ("words", WORDS)
    ]
    text = commands.output("stats", "-n", name, "-c", "count")
    for head in ("Bolt count", "Reads", "Emits", "Executors"):
        assert f"\n{head}\n" in text
    commands.fails("stats", "-n", name, "-c", "cuont", says=("no 'cuont'", "words, count"))
    cluster = commands.json("stats")
    assert [each["leads"] for each in cluster["nimbuses"]] == [True]
    assert [each["used_slots"] for each in cluster["supervisors"]] == [1]
    assert [each["name"] for each in cluster["topologies"]] == [name]
    arguments = ["stats", *commands.nimbus, "-n", name, "--json", "--watch", "0.1"]
    with commands.program.start(*arguments) as process:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline())["name"] for _ in range(2)] == [name] * 2
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 0


def _check_workers(storm: EmbeddedStorm, commands: OnCluster, name: str) -> None:
    (worker,) = storm.workers()
    ((usage),) = commands.json("slot-usage")
    assert (usage["slots"], usage["used"]) == (3, 1)
    assert usage["topologies"] == [{"topology": name, "workers": 1, "executors": 4}]
    assert commands.output("slot-usage").endswith("2 of 3 slots free.\n")
    (shown,) = commands.json("worker-uptime")
    assert (shown["topology"], shown["port"]) == (name, worker.port)
    assert shown["tasks"] == {"__acker": 1, "words": 1, "count": 2}
    assert f" {name} " in commands.output("worker-uptime")
    # The cluster is on this machine: no ssh is needed.
    logged = commands.output("tail", name, "-l", "1000")
    assert f"127.0.0.1:{worker.topology_id}/{worker.port}/worker.log: " in logged
    assert "got word1" in logged


def _check_rebalance(commands: OnCluster, name: str) -> None:
    commands.fails("rebalance", name, "-p", "cuont=1", says=("no 'cuont'", "count, words"))
    commands.fails("rebalance", name, "-p", "count=3", says=("'count'", "has 2 tasks"))
    assert commands.program.run("rebalance", name, "-p", "count").returncode == 2
    arguments = ["--wait", "0", "-w", "2", "-p", "count=1"]
    first, last = commands.output("rebalance", name, *arguments).splitlines()
    assert first == f"{name} is spread anew in 0 s."
    assert last == f"{name} is ACTIVE, with 2 workers and 3 executors (Storm's own among them)."


def test_what_does_not_import_comes_back_with_the_workers_traceback(
    nimbus: Nimbus, commands: OnCluster, topology_name: str, tmp_path: Path
) -> None:
    submit_word_count(nimbus, topology_name, tmp_path, bolt="CuontBolt")
    with pytest.raises(ComponentStartError) as caught:
        await_started(nimbus, topology_name, WITHIN)
    error = caught.value
    assert (error.component, error.host) == ("count", "127.0.0.1")
    first, *rest = str(error).splitlines()
    assert first == (
        f"component 'count' of topology {topology_name!r} failed on 127.0.0.1:{error.port}:"
    )
    assert "Traceback (most recent call last):" in rest
    assert "CuontBolt" in rest[-1]
    assert "\tat " not in str(error)
    text = commands.output("stats", "-n", topology_name)
    assert "CuontBolt" in text
    (shown,) = commands.json("list")
    assert shown["errors"] > 0


def test_where_there_is_no_nimbus_its_address_is_named() -> None:
    (port,) = free_ports(1)
    nowhere = OnCluster([f"127.0.0.1:{port}"])
    for command in ("list", "stats", "slot-usage", "worker-uptime"):
        nowhere.fails(command, says=(f"127.0.0.1:{port}", "no connection"))
    for command in ("kill", "activate", "deactivate", "rebalance", "tail", "remove-logs"):
        nowhere.fails(command, "any", says=(f"127.0.0.1:{port}", "no connection"))
