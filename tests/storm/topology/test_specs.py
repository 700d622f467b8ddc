"""Specs of components, before they are part of a topology."""

from __future__ import annotations

from typing import Any

import pytest
from topology_parts import CountBolt, PrintBolt, SplitBolt, WordSpout

from pykafka.storm.exceptions import TopologyError
from pykafka.storm.topology import (
    GlobalStreamId,
    Grouping,
    JavaBolt,
    JavaSpout,
    Launcher,
    ShellBolt,
    ShellBoltSpec,
    ShellSpout,
    ShellSpoutSpec,
    Stream,
)


def test_a_python_component_brings_its_own_defaults() -> None:
    spec = CountBolt.spec()
    assert isinstance(spec, ShellBoltSpec)
    assert spec.component_class is CountBolt
    assert spec.class_path == "topology_parts.CountBolt"
    assert (spec.name, spec.par) == (None, 3)
    assert spec.config == {"topology.tick.tuple.freq.secs": 1}
    assert spec.outputs == [Stream(["word", "count"])]
    assert spec.inputs == {}


def test_what_is_given_goes_before_the_class() -> None:
    spec = WordSpout.spec(name="w", par={"prod": 8, "beta": 1}, config={"a": 1})
    assert isinstance(spec, ShellSpoutSpec)
    assert (spec.name, spec.par, spec.config) == ("w", {"prod": 8, "beta": 1}, {"a": 1})


def test_nothing_of_the_caller_is_changed_or_kept() -> None:
    config: dict[str, Any] = {"a": [1]}
    par = {"prod": 2}
    words = WordSpout.spec()
    inputs = {words: Grouping.SHUFFLE}
    spec = CountBolt.spec(inputs=inputs, par=par, config=config)
    assert inputs == {words: Grouping.SHUFFLE}
    arguments = [1]
    java = JavaBolt.spec(full_class_name="a.B", args_list=arguments, inputs=[words])
    assert arguments == [1]
    config["a"].append(2)
    par["prod"] = 3
    arguments.append(2)
    inputs.clear()
    assert (spec.config, spec.par, java.args_list) == ({"a": [1]}, {"prod": 2}, [1])
    assert len(spec.inputs) == 1
    spec.outputs[0].fields.append("more")
    assert CountBolt.outputs == ["word", "count"]


def test_the_number_of_tasks_goes_by_the_environment() -> None:
    assert WordSpout.spec(par=4).par_in("any") == 4
    spec = WordSpout.spec(name="w", par={"prod": 8, "beta": 1})
    assert spec.par_in("prod") == 8
    with pytest.raises(TopologyError, match=r"w: par .* prod, beta; 'dev' is not one"):
        spec.par_in("dev")
    with pytest.raises(TopologyError, match=r"w: par .* no environment is named"):
        spec.par_in(None)


def test_streams_of_a_spec_are_had_by_name() -> None:
    spec = SplitBolt.spec()
    assert spec["errors"] == GlobalStreamId(spec, "errors")
    with pytest.raises(KeyError, match=r"invalid stream for SplitBolt: 'eros'.*'errors', 'chosen'"):
        spec["eros"]


def test_fields_that_stand_beside_streams_are_of_the_default_one() -> None:
    spec = ShellSpout.spec(command="x", script="", outputs=["a", Stream(["e"], name="errors"), "b"])
    assert spec.outputs == [Stream(["a", "b"]), Stream(["e"], name="errors")]


SPOUT = WordSpout.spec()
SPLIT = SplitBolt.spec()


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (None, {}),
        ([], {}),
        ({SPOUT: Grouping.ALL}, {GlobalStreamId(SPOUT): Grouping.ALL}),
        (
            {GlobalStreamId("b", "errors"): Grouping.GLOBAL},
            {GlobalStreamId("b", "errors"): Grouping.GLOBAL},
        ),
        ({"b": Grouping.NONE}, {GlobalStreamId("b"): Grouping.NONE}),
        ({("b", "s"): Grouping.NONE}, {GlobalStreamId("b", "s"): Grouping.NONE}),
        ({WordSpout: Grouping.NONE}, {GlobalStreamId(WordSpout): Grouping.NONE}),
        (SPOUT, {GlobalStreamId(SPOUT): Grouping.SHUFFLE}),
        (SPLIT["chosen"], {GlobalStreamId(SPLIT, "chosen"): Grouping.DIRECT}),
        (
            (SPOUT, SPLIT["errors"], GlobalStreamId("b", "x"), "c", (SPLIT, "chosen")),
            {
                GlobalStreamId(SPOUT): Grouping.SHUFFLE,
                GlobalStreamId(SPLIT, "errors"): Grouping.SHUFFLE,
                GlobalStreamId("b", "x"): Grouping.SHUFFLE,
                GlobalStreamId("c"): Grouping.SHUFFLE,
                GlobalStreamId(SPLIT, "chosen"): Grouping.DIRECT,
            },
        ),
    ],
)
def test_inputs_can_be_said_in_several_ways(inputs: Any, expected: dict[Any, Grouping]) -> None:
    assert PrintBolt.spec(inputs=inputs).inputs == expected


@pytest.mark.parametrize(
    ("make", "kind", "complaint"),
    [
        (lambda: WordSpout.spec(par="2"), TypeError, "par must be an integer"),
        (lambda: WordSpout.spec(par=1.5), TypeError, "par must be an integer"),
        (lambda: WordSpout.spec(par={"prod": "2"}), TypeError, "'prod': '2'"),
        (lambda: WordSpout.spec(par={1: 2}), TypeError, "1: 2"),
        (lambda: WordSpout.spec(config=[1]), TypeError, "config must either be a dict or None"),
        (lambda: WordSpout.spec(name=1), TypeError, "name must be a string"),
        (lambda: PrintBolt.spec(inputs="words"), TypeError, "inputs must be a dict"),
        (lambda: PrintBolt.spec(inputs=[1]), TypeError, "given: 1"),
        (lambda: PrintBolt.spec(inputs={1: Grouping.ALL}), TypeError, "given: 1"),
        (lambda: PrintBolt.spec(inputs={SPOUT: "word"}), TypeError, "given: 'word'"),
        (lambda: ShellSpout.spec(script="x", outputs=["a"]), ValueError, "command is required"),
        (lambda: ShellBolt.spec(command="x"), TypeError, "script must not be None"),
        (lambda: ShellBolt.spec("n", "x", "", outputs="word"), TypeError, "outputs must either"),
        (lambda: ShellBolt.spec("n", "x", "", outputs=[1]), TypeError, "invalid entry: 1"),
        (lambda: JavaSpout.spec(args_list=[]), ValueError, "full_class_name is required"),
        (lambda: JavaSpout.spec(full_class_name="x"), TypeError, "args_list must not be None"),
        (lambda: JavaSpout.spec(serialized_java="x"), TypeError, "either bytes or None"),
        (
            lambda: JavaBolt.spec(full_class_name="x", args_list=[None]),
            TypeError,
            "only bool, int, str, bytes and float .* given: None",
        ),
    ],
)
def test_arguments_of_wrong_types_are_refused_at_once(
    make: Any, kind: type[Exception], complaint: str
) -> None:
    with pytest.raises(kind, match=complaint):
        make()


@pytest.mark.parametrize("cls", [JavaSpout, JavaBolt, ShellSpout, ShellBolt])
def test_components_that_are_no_python_have_no_objects(cls: type[Any]) -> None:
    with pytest.raises(TypeError, match=f"{cls.__name__} does not run in Python"):
        cls()


def test_defaults_of_other_components_may_stand_in_a_subclass() -> None:
    class Words(JavaSpout):
        outputs = ["word"]
        config = {"a": 1}

    spec = Words.spec(full_class_name="a.B", args_list=[])
    assert (spec.outputs, spec.config, spec.par) == ([Stream(["word"])], {"a": 1}, 1)
    assert spec.component_class is None


def test_the_launcher_decides_how_python_starts() -> None:
    spec = WordSpout.spec()
    assert spec.command_line(Launcher()) == (
        "python3",
        "-cfrom pykafka.storm.worker import main; main('topology_parts.WordSpout')",
    )
    launcher = Launcher("/env/bin/run", "{class_path} -x")
    assert spec.command_line(launcher) == ("/env/bin/run", "topology_parts.WordSpout -x")
    assert ShellBolt.spec("n", "ruby", "x.rb").command_line(launcher) == ("ruby", "x.rb")


def test_a_class_that_is_known_by_its_path_is_loaded_when_asked_for() -> None:
    spec = ShellBoltSpec(name="b", class_path="topology_parts.PrintBolt")
    assert spec.component_class is None
    assert spec.load_class() is PrintBolt
    assert spec.component_class is PrintBolt


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("no_such_module.Words", "b: no_such_module.Words cannot be imported: .*sys.path"),
        ("topology_parts.NoSuch", "b: the module topology_parts has no 'NoSuch'"),
        ("topology_parts.__name__", "b: topology_parts.__name__ is no class"),
        ("Words", "not of the form"),
    ],
)
def test_a_class_that_cannot_be_loaded_is_named(path: str, complaint: str) -> None:
    with pytest.raises(TopologyError, match=complaint):
        ShellBoltSpec(name="b", class_path=path).load_class()


def test_a_program_is_no_class() -> None:
    with pytest.raises(TopologyError, match="b is no Python component but runs 'ruby'"):
        ShellBolt.spec("b", "ruby", "x.rb").load_class()


def test_a_spec_shows_what_it_is() -> None:
    spec = PrintBolt.spec(name="p", inputs=[SPOUT])
    assert repr(spec).startswith("ShellBoltSpec(PrintBolt, name='p', par=1, config={}, outputs=[]")
    assert "inputs={'WordSpout[default]': SHUFFLE}" in repr(spec)
