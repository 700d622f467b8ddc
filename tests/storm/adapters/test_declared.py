"""Adapters in topologies of streamparse, with streams of one's own, and without what they need."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SPECS = """
import json
from pykafka.storm.adapters.streamparse import KafkaSpout
from streamparse import Bolt, Grouping, Stream, Topology


class Lines(KafkaSpout):
    topics = ["lines"]
    group = "words"
    fields = ["line", "key"]
    config = {"topology.max.spout.pending": 10}


class Routed(KafkaSpout):
    topics = ["lines"]
    group = "words"
    outputs = [Stream(["word"]), Stream(["line"], name="bad")]

    def translator(self, message):
        return [message.value], "bad"


class Words(Bolt):
    outputs = ["word"]


class Counting(Topology):
    lines = Lines.spec(par=3)
    other = Lines.spec(fields=["text"], max_tries=5, decoder=json.loads, config={"a": 1})
    routed = Routed.spec(name="routed-lines")
    plain = KafkaSpout.spec(topics=["t"], group="g", fields=["offset"])
    words = Words.spec(inputs={lines: Grouping.fields("line"), routed["bad"]: Grouping.SHUFFLE,
                               other: Grouping.fields("text")})


def told(spout):
    shell = spout.spout_object.shell
    streams = {name: stream.output_fields for name, stream in spout.common.streams.items()}
    conf = json.loads(spout.common.json_conf)
    return [shell.execution_command, shell.script, spout.common.parallelism_hint, streams, conf]


print(json.dumps({name: told(spout) for name, spout in Counting.thrift_spouts.items()}))
try:
    Lines.spec(topic="lines")
except Exception as error:
    print(json.dumps(str(error)))
"""
#: Commands for a spout, and what it says to them.
STREAMS = """
import io, json, sys
from pykafka.storm.adapters.pystorm import KafkaSpout
from pykafka.storm.exceptions import SerializationError

COMMANDS = [
    {"pidDir": ".", "conf": {}, "context": {"taskid": 1, "componentid": "s"}},
    {"command": "next"}, {"command": "ack", "id": "a/0/1"}, {"command": "deactivate"},
]


class Engine:
    def __init__(self, host):
        self.host, self.heard = host, []
        self.start = lambda: None

    def next(self):
        self.host.emit_message([1, "a"], "a/0/1", None)
        self.host.tell("some news", "warn")
        self.host.show("some trouble")
        try:
            self.host.emit_message([object()], "a/0/2", None)
        except SerializationError as error:
            self.heard.append("rejected")
        self.host.emit([2], stream="other", direct_task=7)
        return 2

    def __getattr__(self, name):
        return lambda *values: self.heard.append([name, *values])


class Subject(KafkaSpout):
    def make_engine(self, conf, context):
        return Engine(self)


if sys.argv[1] == "msgpack":
    import msgpack
    given = b"".join(map(msgpack.packb, COMMANDS))
    read = lambda data: list(msgpack.Unpacker(io.BytesIO(data)))
else:
    given = b"".join(json.dumps(each).encode() + b"\\nend\\n" for each in COMMANDS)
    read = lambda data: [json.loads(part) for part in data.decode().split("\\nend\\n")[:-1]]
outgoing = io.BytesIO()
spout = Subject(io.BytesIO(given), outgoing, serializer=sys.argv[1])
try:
    spout.run()
except SystemExit as end:
    print(json.dumps([end.code, read(outgoing.getvalue()), spout.engine.heard]))
"""


def run(commands: Path, folder: Path, program: str, *arguments: str) -> list[Any]:
    """What a program in the environment prints, line for line."""
    (folder / "program.py").write_text(program)
    done = subprocess.run(
        [commands / "python", "program.py", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_specs_in_a_topology_of_streamparse(commands: Path, tmp_path: Path) -> None:
    # Workers import it by this name.
    (tmp_path / "spouts.py").write_text(SPECS)
    told, refused = run(commands, tmp_path, "import spouts")
    launched = "streamparse_run"
    pending = {"topology.max.spout.pending": 10}
    assert told == {
        "lines": [launched, "spouts.Lines", 3, {"default": ["line", "key"]}, pending],
        "other": [
            launched,
            "spouts.Lines",
            1,
            {"default": ["text"]},
            {
                "a": 1,
                "pykafka.spout.fields": ["text"],
                "pykafka.spout.max_tries": 5,
                "pykafka.spout.decoder": "json.loads",
            },
        ],
        "routed-lines": [
            launched,
            "spouts.Routed",
            1,
            {"default": ["word"], "bad": ["line"]},
            {},
        ],
        "plain": [
            launched,
            "pykafka.storm.adapters.streamparse.KafkaSpout",
            1,
            {"default": ["offset"]},
            {
                "pykafka.spout.topics": ["t"],
                "pykafka.spout.group": "g",
                "pykafka.spout.fields": ["offset"],
            },
        ],
    }
    assert "Lines has no option 'topic'" in refused


@pytest.mark.parametrize("serializer", ["json", "msgpack"])
def test_streams_of_ones_own(serializer: str, commands: Path, tmp_path: Path) -> None:
    ((status, said, heard),) = run(commands, tmp_path, STREAMS, serializer)
    assert status == 2
    sync = {"command": "sync"}
    assert said[0].keys() == {"pid"}
    assert said[1]["command"] == "log"
    # The last one is pystorm's: Storm is gone.
    assert said[2:-1] == [
        {"command": "emit", "tuple": [1, "a"], "id": "a/0/1", "need_task_ids": False},
        {"command": "log", "msg": "some news", "level": 3},
        {"command": "log", "msg": "some trouble", "level": 4},
        {"command": "error", "msg": "some trouble"},
        {
            "command": "emit",
            "tuple": [2],
            "stream": "other",
            "task": 7,
            "need_task_ids": False,
        },
        *[sync] * 3,
    ]
    assert heard == ["rejected", ["ack", "a/0/1"], ["deactivate"], ["close"]]


@pytest.mark.parametrize("package", ["streamparse", "pystorm"])
def test_without_the_package_it_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"pykafka.storm.adapters.{package}"
    for module in (package, name, "pykafka.storm.adapters.bridging"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"{name} cannot be used: .*: pip install '{package}>="):
        importlib.import_module(name)
