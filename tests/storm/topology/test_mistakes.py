"""Mistakes in topologies: each is found, all at once, and names component, stream and field."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from topology_parts import CountBolt, PrintBolt, SplitBolt, WordCount, WordSpout

from pykafka.exceptions import UsageError
from pykafka.storm.exceptions import TopologyError, TopologyTypeError
from pykafka.storm.topology import (
    GlobalStreamId,
    Grouping,
    JavaBolt,
    JavaSpout,
    ShellSpout,
    Stream,
    Topology,
    check_topology_name,
    checks_for_submit,
)


def _mistakes(**attributes: Any) -> list[str]:
    with pytest.raises(TopologyError) as caught:
        type(Topology)("Bad", (Topology,), attributes)
    return caught.value.mistakes


WORDS = WordSpout.spec()
SPLIT = SplitBolt.spec(inputs=[WORDS])


def _reader(inputs: Any) -> dict[str, Any]:
    return {"words": WORDS, "split": SPLIT, "reader": PrintBolt.spec(inputs=inputs)}


@pytest.mark.parametrize(
    ("attributes", "mistake"),
    [
        (
            _reader(["wrods"]),
            'reader: reads "wrods", which is no component; did you mean "words"? '
            "components: words, split, reader",
        ),
        (
            _reader([GlobalStreamId("zzz")]),
            'reader: reads "zzz", which is no component; components: words, split, reader',
        ),
        (
            _reader([("split", "erors")]),
            'reader: reads stream "erors" of split, which has no such stream; '
            'did you mean "errors"? streams: default, errors, chosen',
        ),
        (
            _reader(["reader"]),
            'reader: reads stream "default" of reader, which has no such stream; '
            "there are no streams",
        ),
        (
            _reader({SPLIT: Grouping.fields("word", "lenght")}),
            'reader: groups stream "default" of split on field "lenght", which it does not have; '
            'did you mean "length"? fields: word, length',
        ),
        (
            _reader({SPLIT: Grouping.DIRECT}),
            'reader: direct grouping on stream "default" of split, which is not a direct stream; '
            'declare it as Stream([...], name="default", direct=True)',
        ),
        (
            _reader({("split", "chosen"): Grouping.fields("word")}),
            "reader: fields(['word']) grouping on stream \"chosen\" of split, which is a direct "
            "stream; use Grouping.DIRECT",
        ),
        (
            _reader({WORDS: Grouping.ALL, "words": Grouping.SHUFFLE}),
            'reader: reads stream "default" of words twice; a bolt has one grouping for a stream',
        ),
        (
            _reader([WordSpout.spec()]),
            "reader: reads the spec of WordSpout, which no component of this topology has; "
            "components: words, split, reader",
        ),
        (
            _reader([CountBolt]),
            "reader: reads the class CountBolt, which no component of this topology has; "
            "components: words, split, reader",
        ),
        (
            {"a": WORDS, "b": WordSpout.spec(), "c": PrintBolt.spec(inputs=[WordSpout])},
            "c: reads the class WordSpout, which several components have: a, b; "
            "name the one that is meant",
        ),
        (_reader(None), "reader: a bolt needs at least one input"),
        ({"b": PrintBolt.spec(inputs=["b"])}, "Bad: a topology needs at least one spout"),
        (
            {"s": ShellSpout.spec(command="x", script="")},
            "s: a spout needs at least one output",
        ),
        (
            {"s": JavaSpout.spec(full_class_name="a.B", args_list=[])},
            "s: a spout needs at least one output",
        ),
        ({"a": WordSpout.spec(name="x"), "x": WORDS}, "x: two components have this name"),
        ({"s": WordSpout.spec(par=0)}, "s: par must be an integer greater than 0; given: 0"),
        ({"s": WordSpout.spec(par=-3)}, "s: par must be an integer greater than 0; given: -3"),
        ({"s": WordSpout.spec(par=True)}, "s: par must be an integer greater than 0; given: True"),
        (
            {"s": WordSpout.spec(par={"prod": 1, "beta": 0})},
            "s: par of environment beta must be an integer greater than 0; given: 0",
        ),
        (
            {"s": WordSpout.spec(par={})},
            "s: par is an empty dict; it must have a number for each environment",
        ),
        (
            {"s": ShellSpout.spec(command="x", script="", outputs=["a", "b", "a"])},
            's: field "a" appears 2 times in stream "default"',
        ),
        (
            {"s": ShellSpout.spec(command="x", script="", outputs=["a", Stream(["b"])])},
            's: two output streams are called "default"',
        ),
        (
            {"s": ShellSpout.spec(command="x", script="", outputs=[Stream(["b"], name="__ack")])},
            's: Storm keeps names that begin with "__", like stream "__ack"',
        ),
        (
            {"s": ShellSpout.spec(command="x", script="", outputs=[Stream(["b"], name="")])},
            "s: a stream has an empty name",
        ),
        (
            {"s": ShellSpout.spec(command="x", script="", outputs=[""])},
            's: a field of stream "default" has an empty name',
        ),
        (
            {"s": WordSpout.spec(name="__s")},
            '__s: Storm keeps names that begin with "__", like component "__s"',
        ),
        (
            {"s": WordSpout.spec(config={"a": 1, "b": {2}})},
            's: config "b" cannot be written as JSON: Object of type set is not JSON serializable',
        ),
        (
            {"s": WordSpout.spec(config={"a": float("nan")})},
            's: config "a" cannot be written as JSON: '
            "Out of range float values are not JSON compliant",
        ),
        (
            {"s": WordSpout.spec(config={"a": sys}), "config": {"b": sys}},
            's: config "a" cannot be written as JSON: Object of type module is not JSON',
        ),
        ({"s": WordSpout.spec(config={1: 2})}, "s: a key of config must be a string; given: 1"),
        (
            {"s": WORDS, "config": {"a": b"x"}},
            'Bad: config "a" cannot be written as JSON: Object of type bytes is not JSON '
            "serializable",
        ),
        ({"s": WORDS, "config": [1]}, "Bad: config must be a dict; given: [1]"),
        (
            {"s": WORDS, "b": PrintBolt()},
            "Bad.b is a PrintBolt, not the spec of one; write PrintBolt.spec(...)",
        ),
        ({"s": WORDS, "b": PrintBolt}, "Bad.b is the class PrintBolt; write PrintBolt.spec(...)"),
        (
            {"spouts": [WordSpout]},
            "Bad.spouts[0] is the class WordSpout; write WordSpout.spec(...)",
        ),
        ({"spouts": [WORDS, 5]}, "Bad.spouts[1] is no spec; given: 5"),
        ({"s": WORDS, "bolts": 5}, "Bad.bolts must be a list of specs; given: 5"),
        (
            {"s": WORDS, "bolts": [WordSpout.spec()]},
            "Bad.bolts[0]: WordSpout is a spout and does not belong there",
        ),
        (
            {"s": WORDS, "specs": WordSpout.spec()},
            "Bad.specs: topologies use this attribute themselves; take another, and "
            'name="specs" if the component is to be called so',
        ),
    ],
)
def test_a_mistake_is_told(attributes: dict[str, Any], mistake: str) -> None:
    found = _mistakes(**attributes)
    assert any(each.startswith(mistake) for each in found), found


def test_all_mistakes_are_told_at_once() -> None:
    words = WordSpout.spec(par=0)
    found = _mistakes(
        words=words,
        counts=CountBolt.spec(inputs={words: Grouping.fields("wrod")}, par=0, config={"x": {1}}),
        printer=PrintBolt.spec(inputs=["cuonts"]),
        object=PrintBolt(),
        config={"y": {2}},
    )
    assert len(found) == 7, found
    text = "\n".join(found)
    for name in ("words: par", "counts: par", '"wrod"', '"x"', '"cuonts"', "Bad.object", '"y"'):
        assert name in text


def test_mistakes_are_wrong_values_and_some_are_wrong_types() -> None:
    assert issubclass(TopologyError, (ValueError, UsageError))
    with pytest.raises(TopologyError) as value:
        type(Topology)("Bad", (Topology,), {"s": WordSpout.spec(par=0)})
    assert not isinstance(value.value, TypeError)
    with pytest.raises(TypeError) as wrong:
        type(Topology)("Bad", (Topology,), {"s": WORDS, "b": PrintBolt()})
    assert isinstance(wrong.value, TopologyTypeError)
    assert isinstance(wrong.value, ValueError)


def test_hiding_an_inherited_component_is_a_mistake() -> None:
    with pytest.raises(TopologyTypeError, match=r"Hidden\.count_bolt hides an inherited component"):

        class Hidden(WordCount):
            count_bolt = 5


@pytest.mark.parametrize("name", ["", "a/b", "a.b", "a:b", "a\\b"])
def test_names_that_nimbus_refuses(name: str) -> None:
    with pytest.raises(TopologyError, match="cannot be called"):
        check_topology_name(name)


def test_names_that_nimbus_takes() -> None:
    check_topology_name("word-count_2 (new)")


class _Direct(Topology):
    words = WordSpout.spec()
    split = SplitBolt.spec(inputs=[words])
    reader = PrintBolt.spec(inputs=[split["chosen"]])


@pytest.mark.parametrize("version", ["2.6.0", "2.8.3", "2.10.0", "3.0.0-SNAPSHOT"])
def test_direct_emits_of_processes_are_refused_where_storm_cannot_take_them(version: str) -> None:
    (problem,) = checks_for_submit(_Direct, version)
    assert problem.startswith(f'split: stream "chosen" is direct, and Storm {version} cannot')
    assert "Long" in problem


@pytest.mark.parametrize("version", ["0.9.5", "1.2.4", "2.5.0"])
def test_direct_emits_are_fine_on_older_storm(version: str) -> None:
    assert checks_for_submit(_Direct, version) == []


def test_direct_emits_of_java_are_fine() -> None:
    class Java(Topology):
        words = WordSpout.spec()
        split = JavaBolt.spec(
            full_class_name="a.B",
            args_list=[],
            inputs=[words],
            outputs=[Stream(["word"], direct=True)],
        )
        reader = PrintBolt.spec(inputs=[split])

    assert checks_for_submit(Java, "2.8.3") == []


def test_classes_that_a_worker_cannot_import_are_told() -> None:
    class Local(WordSpout):
        pass

    main = type("Main", (WordSpout,), {"__module__": "__main__", "__qualname__": "Main"})
    replaced = type(
        "WordSpout", (WordSpout,), {"__module__": "topology_parts", "__qualname__": "WordSpout"}
    )
    inner = type(
        "Inner", (WordSpout,), {"__module__": "topology_parts", "__qualname__": "WordSpout.Inner"}
    )

    class Unknown(Topology):
        local = Local.spec()
        program = main.spec()
        other = replaced.spec()
        nested = inner.spec()
        fine = WordSpout.spec()

    assert [
        problem.partition(": a worker cannot import ")[::2]
        for problem in checks_for_submit(Unknown, "2.8.3")
    ] == [
        (
            "local",
            f"{__name__}.test_classes_that_a_worker_cannot_import_are_told.<locals>.Local: "
            "it is made inside a function; move it to the top of a module",
        ),
        (
            "program",
            "__main__.Main: it is in the program that was started; move it to a module of its own",
        ),
        (
            "other",
            "topology_parts.WordSpout: the module topology_parts has no such class under this name",
        ),
        (
            "nested",
            "topology_parts.WordSpout.Inner: it is inside another class; "
            "move it to the top of its module",
        ),
    ]


@st.composite
def _chains(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Bolts, each reading one before it (or, wrongly, none or an unknown field), and how many
    mistakes were made."""
    wrong = 0
    attributes: dict[str, Any] = {"s": WordSpout.spec()}
    for number in range(draw(st.integers(0, 8))):
        source = draw(st.sampled_from(list(attributes)))
        kind = draw(st.sampled_from(["fine", "component", "stream", "field", "par"]))
        wrong += kind != "fine"
        target = "nowhere" if kind == "component" else source
        stream = "no" if kind == "stream" else "default"
        field = "no" if kind == "field" else "word"
        attributes[f"b{number}"] = CountBolt.spec(
            inputs={(target, stream): Grouping.fields(field)}, par=0 if kind == "par" else 1
        )
    return attributes, wrong


@given(_chains())
def test_as_many_mistakes_are_told_as_were_made(case: tuple[dict[str, Any], int]) -> None:
    attributes, wrong = case
    if wrong:
        assert len(_mistakes(**attributes)) == wrong
    else:
        topology = type(Topology)("Good", (Topology,), attributes)
        assert len(topology.specs) == len(attributes)
