"""What can be imported from where, as from streamparse, and what a worker does without."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import pykafka.storm

#: What people import from streamparse 5.0.1 and pystorm 3.1.4, by module.
STREAMPARSE = {
    "": (
        "BatchingBolt Bolt Grouping JavaBolt JavaSpout ReliableSpout ShellBolt ShellSpout Spout"
        " StormHandler Stream TicklessBatchingBolt Topology Tuple"
    ),
    ".bolt": "BatchingBolt Bolt JavaBolt ShellBolt TicklessBatchingBolt",
    ".spout": "JavaSpout ReliableSpout ShellSpout Spout",
    ".component": "Component StormHandler Tuple",
    ".dsl": "Grouping Stream Topology",
    ".thrift": "GlobalStreamId",
}


@pytest.mark.parametrize("module", STREAMPARSE)
def test_streamparses_names_are_where_they_were(module: str) -> None:
    found = importlib.import_module(f"pykafka.storm{module}")
    names = STREAMPARSE[module].split()
    assert [name for name in names if not hasattr(found, name)] == []
    assert set(names) <= set(found.__all__)


@pytest.mark.parametrize("module", STREAMPARSE)
def test_a_name_is_the_same_thing_wherever_it_is_imported_from(module: str) -> None:
    found = importlib.import_module(f"pykafka.storm{module}")
    for name in found.__all__:
        assert getattr(found, name) is getattr(pykafka.storm, name)


def test_running_without_storm_is_at_hand() -> None:
    assert callable(pykafka.storm.run_in_process)
    assert callable(pykafka.storm.wire)


@pytest.mark.parametrize("module", ["pykafka.storm.bolt", "pykafka.storm.spout"])
def test_a_worker_imports_nothing_of_topologies_for_a_component(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    others = ("topology", "nimbus", "in_process", "project", "deployment")
    assert not [
        name for name in loaded if name.startswith(tuple(f"pykafka.storm.{o}" for o in others))
    ]
    assert not {"thriftpy2", "click"} & set(loaded)
