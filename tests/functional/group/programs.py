"""A member in a program of its own, which can be paused."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from functional.client.programs import program

__all__ = ["MemberProgram", "member_program"]

_SOURCE = """
    import json, sys
    from pykafka import KafkaClient

    hosts, topic, group, options = sys.argv[1:]
    client = KafkaClient(hosts)
    member = client.get_balanced_consumer(topic, group, **json.loads(options))
    print("ready")
    while True:
        message = member.consume()
        if message is not None:
            print(f"got {message.partition_id}:{message.offset}")
"""


class MemberProgram:
    """Reads for ever, and prints what it got."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def pause(self) -> None:
        """Stop all of it where it is."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def read(self, count: int) -> list[str]:
        """The next messages that it gets, as ``partition:offset``."""
        return [self._line("got ").split()[1] for _ in range(count)]

    def await_ready(self) -> None:
        """Return when it has joined."""
        self._line("ready")

    def _line(self, beginning: str) -> str:
        """The next line of that kind: what is logged stands between them."""
        assert self._process.stdout is not None
        line = "none yet"
        while line and not line.startswith(beginning):
            line = self._process.stdout.readline()
        assert line, "it has ended"
        return line


@contextmanager
def member_program(
    hosts: str, topic: str, group: str, options: Mapping[str, Any]
) -> Iterator[MemberProgram]:
    """A member of a group; returns when it has partitions."""
    with program(_SOURCE, hosts, topic, group, json.dumps(dict(options))) as process:
        member = MemberProgram(process)
        member.await_ready()
        yield member
