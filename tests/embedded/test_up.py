"""``pykafka up`` as someone at a terminal meets it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from pykafka.embedded.waiting import wait_until

pytest.importorskip("click")
pytestmark = pytest.mark.usefixtures("kafka")


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from pykafka.cli.up import up; up()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """What it printed up to the line that matches."""
    text = ""
    for line in output(process):
        text += line
        if re.search(pattern, line):
            return text
    raise AssertionError(f"no {pattern!r} in:\n{text}")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


def ports(text: str) -> list[int]:
    return [int(port) for port in re.findall(r"\(port (\d+)\)", text)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_tells_addresses_and_states_and_ends_in_order(
    kafka_release: str, number: signal.Signals
) -> None:
    with command("--kafka", kafka_release) as process:
        text = read_until(process, "broker 0 .*: running")
        assert re.search(r"bootstrap +127\.0\.0\.1:\d+\n", text)
        process.send_signal(number)
        assert output(process).read() == "stopping\nstopped\n"
        assert process.wait(30) == 0
    assert ports(text)
    assert not any(listens(port) for port in ports(text))


def test_a_broker_that_dies_is_told_with_the_end_of_its_log(kafka_release: str) -> None:
    with command("--kafka", kafka_release) as process:
        port = ports(read_until(process, "broker 0 .*: running"))[-1]
        kill_the_server_on(port)
        assert "stopped with status -9" in read_until(process, "broker 0 .*: stopped")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def kill_the_server_on(port: int) -> None:
    """SIGKILL the broker whose configuration has this port."""
    listing = subprocess.run(
        ["ps", "-eo", "pid,args", "-ww"], capture_output=True, text=True, check=True
    )
    for line in listing.stdout.splitlines():
        configuration = re.search(r"kafka\.Kafka (\S+server\.properties)$", line.strip())
        if configuration is None or "guard.py" in line:
            continue
        if str(port) in Path(configuration.group(1)).read_text():
            os.kill(int(line.split(maxsplit=1)[0]), signal.SIGKILL)
            return
    raise AssertionError(f"no broker on port {port} in:\n{listing.stdout}")


def test_killed_it_leaves_no_server_behind(kafka_release: str) -> None:
    with command("--kafka", kafka_release, "--brokers", "2") as process:
        found = ports(read_until(process, "broker 1 .*: running"))
        assert len(found) == 3
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        wait_until(lambda: not any(listens(port) for port in found), 15, "all servers gone")


def test_zookeeper_runs_alone() -> None:
    with command("--zookeeper-only") as process:
        (port,) = ports(read_until(process, "ZooKeeper .*: running"))
        assert listens(port)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--kafka", "newest"], 1, "'newest' is no version"),
        (["--brokers", "0"], 2, "--brokers"),
        (["--config", "novalue"], 2, "'novalue' is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(arguments: list[str], status: int, said: str) -> None:
    with command(*arguments) as process:
        text, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert said in text
    assert "Traceback" not in text
