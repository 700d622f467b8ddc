"""The demo proves what it says: it ends well only if every line came back."""

from __future__ import annotations

import itertools
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from pykafka.client import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.message import Message

pytest.importorskip("rich")

RUN = Path(__file__).resolve().parents[2] / "demo" / "run.py"
WITHIN = 100
MEGABYTES = 0.3

Through = Callable[[Iterable[Message]], Iterator[Message]]


@pytest.fixture
def topic(kafka: EmbeddedKafka, topic_name: str) -> str:
    kafka.create_topic(topic_name, partitions=4)
    return topic_name


@pytest.fixture
def transfer(kafka: EmbeddedKafka, topic: str) -> Callable[[Through], tuple[int, str]]:
    """Run the demo's main part against the broker of the session: its status and output."""
    import run
    from rich.console import Console

    def transferred(through: Through) -> tuple[int, str]:
        console = Console(width=120)
        with KafkaClient(hosts=kafka.bootstrap) as client, console.capture() as captured:
            status = run.transfer(client, topic, MEGABYTES, "none", console, through)
        return status, captured.get()

    return transferred


def lose_one(messages: Iterable[Message]) -> Iterator[Message]:
    return (m for m in messages if (m.partition_id, m.offset) != (2, 17))


def double_one(messages: Iterable[Message]) -> Iterator[Message]:
    for message in messages:
        yield message
        if (message.partition_id, message.offset) == (2, 17):
            yield message


def change_one(messages: Iterable[Message]) -> Iterator[Message]:
    for message in messages:
        if (message.partition_id, message.offset) == (2, 17):
            message.value += b" "
        yield message


def swap_two(messages: Iterable[Message]) -> Iterator[Message]:
    held = None
    for message in messages:
        if (message.partition_id, message.offset) == (2, 17):
            held = message
            continue
        yield message
        if held is not None and message.partition_id == 2:
            yield held
            held = None


def test_lines_that_all_come_back_are_status_0(transfer: Callable[..., tuple[int, str]]) -> None:
    status, text = transfer(iter)
    assert status == 0, text
    assert re.search(r"Every one of [\d,]+ lines", text)
    assert "WRONG" not in text


@pytest.mark.parametrize("spoil", [lose_one, double_one, change_one, swap_two])
def test_a_line_that_is_not_as_it_was_is_status_1_and_is_found(
    transfer: Callable[..., tuple[int, str]], spoil: Through
) -> None:
    status, text = transfer(spoil)
    assert status == 1
    assert "Every one" not in text
    assert re.search(r"WRONG: partition 2.*(17|not what was sent)", text), text


def test_lines_that_do_not_arrive_at_the_end_are_found(
    transfer: Callable[..., tuple[int, str]],
) -> None:
    status, text = transfer(lambda messages: itertools.islice(messages, 1000))
    assert status == 1
    assert re.search(r"WRONG: partition \d: \d+ lines were sent, \d+ received", text)


def test_the_text_is_the_same_each_time() -> None:
    import corpus

    first = list(corpus.lines(0.2))
    assert first == list(corpus.lines(0.2))
    assert 200_000 <= sum(len(line) + 1 for _, line in first) < 250_000
    assert first[0][0] == b"__future__"


def test_a_library_that_is_too_small_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import corpus

    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_bytes(b"one\r\n\ntwo\n")
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "other.py").write_bytes(b"not ours\n")
    monkeypatch.setattr(corpus.sysconfig, "get_path", lambda name: str(tmp_path))
    assert list(corpus.lines(17e-6)) == [
        (b"package.module", b"one\r"),
        (b"package.module", b""),
        (b"package.module", b"two"),
        (b"package.module#2", b"one\r"),
        (b"package.module#2", b""),
        (b"package.module#2", b"two"),
    ]


@pytest.mark.usefixtures("kafka")  # what it starts is known to be here
def test_it_runs_by_itself() -> None:
    done = subprocess.run(
        [sys.executable, RUN, "--no-storm", "--megabytes", "0.5"],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every one of" in done.stdout
    assert done.stdout.count("│") > 20


@pytest.mark.usefixtures("kafka")
def test_ctrl_c_ends_it_and_its_servers() -> None:
    with subprocess.Popen(
        [sys.executable, "-u", RUN, "--no-storm", "--megabytes", "10000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = next(found for line in process.stdout if (found := re.search(r":(\d+)$", line)))
        assert any(line.startswith("produced") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WITHIN)
    assert process.returncode == 130
    assert "Traceback" not in errors
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", int(ready[1]))),
    ):
        pass


def test_a_missing_package_is_named_and_is_status_1() -> None:
    program = (
        "import runpy, sys; sys.modules['rich'] = None; "
        f"sys.path.insert(0, {str(RUN.parent)!r}); "
        f"runpy.run_path({str(RUN)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=WITHIN, check=False
    )
    assert done.returncode == 1
    assert "missing: the package rich" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--megabytes", "0"], ["--brokers", "x"], ["--what"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, RUN, *arguments], capture_output=True, timeout=WITHIN, check=False
    )
    assert done.returncode == 2
    assert b"usage: run.py" in done.stderr
