"""What can happen to a component's process, whatever it is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from storm_side import WITHIN, Task

ECHO = """
from pykafka.storm.bolt import Bolt
class Subject(Bolt):
    def process(self, tup):
        CODE
        self.emit([tup.values.word])
"""


def echo(code: str) -> str:
    return ECHO.replace("CODE", code)


PRINTS = [
    'print(\'end\'); print(\'{"command":"ack","id":"1"}\\nend\')',
    "import os; os.write(1, b'raw')",
    "import subprocess; subprocess.run(['echo', 'child'])",
    "import sys; sys.__stdout__.write('stdout'); sys.__stdout__.flush()",
]


@pytest.mark.parametrize("code", PRINTS)
def test_what_is_printed_does_not_reach_the_protocol(tmp_path: Path, code: str) -> None:
    with Task(echo(code), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]
        assert task.receive() == {"command": "ack", "id": "1"}
        assert task.hang_up() == 2
        assert task.errors().strip()


def test_what_is_read_from_standard_input_is_nothing(tmp_path: Path) -> None:
    with Task(echo("import sys; assert sys.stdin.read() == ''"), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]


def test_a_full_stderr_blocks_nobody(tmp_path: Path) -> None:
    """Storm reads it only when it has a message for the component."""
    code = "import sys; print('x' * 5_000_000, file=sys.stderr); print('the end', file=sys.stderr)"
    with Task(echo(code), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]
        task.send(task.tuple("2", "cat"))
        assert task.until("emit")["tuple"] == ["cat"]


def test_metrics_are_logged_and_not_sent(tmp_path: Path) -> None:
    """Storm ends the worker when it gets one that Java code has not registered."""
    with Task(echo("self.report_metric('speed', 88)"), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive() == {"command": "log", "msg": "metric speed: 88", "level": 2}


def test_metrics_are_sent_where_that_is_switched_on(tmp_path: Path) -> None:
    conf = {"pykafka.storm.metrics": True}
    with Task(echo("self.report_metric('speed', 88)"), tmp_path, conf=conf) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive() == {"command": "metrics", "name": "speed", "params": 88}


def test_logging_goes_to_storm(tmp_path: Path) -> None:
    code = "import logging; self.logger.info('a %s', 'b'); logging.getLogger('x').error('c')"
    with Task(echo(code + "; self.logger.debug('d')"), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        first, second = task.receive(), task.receive()
        assert (first["level"], "a b" in first["msg"]) == (2, True)
        assert (second["level"], "c" in second["msg"]) == (4, True)
        assert task.receive()["command"] == "emit"


def test_logging_from_another_thread_goes_to_storm(tmp_path: Path) -> None:
    code = (
        "import threading; t = threading.Thread(target=self.log, args=('hi',)); t.start(); t.join()"
    )
    with Task(echo(code), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        assert task.until("log")["msg"] == "hi"


def test_logging_to_a_file(tmp_path: Path) -> None:
    conf = {"pystorm.log.path": str(tmp_path), "pystorm.log.file": "{component_name}-{task_id}.log"}
    with Task(echo("self.logger.warning('written')"), tmp_path, conf=conf) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["command"] == "emit"
        assert "WARNING - written" in (tmp_path / "subject-4.log").read_text()


def test_the_end_of_input(tmp_path: Path) -> None:
    source = echo("pass") + "\n    def close(self):\n        print('closed')\n"
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        task.until("ack")
        assert task.hang_up() == 2
        assert "closed" in task.errors()


def test_sigterm(tmp_path: Path) -> None:
    source = echo("pass") + "\n    def close(self):\n        print('closed')\n"
    with Task(source, tmp_path) as task:
        task.send(task.heartbeat())
        assert task.receive() == {"command": "sync"}
        task.process.send_signal(signal.SIGTERM)
        assert task.ended() == 143
        assert "closed" in task.errors()


def test_sigterm_while_nothing_returns(tmp_path: Path) -> None:
    with Task(echo("import time; time.sleep(1000)"), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        time.sleep(0.2)
        task.process.send_signal(signal.SIGTERM)
        assert task.ended() == 143


def test_threads_of_the_users_do_not_keep_the_process(tmp_path: Path) -> None:
    code = "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()"
    with Task(echo(code), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        task.until("ack")
        assert task.hang_up() == 2


@pytest.mark.parametrize("text", [b"hello\nend\n", b'{"a":\nend\n', b"\xff\xfe\nend\n"])
def test_a_message_that_is_no_json(tmp_path: Path, text: bytes) -> None:
    with Task(echo("pass"), tmp_path) as task:
        task.send_bytes(text)
        assert task.ended() == 1
        assert "is no JSON" in task.errors()


@pytest.mark.parametrize("message", [{"a": 1}, 5, {"comp": "c", "stream": "s", "tuple": 3}])
def test_a_message_that_is_no_tuple(tmp_path: Path, message: object) -> None:
    with Task(echo("pass"), tmp_path) as task:
        task.send(message)
        assert task.ended() == 1
        assert "not a tuple for a bolt" in task.errors()


def test_something_else_than_a_handshake(tmp_path: Path) -> None:
    with Task(echo("pass"), tmp_path, handshake=False) as task:
        task.send({"hello": 1})
        assert task.ended() == 1
        assert "not Storm's handshake" in task.errors()


def test_no_handshake_at_all(tmp_path: Path) -> None:
    with Task(echo("pass"), tmp_path, handshake=False) as task:
        assert task.hang_up() == 2


START_FAILURES = {
    "import missing_module": "ModuleNotFoundError",
    "this is no Python": "SyntaxError",
    "Other = 1": "has no attribute 'Subject'",
    "Subject = 1": "is no spout or bolt",
    echo("pass") + "\n    def initialize(self, conf, context): 1 // 0": "ZeroDivisionError",
}


@pytest.mark.parametrize("source", START_FAILURES)
def test_a_component_that_does_not_start_tells_storm_why(tmp_path: Path, source: str) -> None:
    """The handshake is answered before the import, so that there is a connection to say it over;
    and the process stays until Storm says something, or Storm would find a closed pipe first."""
    with Task(source, tmp_path) as task:
        assert START_FAILURES[source] in task.until("error")["msg"]
        time.sleep(0.2)
        task.send(task.heartbeat())
        assert task.ended() == 1
        assert START_FAILURES[source] in task.errors()


def test_the_handshake_is_answered_before_the_import(tmp_path: Path) -> None:
    begin = time.monotonic()
    with Task("import time; time.sleep(3)\n" + echo("pass"), tmp_path) as task:
        assert time.monotonic() - begin < 3.0
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]


def test_bytes_one_by_one(tmp_path: Path) -> None:
    with Task(echo("pass"), tmp_path) as task:
        for byte in json.dumps(task.tuple("1", "dög")).encode() + b"\nend\n":
            task.send_bytes(bytes([byte]))
        assert task.receive()["tuple"] == ["dög"]


def test_a_component_that_is_run_by_itself(tmp_path: Path) -> None:
    """``if __name__ == "__main__": WordCount().run()``, as pystorm's are."""
    source = echo("pass") + "\nif __name__ == '__main__': Subject().run()\n"
    with Task(source, tmp_path, command=[sys.executable, "subject.py"]) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]


def test_what_was_printed_before_it_runs_does_not_reach_the_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python holds it back, as on a worker.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    source = f"print('early')\n{echo('pass')}\nSubject().run()\n"
    with Task(source, tmp_path, command=[sys.executable, "subject.py"]) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]
        task.hang_up()
        assert "early" in task.errors()


def test_what_never_returns_is_shown_before_storm_gives_up(tmp_path: Path) -> None:
    conf = {"topology.subprocess.timeout.secs": 1}
    with Task(echo("import time; time.sleep(3)"), tmp_path, conf=conf) as task:
        task.send(task.tuple("1", "dog"))
        assert task.receive()["tuple"] == ["dog"]
        task.hang_up()
        errors = task.errors()
        assert "nothing returned" in errors
        assert "in process" in errors


def test_stacks_on_demand(tmp_path: Path) -> None:
    with Task(echo("import time; time.sleep(1)"), tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        time.sleep(0.3)
        task.process.send_signal(signal.SIGUSR1)
        task.until("ack")
        task.hang_up()
        assert "in process" in task.errors()


def test_neither_side_waits_for_the_other_with_both_pipes_full(tmp_path: Path) -> None:
    """Storm may be writing while the component is: each has to read meanwhile."""
    source = """
from pykafka.storm.spout import Spout
class Subject(Spout):
    def next_tuple(self):
        for _ in range(2000):
            self.emit(["x" * 1000])
"""
    with Task(source, tmp_path) as task:
        task.send({"command": "next", "id": ""})
        time.sleep(0.3)
        # More than a pipe holds, while the spout's pipe is full.
        task.send(*({"command": "ack", "id": "y" * 200} for _ in range(1000)))
        for _ in range(1001):
            task.until_answer()


def test_usage(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "pykafka.storm.worker"],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
        cwd=tmp_path,
    )
    assert found.returncode == 1
    assert "usage" in found.stderr


def test_standard_error_may_be_a_file(tmp_path: Path) -> None:
    """As when somebody tries a component in a terminal."""
    with (tmp_path / "errors").open("w") as errors:
        errors.write("before\n")
        errors.flush()
        with Task(echo("print('hello')"), tmp_path, stderr=errors.fileno()) as task:
            task.send(task.tuple("1", "dog"))
            assert task.receive()["tuple"] == ["dog"]
            assert task.hang_up() == 2
    assert "hello" in (tmp_path / "errors").read_text()


def test_messages_right_behind_the_handshake(tmp_path: Path) -> None:
    with Task(echo("pass"), tmp_path, handshake=False) as task:
        handshake = {"pidDir": str(tmp_path), "conf": task.conf, "context": task.context}
        task.send(handshake, task.tuple("1", "dog"))
        assert task.receive() == {"pid": task.process.pid}
        assert task.receive()["tuple"] == ["dog"]
