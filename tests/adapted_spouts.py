"""Kafka spouts that streamparse and pystorm run, with a test in Storm's place."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from storm_side import Task

#: What there are adapters for.
KINDS = ["streamparse", "pystorm"]
#: Seconds for whatever is waited for.
WITHIN = 60.0
_SOURCE = """
import sys

print("printed while the module is loaded")

from pykafka.storm.adapters.{kind} import KafkaSpout
{before}

class Subject(KafkaSpout):
{body}


if __name__ == "__main__":
    Subject({arguments}).run()
"""


def source_of(kind: str, body: str, before: str = "", arguments: str = "", **options: Any) -> str:
    """A module with a spout.

    :param body: lines of the class, beside its options.
    :param before: lines before the class.
    :param arguments: of its construction, where pystorm runs it.
    """
    lines = [f"    {name} = {value!r}" for name, value in options.items()]
    lines += [f"    {line}" for line in body.splitlines()]
    return _SOURCE.format(
        kind=kind, before=before, body="\n".join(lines) or "    pass", arguments=arguments
    )


def command_of(kind: str, commands: Path) -> list[str]:
    """What starts that spout, within the folder of its module."""
    if kind == "streamparse":
        return [str(commands / "streamparse_run"), "subject.Subject"]
    return [str(commands / "python"), "subject.py"]


class AdaptedSpout(Task):
    """One task of such a spout.

    :ivar emits: id -> how often it was emitted (None of those without).
    :ivar values: the values of everything that was emitted, in order.
    :ivar said: everything else that it said.
    :ivar fresh: ids that were emitted since they were last asked for.
    """

    def __init__(self, source: str, folder: Path, command: list[str], **conf: Any) -> None:
        self.emits: Counter[str | None] = Counter()
        self.values: list[list[Any]] = []
        self.said: list[dict[str, Any]] = []
        self.fresh: list[str] = []
        conf = {"storm.id": "test-1", **conf}
        super().__init__(source, folder, conf=conf, command=command)

    def turn(self, command: str = "next", tup_id: Any = "") -> int:
        """One command; how many tuples it brought."""
        before = len(self.values)
        for message in self.query(command, tup_id):
            if message["command"] != "emit":
                self.said.append(message)
                continue
            assert message["need_task_ids"] is False
            self.values.append(message["tuple"])
            self.emits[message.get("id")] += 1
            if "id" in message:
                self.fresh.append(message["id"])
        return len(self.values) - before

    def drive(
        self,
        until: Callable[[], bool],
        settle: Callable[[str], str | None] = lambda _: "ack",
    ) -> None:
        """Ask for tuples, and settle them, until something holds.

        :param settle: id -> ``ack``, ``fail`` or neither.
        """
        deadline = time.monotonic() + WITHIN
        while not until():
            self.turn()
            new, self.fresh = self.fresh, []
            for id_ in new:
                verdict = settle(id_)
                if verdict is not None:
                    self.turn(verdict, id_)
            assert time.monotonic() < deadline, (self.values[-3:], self.said[-5:])

    def told(self, command: str) -> list[str]:
        """The texts of all that it logged (``log``), or of its errors (``error``)."""
        return [message["msg"] for message in self.said if message["command"] == command]
