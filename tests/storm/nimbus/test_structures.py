"""Topologies as Thrift structures: the IDL, the bytes, and the way back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from storm_oracle import StormOracle, StormRefusedError
from topology_parts import CountBolt, EverythingTopology, WordCount, WordSpout

from pykafka.exceptions import MalformedDataError
from pykafka.storm.exceptions import TopologyError
from pykafka.storm.nimbus.structures import (
    Launcher,
    deserialized,
    serialized,
    specs_of,
    structures,
    topology_structure,
)
from pykafka.storm.topology import JavaSpoutSpec, ShellBoltSpec, ShellSpoutSpec, Topology

#: The structures of the IDL, each compared with Storm's class of that name.
STRUCTURES = [
    "Bolt",
    "ComponentCommon",
    "ComponentObject",
    "GlobalStreamId",
    "Grouping",
    "JavaObject",
    "JavaObjectArg",
    "NullStruct",
    "SharedMemory",
    "ShellComponent",
    "SpoutSpec",
    "StateSpoutSpec",
    "StormTopology",
    "StreamInfo",
]
#: As Java counts them; by default a field is neither.
REQUIRED = 1
#: thriftpy2's own number for what is the same as a string to Java and on the wire.
BINARY, STRING = 18, 11


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_idl_says_what_storm_says(storm_java: StormOracle, name: str) -> None:
    theirs = {}
    for field in storm_java.ask("fields", name).split():
        number, field_name, kind, requirement = field.split(":")
        theirs[int(number)] = (int(kind), field_name, int(requirement) == REQUIRED)
    ours = {
        number: (STRING if spec[0] == BINARY else spec[0], spec[1], spec[-1])
        for number, spec in getattr(structures(), name).thrift_spec.items()
    }
    assert ours == theirs


def test_the_idl_has_no_other_structures() -> None:
    assert (
        sorted(
            each.__name__
            for each in structures().__thrift_meta__["structs"]
            + structures().__thrift_meta__["unions"]
        )
        == STRUCTURES
    )


def test_the_structure_of_a_component() -> None:
    made = topology_structure(WordCount, Launcher("/bin/py", "run {class_path}"))
    spout = made.spouts["word_spout"]
    assert spout.spout_object.shell.execution_command == "/bin/py"
    assert spout.spout_object.shell.script == "run topology_parts.WordSpout"
    bolt = made.bolts["count_bolt"]
    assert bolt.common.parallelism_hint == 2
    assert json.loads(bolt.common.json_conf) == {"topology.tick.tuple.freq.secs": 1}
    assert bolt.common.streams["default"].output_fields == ["word", "count"]
    assert bolt.common.streams["default"].direct is False
    source = structures().GlobalStreamId(componentId="word_spout", streamId="default")
    assert bolt.common.inputs[source].fields == ["word"]
    assert made.state_spouts == {}


def test_the_topologys_own_attributes_are_the_structures() -> None:
    whole = topology_structure(WordCount)
    assert WordCount.thrift_topology == whole
    assert WordCount.thrift_spouts == whole.spouts
    assert WordCount.thrift_bolts == whole.bolts


def test_par_goes_by_the_environment() -> None:
    class Sized(Topology):
        words = WordSpout.spec(par={"prod": 4, "beta": 1})

    assert (
        topology_structure(Sized, environment="prod").spouts["words"].common.parallelism_hint == 4
    )
    with pytest.raises(TopologyError, match="no environment is named"):
        topology_structure(Sized)


def test_java_decodes_and_encodes_the_same(storm_java: StormOracle) -> None:
    ours = topology_structure(EverythingTopology)
    theirs = bytes.fromhex(storm_java.ask("again", serialized(ours).hex()))
    assert deserialized(theirs) == ours
    assert len(theirs) == len(serialized(ours))


def test_storm_takes_what_passes_our_checks(storm_java: StormOracle) -> None:
    for topology in (WordCount, EverythingTopology):
        storm_java.ask("validate", serialized(topology.thrift_topology).hex())


class _Unchecked(Topology, abstract=True):
    """What our checks would refuse."""

    words = WordSpout.spec()
    counts = CountBolt.spec(inputs=["words"])


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (
            lambda made: made.bolts.update(__x=made.bolts["counts"]),
            "__x is not a valid component id",
        ),
        (lambda made: made.spouts.update(counts=made.spouts["words"]), "Duplicate component ids"),
        (lambda made: made.spouts.clear(), "subscribes from non-existent component"),
        (lambda made: made.spouts["words"].common.streams.clear(), "from non-existent stream"),
        (
            lambda made: made.spouts["words"].common.streams.update(
                __y=made.spouts["words"].common.streams["default"]
            ),
            "__y is not a valid stream id",
        ),
        (
            lambda made: next(iter(made.bolts["counts"].common.inputs.values())).__init__(
                fields=["wrod"]
            ),
            "non-existent fields",
        ),
    ],
)
def test_storm_refuses_what_our_checks_refuse(
    storm_java: StormOracle, spoil: Any, complaint: str
) -> None:
    """The other way round: what is checked here is what Storm checks as well."""
    made = topology_structure(_Unchecked)
    spoil(made)
    with pytest.raises(StormRefusedError, match=complaint):
        storm_java.ask("validate", serialized(made).hex())


def test_written_to_a_file_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "topology"
    EverythingTopology.write(path)
    EverythingTopology.write(str(path))
    buffer = io.BytesIO()
    EverythingTopology.write(buffer)
    assert buffer.getvalue() == path.read_bytes()
    for source in (path, str(path), io.BytesIO(buffer.getvalue())):
        found = Topology.read(source)
        assert found.thrift_topology == EverythingTopology.thrift_topology
        assert found is not Topology
        found.check()
    assert Topology.specs == []


def test_a_subclass_takes_over_what_it_reads() -> None:
    class Taken(WordCount):
        more = CountBolt.spec(inputs=["count_bolt"])

    buffer = io.BytesIO()
    EverythingTopology.write(buffer)
    buffer.seek(0)
    assert Taken.read(buffer) is Taken
    assert Taken.thrift_topology == EverythingTopology.thrift_topology
    Taken.check()


def test_what_is_read_are_specs_again() -> None:
    content = serialized(EverythingTopology.thrift_topology)
    specs = {spec.name: spec for spec in specs_of(deserialized(content))}
    words, java, counts = specs["words"], specs["java_words"], specs["count-bolt"]
    assert isinstance(words, ShellSpoutSpec)
    assert (words.command, words.class_path) == ("python3", None)
    assert isinstance(java, JavaSpoutSpec)
    assert java.args_list == ["a", 1, 2**40, 1.5, True, b"\x00\xff"]
    assert [type(each) for each in java.args_list] == [str, int, int, float, bool, bytes]
    assert isinstance(counts, ShellBoltSpec)
    assert counts.inputs == EverythingTopology.counts.inputs
    assert counts.outputs == EverythingTopology.counts.outputs


CONTENT = serialized(topology_structure(EverythingTopology))


def test_truncated_bytes_are_no_topology() -> None:
    for length in range(len(CONTENT)):
        with pytest.raises(MalformedDataError, match="no StormTopology"):
            deserialized(CONTENT[:length])


@pytest.mark.parametrize("content", [b"", b"\x00", b"no topology at all", b"PK\x03\x04" * 9])
def test_bytes_of_something_else_are_no_topology(content: bytes) -> None:
    with pytest.raises(MalformedDataError, match="no StormTopology"):
        deserialized(content)


def test_a_stream_can_be_the_key_of_a_dictionary() -> None:
    stream = structures().GlobalStreamId
    assert {stream("a", "b"): 1}[stream("a", "b")] == 1
