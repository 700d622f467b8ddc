"""Components that speak Storm's multilang protocol with the standard library alone, and what a
topology of them is submitted as: for tests of what is below components.

This file is the only one in the jar.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any, NoReturn

#: What the spout emits, one at a time. (Before 2.6 Storm has no integers of more than 64 bits.)
VALUES: list[Any] = [
    *([1, [2, [3, "x"]]], {"a": {"b": [None, 1.5e-07]}}, [], {}),
    *(1e-06, 0.1 + 0.2, -9.46e-06, 8.4e24, 1.5, -0.0),
    *(None, True, "text", "\u00fc\u20ac", 7, -(2**63)),
]
#: Configuration: the folder where components write down what they do.
FOLDER = "test.folder"


# --- what runs on a worker ---


def spout() -> NoReturn:
    """Emits each of :data:`VALUES`, and notes what is acked."""
    notes = _start()
    pending = list(enumerate(VALUES))
    while True:
        command = _read()
        if command["command"] == "next" and pending:
            number, value = pending.pop(0)
            _send({"command": "emit", "tuple": [value], "id": str(number), "need_task_ids": False})
        elif command["command"] in {"ack", "fail", "deactivate"}:
            notes.note([command["command"], command.get("id")])
        _send({"command": "sync"})


def bolt() -> NoReturn:
    """Notes what it gets."""
    notes = _start()
    while True:
        got = _read()
        if got["stream"] == "__heartbeat":
            _send({"command": "sync"})
            continue
        notes.note(got["tuple"])
        _send({"command": "ack", "id": got["id"]})


def broken() -> NoReturn:
    """Cannot be started."""
    raise ImportError("no module named 'of_the_users_bolt'")


class _Notes:
    """A file of one JSON value a line: first the process id of the worker."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.note(os.getppid())

    def note(self, value: Any) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(value) + "\n")


def _start() -> _Notes:
    hello = _read()
    Path(hello["pidDir"], str(os.getpid())).touch()
    _send({"pid": os.getpid()})
    context = hello["context"]
    name = f"{context['componentid']}-{context['taskid']}"
    return _Notes(Path(hello["conf"][FOLDER], name))


def _read() -> Any:
    lines = []
    for line in sys.stdin:
        if line == "end\n":
            return json.loads("".join(lines))
        lines.append(line)
    sys.exit(0)


def _send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\nend\n")
    sys.stdout.flush()


# --- what is submitted ---


def make_jar(path: Path) -> Path:
    """A jar of this file."""
    with zipfile.ZipFile(path, "w") as jar:
        jar.write(__file__, f"resources/{Path(__file__).name}")
    return path


def make_topology(bolt: str = "bolt", bolts: int = 1) -> Any:
    """The ``StormTopology`` of one spout and a bolt, which is a function of this module."""
    from pykafka.storm.nimbus.structures import structures

    thrift = structures()

    def component(function: str) -> Any:
        module = Path(__file__).stem
        script = f"-cimport {module}; {module}.{function}()"
        shell = thrift.ShellComponent(execution_command=sys.executable, script=script)
        return thrift.ComponentObject(shell=shell)

    source = thrift.GlobalStreamId(componentId="spout", streamId="default")
    return thrift.StormTopology(
        spouts={
            "spout": thrift.SpoutSpec(
                spout_object=component("spout"),
                common=thrift.ComponentCommon(
                    inputs={},
                    streams={"default": thrift.StreamInfo(output_fields=["value"], direct=False)},
                    parallelism_hint=1,
                ),
            )
        },
        bolts={
            "bolt": thrift.Bolt(
                bolt_object=component(bolt),
                common=thrift.ComponentCommon(
                    inputs={source: thrift.Grouping(shuffle=thrift.NullStruct())},
                    streams={},
                    parallelism_hint=bolts,
                ),
            )
        },
        state_spouts={},
    )


def read_notes(folder: Path, component: str = "*") -> dict[str, list[Any]]:
    """What each task that has started has noted: the worker's process id, then the rest. Anew
    from there after each start."""
    notes = {path.name: path.read_text() for path in sorted(folder.glob(f"{component}-*"))}
    return {
        name: [json.loads(line) for line in text.splitlines()]
        for name, text in notes.items()
        if text.endswith("\n")
    }
