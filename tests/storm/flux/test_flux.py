"""Flux YAML: what it says, what it cannot say, and what Storm's own Flux makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from storm_oracle import StormOracle
from topology_parts import CountBolt, EverythingTopology, PrintBolt, SplitBolt, WordCount, WordSpout

from pykafka.storm.exceptions import TopologyError
from pykafka.storm.flux import flux_dict, to_flux
from pykafka.storm.nimbus.structures import deserialized, serialized, topology_structure
from pykafka.storm.topology import (
    GlobalStreamId,
    Grouping,
    JavaBolt,
    JavaSpout,
    Launcher,
    ShellBolt,
    ShellSpout,
    Stream,
    Topology,
)


class Many(Topology):
    """All that Flux can be told of processes."""

    config = {"topology.workers": 2, "topology.debug": True}
    words = WordSpout.spec(par=2, config={"topology.max.spout.pending": 10})
    lines = ShellSpout.spec(command="ruby", script="", outputs=[Stream(["a", "b"], name="more")])
    counts = CountBolt.spec(
        name="count-bolt",
        inputs={
            words: Grouping.fields("word"),
            ("lines", "more"): Grouping.fields("a", "b"),
            "count-bolt": Grouping.GLOBAL,
        },
        config={"topology.tick.tuple.freq.secs": 5, "a.list": ["x", "y"], "a.map": {"k": 1.5}},
    )
    printer = PrintBolt.spec(inputs={words: Grouping.ALL, counts: Grouping.NONE})
    both = ShellBolt.spec(
        command="ruby",
        script="x y",
        outputs=["n", Stream(["e"], name="errors")],
        inputs={words: Grouping.LOCAL_OR_SHUFFLE, counts: Grouping.SHUFFLE},
    )


def test_what_is_said_of_the_usual() -> None:
    launcher = Launcher("py", "run {class_path}")
    assert flux_dict(WordCount, "wc", {"topology.workers": 1}, launcher) == {
        "name": "wc",
        "config": {"topology.workers": 1},
        "spouts": [
            {
                "id": "word_spout",
                "className": "org.apache.storm.flux.wrappers.spouts.FluxShellSpout",
                "constructorArgs": [["py", "run topology_parts.WordSpout"]],
                "configMethods": [{"name": "setDefaultStream", "args": [["word"]]}],
                "parallelism": 1,
            }
        ],
        "bolts": [
            {
                "id": "count_bolt",
                "className": "org.apache.storm.flux.wrappers.bolts.FluxShellBolt",
                "constructorArgs": [["py", "run topology_parts.CountBolt"]],
                "configMethods": [
                    {"name": "setDefaultStream", "args": [["word", "count"]]},
                    {"name": "addComponentConfig", "args": ["topology.tick.tuple.freq.secs", 1]},
                ],
                "parallelism": 2,
            }
        ],
        "streams": [
            {
                "from": "word_spout",
                "to": "count_bolt",
                "grouping": {"type": "FIELDS", "streamId": "default", "args": ["word"]},
            }
        ],
    }


def test_text_and_dictionary_say_the_same() -> None:
    assert yaml.safe_load(to_flux(Many, "many")) == flux_dict(Many, "many")
    assert Many.to_flux_dict("many") == flux_dict(Many, "many")
    assert flux_dict(Many, "many")["config"] == Many.config


def test_flux_builds_the_topology_that_thrift_describes(
    storm_java: StormOracle, tmp_path: Path
) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(to_flux(Many, "many"))
    content, name, config = storm_java.ask("flux", str(path)).split(" ", 2)
    assert (name, config) == ("many", "{topology.debug=true, topology.workers=2}")
    built = deserialized(bytes.fromhex(content))
    ours = topology_structure(Many)
    for kind in ("spouts", "bolts"):
        theirs = getattr(built, kind)
        assert set(theirs) == set(getattr(ours, kind))
        for component, expected in getattr(ours, kind).items():
            assert _comparable(theirs[component].common) == _comparable(expected.common)
    # The command lines are within serialised Java objects.
    assert b"topology_parts.WordSpout" in built.spouts["words"].spout_object.serialized_java
    storm_java.ask("validate", serialized(built).hex())


def _comparable(common: Any) -> Any:
    # Storm leaves out what is empty, and says "default" where nothing is declared.
    config = json.loads(common.json_conf or "{}") or {}
    return (
        {(key.componentId, key.streamId): how for key, how in common.inputs.items()},
        {name: info.output_fields for name, info in common.streams.items()},
        common.parallelism_hint,
        config,
    )


def test_java_components_and_groupings(storm_java: StormOracle, tmp_path: Path) -> None:
    class Java(Topology):
        spout = JavaSpout.spec(
            full_class_name="org.apache.storm.testing.TestWordSpout",
            args_list=[False],
            outputs=["word"],
            par=3,
        )
        bolt = JavaBolt.spec(
            full_class_name="org.apache.storm.testing.TestWordCounter",
            args_list=[],
            inputs={
                spout: Grouping.custom_object("org.apache.storm.testing.NGrouping", [2]),
            },
            outputs=["word", "count"],
        )
        last = PrintBolt.spec(inputs=[bolt])

    path = tmp_path / "java.yaml"
    path.write_text(to_flux(Java, "java"))
    built = deserialized(bytes.fromhex(storm_java.ask("flux", str(path)).split(" ")[0]))
    assert built.spouts["spout"].common.parallelism_hint == 3
    assert built.spouts["spout"].common.streams["default"].output_fields == ["word"]
    (how,) = built.bolts["bolt"].common.inputs.values()
    assert b"NGrouping" in how.custom_serialized


def test_par_goes_by_the_environment() -> None:
    class Sized(Topology):
        words = WordSpout.spec(par={"prod": 4, "beta": 1})

    assert flux_dict(Sized, "sized", environment="prod")["spouts"][0]["parallelism"] == 4
    with pytest.raises(TopologyError, match="no environment is named"):
        flux_dict(Sized, "sized")


def test_what_flux_cannot_be_told_is_told_all_at_once() -> None:
    with pytest.raises(TopologyError) as caught:
        to_flux(EverythingTopology, "everything")
    assert caught.value.mistakes == [
        "frozen_words: Flux takes no serialised Java objects; name the class",
        'split: Flux cannot declare a direct stream, and "chosen" is one',
        "printer: Flux takes no serialised Java groupings, as that of stream "
        '"default" of split; name the class',
        "java: Flux cannot configure a single Java component; it has to do that itself",
    ]


def test_a_cycle_is_fine(storm_java: StormOracle, tmp_path: Path) -> None:
    class Cycle(Topology):
        words = WordSpout.spec()
        first = CountBolt.spec(inputs=[words, GlobalStreamId("second", "errors")])
        second = ShellBolt.spec(
            command="x", script="", inputs=[first], outputs=[Stream(["e"], name="errors")]
        )

    path = tmp_path / "cycle.yaml"
    path.write_text(to_flux(Cycle, "cycle"))
    built = deserialized(bytes.fromhex(storm_java.ask("flux", str(path)).split(" ")[0]))
    assert len(built.bolts["first"].common.inputs) == 2


ODD = {
    "yes": "yes",
    "hex": "0x1f",
    "day": "2001-01-01",
    "null": "~",
    "int": "7",
    "env": "${x} ${y}",
}


def test_strings_that_yaml_would_take_for_something_else(
    storm_java: StormOracle, tmp_path: Path
) -> None:
    class Odd(Topology):
        words = WordSpout.spec(config={**ODD, "big": 2**40, "empty": [], "float": 1e10})

    path = tmp_path / "odd.yaml"
    path.write_text(to_flux(Odd, "odd", {"none": None, **ODD}))
    content, _, config = storm_java.ask("flux", str(path)).split(" ", 2)
    built = deserialized(bytes.fromhex(content)).spouts["words"].common
    assert json.loads(built.json_conf) == Odd.words.config
    for key, value in ODD.items():
        assert f"{key}={value}" in config


def test_none_is_no_value_for_a_component() -> None:
    class Nothing(Topology):
        words = WordSpout.spec(config={"a": None, "b": [None]})

    with pytest.raises(TopologyError) as caught:
        to_flux(Nothing, "nothing")
    assert caught.value.mistakes == [
        'words: Flux cannot set a component\'s config "a" to None; leave it out'
    ]


def test_direct_streams_are_the_only_thing_of_a_split_that_flux_lacks() -> None:
    class Split(Topology):
        words = WordSpout.spec()
        split = SplitBolt.spec(inputs=[words])

    with pytest.raises(TopologyError, match="direct stream"):
        to_flux(Split, "split")
