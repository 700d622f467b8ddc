"""The same topology by streamparse 5.0.1 and here, with only the imports changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamparse_releases import NotFetchedError, install

from pykafka.storm.nimbus.structures import deserialized

pytestmark = pytest.mark.slow

SOURCE = """
from {package} import (
    Bolt, Grouping, JavaBolt, JavaSpout, ShellBolt, ShellSpout, Spout, Stream, Topology,
)
from {ids} import GlobalStreamId


class Words(Spout):
    outputs = ["word"]
    config = {{"topology.max.spout.pending": 10}}


class Split(Bolt):
    outputs = [Stream(["word", "length"]), Stream(["error"], name="errors"),
               Stream(["word"], name="chosen", direct=True)]
    par = 3


class Counts(Bolt):
    outputs = ["word", "count"]


class Everything(Topology):
    config = {{"topology.workers": 2}}
    words = Words.spec(par=4)
    java = JavaSpout.spec(name="java-words", full_class_name="com.example.Words",
                          args_list=["a", 1, 2**40, 1.5, True, b"\\x00\\xff"], outputs=["word"])
    frozen = JavaSpout.spec(serialized_java=b"\\xac\\xed", outputs=[Stream(["word"], name="x")])
    lines = ShellSpout.spec(command="ruby", script="lines.rb", outputs=["line", "number"])
    split = Split.spec(inputs=[words, java])
    counts = Counts.spec(
        name="count-bolt", par=2,
        config={{"topology.tick.tuple.freq.secs": 1, "b": ["x", None, {{"y": 1.5}}]}},
        inputs={{
            split: Grouping.fields("word", "length"),
            split["errors"]: Grouping.GLOBAL,
            split["chosen"]: Grouping.DIRECT,
            words: Grouping.ALL,
            java: Grouping.NONE,
            frozen["x"]: Grouping.LOCAL_OR_SHUFFLE,
            GlobalStreamId(componentId="shell", streamId="default"): Grouping.SHUFFLE,
        }},
    )
    shell = ShellBolt.spec(
        command="ruby", script="", outputs=["n"],
        inputs={{
            counts: Grouping.custom_object("com.example.Choice", ["x", 7, False, 0.5, b"y"]),
            lines: Grouping.custom_serialized(b"\\xac\\xed\\x00"),
        }},
    )
    sink = JavaBolt.spec(full_class_name="com.example.Sink", args_list=[], inputs=[shell])
"""

THEIRS = """
import sys, both
both.Everything.write(sys.stdout.buffer)
"""
OURS = """
import sys, both
from pykafka.storm.nimbus.structures import Launcher, serialized, topology_structure
launcher = Launcher("streamparse_run", "{class_path}")
sys.stdout.buffer.write(serialized(topology_structure(both.Everything, launcher)))
"""


@pytest.fixture(scope="module")
def streamparse(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Path:
    folder = tmp_path_factory.mktemp("streamparse")
    try:
        install(folder)
    except NotFetchedError as error:
        missing(f"streamparse 5.0.1: {error}")
    return folder


def _bytes(folder: Path, package: str, ids: str, program: str, path: list[str]) -> bytes:
    folder.mkdir()
    (folder / "both.py").write_text(SOURCE.format(package=package, ids=ids))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *path])}
    return subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
        env=environment,
    ).stdout


def test_the_bytes_are_those_of_streamparse(streamparse: Path, tmp_path: Path) -> None:
    theirs = _bytes(
        tmp_path / "theirs", "streamparse", "streamparse.thrift", THEIRS, [str(streamparse)]
    )
    ours = _bytes(tmp_path / "ours", "pykafka.storm", "pykafka.storm.topology", OURS, sys.path)
    assert deserialized(ours) == deserialized(theirs)
    # Theirs has the inputs of a bolt in another order, which means nothing.
    assert len(ours) == len(theirs)
