"""``pykafka storm tail`` and ``remove-logs``: over real ssh, and in a folder."""

from __future__ import annotations

import getpass
import json
import os
import select
import signal
import time
from pathlib import Path

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line
from ssh_servers import SshServers

from pykafka.embedded.ports import HOST, free_ports

pytest.importorskip("click")
pytest.importorskip("rich")

STORM = Program("pykafka", "storm")
OLD, NEW = "wc-1-1700000000", "wc-2-1700000900"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """What two runs of ``wc``, one of ``other`` and one of ``wc-two`` have left."""
    folder = tmp_path / "logs"
    for run in (OLD, NEW, "other-3-1700001000", "wc-two-4-1700001100"):
        port = folder / "workers-artifacts" / run / "6700"
        port.mkdir(parents=True)
        (port / "worker.log").write_text("".join(f"{run} {n}\n" for n in range(30)))
        (port / "worker.yaml").write_text("worker-id: x\n")
    (folder / "pystorm_wc_count_3_77.log").write_text("counted it's\n")
    (folder / "pystorm_wc_count_3_77.log.1").write_text("counted before\n")
    (folder / "pystorm_wc-two_count_3_77.log").write_text("of another\n")
    return folder


def _project(folder: Path, servers: SshServers, workers: list[str], logs: Path) -> Path:
    folder.mkdir()
    environment = {
        "nimbus": "127.0.0.1:1",
        "workers": workers,
        "user": getpass.getuser(),
        "ssh_options": ["-F", str(servers.config)],
        "log": {"path": str(logs)},
    }
    path = folder / "config.json"
    path.write_text(json.dumps({"envs": {"prod": environment}}))
    return path


def test_the_last_lines_of_the_newest_run_come_with_host_and_file(logs: Path) -> None:
    lines = STORM.output("tail", "wc", "--local", str(logs), "-l", "2").splitlines()
    assert lines == [
        "localhost:pystorm_wc_count_3_77.log: counted it's",
        f"localhost:workers-artifacts/{NEW}/6700/worker.log: {NEW} 28",
        f"localhost:workers-artifacts/{NEW}/6700/worker.log: {NEW} 29",
    ]
    only = STORM.output("tail", "-n", "wc", "--local", str(logs), "--pattern", "pystorm.*_3_")
    assert only.splitlines() == lines[:1]


def test_no_logs_are_said_with_the_place(logs: Path) -> None:
    done = STORM.run("tail", "nobody", "--local", str(logs))
    failed_in_one_line(done, "'nobody'", "localhost", str(logs))


def test_every_host_is_shown_and_one_that_is_dead_is_named(
    logs: Path, tmp_path: Path, ssh_servers: SshServers
) -> None:
    one, two = (ssh_servers.start().address for _ in range(2))
    (port,) = free_ports(1)
    workers = [str(one), str(two), f"{HOST}:{port}"]
    config = _project(tmp_path / "project", ssh_servers, workers, logs)
    done = STORM.run("tail", "wc", "--config", str(config), "-l", "1")
    assert done.returncode == 1, done.stderr
    shown = done.stdout.splitlines()
    for host in (one, two):
        assert f"{host}:workers-artifacts/{NEW}/6700/worker.log: {NEW} 29" in shown
    assert f"Error: {HOST}:{port}: " in done.stderr
    assert "refused" in done.stderr


def test_following_shows_what_comes_and_leaves_nothing_behind(
    logs: Path, tmp_path: Path, ssh_servers: SshServers
) -> None:
    server = ssh_servers.start()
    config = _project(tmp_path / "project", ssh_servers, [str(server.address)], logs)
    worker = logs / "workers-artifacts" / NEW / "6700" / "worker.log"
    with STORM.start("tail", "wc", "-f", "--config", str(config), "-l", "1") as process:
        assert process.stdout is not None
        seen = _read_until(process.stdout.fileno(), b"29\n")
        with worker.open("a") as log:
            log.write("half ")
            log.flush()
            time.sleep(1)
            log.write("a line\nmore\n")
        worker.rename(worker.with_name("worker.log.1"))
        worker.write_text("after rolling\n")
        seen += _read_until(process.stdout.fileno(), b"after rolling\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 130
    texts = [line.partition(b": ")[2] for line in seen.splitlines()]
    assert texts.count(b"half a line") == texts.count(b"more") == 1
    deadline = time.monotonic() + WITHIN
    while (left := _children_of(server.process.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def _read_until(descriptor: int, end: bytes) -> bytes:
    seen, deadline = b"", time.monotonic() + WITHIN
    while end not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([descriptor], [], [], 0.1)[0]:
            got = os.read(descriptor, 65536)
            assert got, f"it ended: {seen!r}"
            seen += got
    return seen


def _children_of(guard: int) -> list[str]:
    """Whose sshd's sessions still run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rpartition(")")[2].split()
            parent = Path("/proc", words[1], "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(guard):
            found.append(str(status))
    return found


def test_logs_are_removed_once_that_is_confirmed(logs: Path) -> None:
    local = ["--local", str(logs)]
    done = STORM.run("remove-logs", "wc", *local)
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert "pystorm_wc_count_3_77.log.1" in done.stdout
    assert len(list(logs.glob("pystorm_*"))) == 3
    assert STORM.output("remove-logs", "wc", *local, "--yes").endswith("2 files removed.\n")
    assert [path.name for path in logs.glob("pystorm_*")] == ["pystorm_wc-two_count_3_77.log"]
    failed_in_one_line(STORM.run("remove-logs", "wc", *local), "4 files of its workers", "-w")


def test_all_that_workers_left_is_removed_of_that_topology_only(
    logs: Path, tmp_path: Path, ssh_servers: SshServers
) -> None:
    server = ssh_servers.start()
    config = _project(tmp_path / "project", ssh_servers, [str(server.address)], logs)
    text = STORM.output("remove-logs", "wc", "-w", "--yes", "--config", str(config))
    assert text.endswith("4 files removed.\n")
    assert sorted(path.parts[-3] for path in logs.rglob("worker.log")) == [
        "other-3-1700001000",
        "wc-two-4-1700001100",
    ]
    assert len(list(logs.rglob("worker.yaml"))) == 4
    STORM.output("remove-logs", "wc", "-A", "--yes", "--config", str(config))
    left = sorted(path.name for path in (logs / "workers-artifacts").iterdir())
    assert left == ["other-3-1700001000", "wc-two-4-1700001100"]


def test_wrong_arguments_are_usage(logs: Path) -> None:
    for arguments in (["--pattern", "("], ["-l", "-1"], ["-n", "other"]):
        done = STORM.run("tail", "wc", "--local", str(logs), *arguments)
        assert done.returncode == 2, arguments
