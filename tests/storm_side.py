"""Storm's side of a component's pipes, as ShellSpout and ShellBolt of Storm 2.8.3 behave."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: Seconds for a component to answer.
WITHIN = 20.0
_END = b"\nend\n"


class Task:
    """A component's process, started as Storm starts it, spoken to by a test.

    :param source: code of a module that has a class ``Subject``.
    """

    def __init__(
        self,
        source: str,
        folder: Path,
        *,
        conf: dict[str, Any] | None = None,
        context: dict[str, Any] | None = None,
        handshake: bool = True,
        command: list[str] | None = None,
        stderr: int = subprocess.PIPE,
    ) -> None:
        (folder / "subject.py").write_text(source)
        self.pid_dir = Path(tempfile.mkdtemp(dir=folder))
        self.process = subprocess.Popen(
            command
            or [sys.executable, "-cfrom pykafka.storm.worker import main; main('subject.Subject')"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        self._buffer = b""
        self.conf = {"topology.name": "test", **(conf or {})}
        self.context = {
            "taskid": 4,
            "componentid": "subject",
            "task->component": {"1": "__acker", "3": "source", "4": "subject"},
            "source->stream->fields": {"source": {"default": ["word"]}},
            **(context or {}),
        }
        if handshake:
            self.send({"pidDir": str(self.pid_dir), "conf": self.conf, "context": self.context})
            answer = self.receive()
            assert answer == {"pid": self.process.pid}
            assert (self.pid_dir / str(self.process.pid)).exists()

    def __enter__(self) -> Task:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(WITHIN)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def send(self, *messages: Any) -> None:
        """Write messages, in one system call."""
        self.send_bytes(b"".join(json.dumps(message).encode() + _END for message in messages))

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self, within: float = WITHIN) -> Any:
        """The next message; None if there is none within that time, or the process has ended."""
        assert self.process.stdout is not None
        until = time.monotonic() + within
        while _END not in self._buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                return None
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(_END)
        return json.loads(message)

    def query(self, command: str, tup_id: Any = "") -> list[Any]:
        """As ShellSpout: send a command; what comes until it is answered."""
        self.send({"command": command, "id": tup_id})
        return self.until_answer()

    def until_answer(self) -> list[Any]:
        """What comes before the next ``sync``."""
        said = []
        while True:
            message = self.receive()
            assert message is not None, f"no answer; so far: {said}"
            if message == {"command": "sync"}:
                return said
            said.append(message)

    def until(self, command: str) -> Any:
        """The next message of that command; others are passed over."""
        while True:
            message = self.receive()
            assert message is not None, f"no {command}"
            if message.get("command") == command:
                return message

    def tuple(
        self, tup_id: str, *values: Any, stream: str = "default", comp: str = "source"
    ) -> Any:
        """A tuple for a bolt."""
        return {"id": tup_id, "comp": comp, "stream": stream, "task": 3, "tuple": list(values)}

    def tick(self, tup_id: str) -> Any:
        return {"id": tup_id, "comp": "__system", "stream": "__tick", "task": -1, "tuple": [1]}

    def heartbeat(self) -> Any:
        return {"id": "77", "comp": None, "stream": "__heartbeat", "task": -1, "tuple": []}

    def hang_up(self) -> int:
        """Close standard input; the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.ended()

    def ended(self) -> int:
        """The exit status, waited for."""
        return self.process.wait(WITHIN)

    def errors(self) -> str:
        """Everything on standard error; the process must have ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()
