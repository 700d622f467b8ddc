"""Our command lines as child processes, which is how people meet them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from pykafka.client import KafkaClient

#: Seconds after which a command that should have ended has hung.
WITHIN = 60

#: What would change the commands if the tests' own environment had it.
_VARIABLES = ("PYKAFKA_HOSTS", "PYKAFKA_ZOOKEEPER", "PYKAFKA_IMPL", "COLUMNS")


class Program:
    """One of the command lines, with the arguments that all calls have."""

    def __init__(self, module: str, *first: str) -> None:
        self.command = [sys.executable, "-m", module, *first]

    def run(
        self, *arguments: str, input: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; output as text."""
        done = subprocess.run(
            [*self.command, *arguments],
            input=input,
            capture_output=True,
            timeout=WITHIN,
            check=False,
            env=_environment(env),
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def output(self, *arguments: str, input: bytes = b"") -> str:
        """Run it; what it printed if it went well."""
        done = self.run(*arguments, input=input)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run it; the JSON document that it printed."""
        return json.loads(self.output(*arguments))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start it, with pipes for its three streams; a context manager."""
        return subprocess.Popen(
            [*self.command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(None),
        )


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _VARIABLES}
    return {**kept, **(more or {})}


def fill(bootstrap: str, topic: str, values: Iterable[bytes]) -> None:
    """Produce values, in turn to partition 1, 2 ... 0."""
    with KafkaClient(hosts=bootstrap) as client, client.topics[topic].get_producer() as producer:
        for value in values:
            producer.produce(value)


def feed(bootstrap: str, topic: str, process: subprocess.Popen[bytes], lines: int) -> None:
    """Produce until a command that begins at the end, whenever it is ready, printed enough."""
    assert process.stdout is not None
    deadline = time.monotonic() + WITHIN
    with KafkaClient(hosts=bootstrap) as client, client.topics[topic].get_producer() as producer:
        seen = 0
        while seen < lines:
            assert time.monotonic() < deadline, f"{seen} lines within {WITHIN} s"
            producer.produce(b"news")
            producer.flush()
            while seen < lines and select.select([process.stdout], [], [], 0.05)[0]:
                got = os.read(process.stdout.fileno(), 65536)
                assert got, "it ended"
                seen += got.count(b"\n")


def failed_in_one_line(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Check that a command ended with status 1, printed nothing, and said why in one line."""
    assert done.returncode == 1, done
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    for part in parts:
        assert part in line
