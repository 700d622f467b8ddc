"""Topologies as classes: names, inheritance, references, both forms."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from topology_parts import CountBolt, PrintBolt, SplitBolt, WordCount, WordSpout

from pykafka.storm.exceptions import TopologyError
from pykafka.storm.topology import (
    GlobalStreamId,
    Grouping,
    ShellBoltSpec,
    ShellSpoutSpec,
    Topology,
    short_form,
)


def _names(topology: type[Topology]) -> list[str | None]:
    return [spec.name for spec in topology.specs]


def _inputs(topology: type[Topology], name: str) -> dict[Any, Grouping]:
    return next(spec.inputs for spec in topology.specs if spec.name == name)


def test_attributes_name_components() -> None:
    assert _names(WordCount) == ["word_spout", "count_bolt"]
    assert _inputs(WordCount, "count_bolt") == {
        GlobalStreamId("word_spout"): Grouping.fields("word")
    }
    assert WordCount.count_bolt.name == "count_bolt"
    assert WordCount.count_bolt is WordCount.specs[1]
    assert WordCount.config == {}
    assert repr(WordCount) == "<topology WordCount: word_spout, count_bolt>"


def test_a_name_that_is_given_goes_before_the_attribute() -> None:
    class Named(Topology):
        words = WordSpout.spec(name="word-spout")
        counts = CountBolt.spec(name="count-bolt", inputs=[words])

    assert _names(Named) == ["word-spout", "count-bolt"]
    assert _inputs(Named, "count-bolt") == {GlobalStreamId("word-spout"): Grouping.SHUFFLE}


def test_the_short_form_of_the_talk() -> None:
    class Talk(Topology):
        spouts = [WordSpout(name="word-spout", out=["word"], p=2)]
        bolts = [
            WordCountBolt(
                name="word-count-bolt",
                from_=WordSpout,
                group_on="word",
                out=["word", "count"],
                p=8,
            )
        ]

    spout, bolt = Talk.specs
    assert isinstance(spout, ShellSpoutSpec)
    assert (spout.name, spout.par) == ("word-spout", 2)
    assert isinstance(bolt, ShellBoltSpec)
    assert (bolt.name, bolt.par) == ("word-count-bolt", 8)
    assert bolt.inputs == {GlobalStreamId("word-spout"): Grouping.fields("word")}
    assert [stream.fields for stream in bolt.outputs] == [["word", "count"]]


class WordCountBolt(CountBolt):
    """A class to be read from, whose name has several words."""


def test_in_a_list_the_class_names_a_component() -> None:
    class Short(Topology):
        spouts = [WordSpout(p=1)]
        bolts = [WordCountBolt(from_="word-spout"), PrintBolt(from_=WordCountBolt)]

    assert _names(Short) == ["word-spout", "word-count-bolt", "print-bolt"]
    assert _inputs(Short, "print-bolt") == {GlobalStreamId("word-count-bolt"): Grouping.SHUFFLE}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"from_": ("split", "errors")}, {GlobalStreamId("split", "errors"): Grouping.SHUFFLE}),
        (
            {"from_": ["words", (WordSpout, "default")], "group_on": ["word", "length"]},
            {
                GlobalStreamId("words"): Grouping.fields("word", "length"),
                GlobalStreamId(WordSpout): Grouping.fields("word", "length"),
            },
        ),
        (
            {"from_": "words", "group_on": Grouping.ALL},
            {GlobalStreamId("words"): Grouping.ALL},
        ),
        (
            {"from_": {"words": "word", ("split", "errors"): None}},
            {
                GlobalStreamId("words"): Grouping.fields("word"),
                GlobalStreamId("split", "errors"): Grouping.SHUFFLE,
            },
        ),
    ],
)
def test_what_the_short_form_reads(
    arguments: dict[str, Any], expected: dict[Any, Grouping]
) -> None:
    assert PrintBolt(**arguments).inputs == expected


def test_the_short_form_knows_direct_streams_of_specs() -> None:
    split = SplitBolt.spec()
    assert PrintBolt(from_=split["chosen"]).inputs == {
        GlobalStreamId(split, "chosen"): Grouping.DIRECT
    }


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: WordSpout(name="w", from_="x"), "is a spout: it takes neither from_ nor group_on"),
        (lambda: PrintBolt(name="p", group_on="x"), "from_ is missing"),
        (lambda: PrintBolt(from_="x", group_on=1), "group_on must be a field"),
        (lambda: PrintBolt(from_={"x": "y"}, group_on="z"), "from_ is a dict"),
        (lambda: PrintBolt(from_=1), "given: 1"),
        (lambda: short_form(int, name="x"), "only a Spout or a Bolt"),
    ],
)
def test_mistakes_in_the_short_form(make: Any, complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        make()


def test_one_field_may_stand_without_a_list() -> None:
    assert [stream.fields for stream in WordSpout(out="line").outputs] == [["line"]]


def test_cycles_by_id_and_by_name() -> None:
    class Cycle(Topology):
        words = WordSpout.spec()
        counts = CountBolt.spec(inputs=[words, GlobalStreamId("split", "errors"), "printer"])
        split = SplitBolt.spec(inputs=[counts])
        printer = CountBolt.spec(inputs=[split])

    assert list(_inputs(Cycle, "counts")) == [
        GlobalStreamId("words"),
        GlobalStreamId("split", "errors"),
        GlobalStreamId("printer"),
    ]


def test_a_spec_in_two_topologies_shares_nothing() -> None:
    words = WordSpout.spec(config={"a": [1]})

    class First(Topology):
        spout = words
        bolt = PrintBolt.spec(inputs=[words])

    class Second(Topology):
        other = words

    first, second = First.specs[0], Second.specs[0]
    assert (first.name, second.name, words.name) == ("spout", "other", None)
    first.config["a"].append(2)
    first.outputs[0].fields.append("x")
    first.par = 9
    assert (second.config, second.outputs[0].fields, second.par) == ({"a": [1]}, ["word"], 1)
    assert (words.config, words.outputs[0].fields, words.par) == ({"a": [1]}, ["word"], 1)
    assert _inputs(First, "bolt") == {GlobalStreamId("spout"): Grouping.SHUFFLE}


def test_one_spec_may_be_two_components() -> None:
    words = WordSpout.spec()

    class Twice(Topology):
        first = words
        second = words

    assert _names(Twice) == ["first", "second"]
    with pytest.raises(TopologyError, match="several components have: first, second"):

        class Ambiguous(Topology):
            first = words
            second = words
            bolt = PrintBolt.spec(inputs=[words])


def test_a_subclass_adds_to_what_it_inherits() -> None:
    class More(WordCount):
        printer = PrintBolt.spec(inputs=[WordCount.count_bolt])

    assert _names(More) == ["word_spout", "count_bolt", "printer"]
    assert _inputs(More, "printer") == {GlobalStreamId("count_bolt"): Grouping.SHUFFLE}
    assert _names(WordCount) == ["word_spout", "count_bolt"]
    assert More.specs[0] is not WordCount.specs[0]


def test_a_subclass_replaces_a_component_for_whoever_reads_it() -> None:
    class Base(Topology):
        words = WordSpout.spec(name="word-spout")
        counts = CountBolt.spec(inputs=[words])
        named = PrintBolt.spec(inputs=["word-spout"])

    class Replaced(Base):
        words = WordSpout.spec(par=5)

    class Renamed(Base):
        words = WordSpout.spec(name="lines")
        named = PrintBolt.spec(inputs=["lines"])

    assert _names(Replaced) == ["word-spout", "counts", "named"]
    assert Replaced.specs[0].par == 5
    assert _inputs(Replaced, "counts") == {GlobalStreamId("word-spout"): Grouping.SHUFFLE}
    assert _names(Renamed) == ["lines", "counts", "named"]
    assert _inputs(Renamed, "counts") == {GlobalStreamId("lines"): Grouping.SHUFFLE}


def test_none_removes_a_component() -> None:
    class Base(Topology):
        words = WordSpout.spec()
        counts = CountBolt.spec(inputs=[words])
        printer = PrintBolt.spec(inputs=[counts])

    class Less(Base):
        printer = None

    assert _names(Less) == ["words", "counts"]
    with pytest.raises(TopologyError, match="printer: reads the spec of CountBolt, which no"):

        class Broken(Base):
            counts = None


def test_what_was_done_to_a_spec_later_is_not_inherited() -> None:
    words = WordSpout.spec()

    class Base(Topology):
        spout = words

    words.par = 9
    words.outputs.clear()

    class Derived(Base):
        pass

    assert Derived.specs[0].par == 1
    assert [stream.fields for stream in Derived.specs[0].outputs] == [["word"]]


def test_lists_are_replaced_as_a_whole() -> None:
    class Base(Topology):
        spouts = [WordSpout(name="words")]
        bolts = [CountBolt(name="counts", from_=WordSpout), PrintBolt(name="p", from_="counts")]

    class Longer(Base):
        bolts = [*Base.bolts, PrintBolt(name="q", from_=Base.bolts[0])]

    class Other(Base):
        bolts = [CountBolt(name="c", from_=WordSpout)]

    assert _names(Longer) == ["words", "counts", "p", "q"]
    assert _inputs(Longer, "q") == {GlobalStreamId("counts"): Grouping.SHUFFLE}
    assert _names(Other) == ["words", "c"]


def test_several_bases() -> None:
    class Words(Topology, abstract=True):
        words = WordSpout.spec()

    class Counts(Topology, abstract=True):
        counts = CountBolt.spec(inputs=["words"])

    class Both(Counts, Words):
        config = {"topology.workers": 2}

    assert _names(Both) == ["words", "counts"]
    assert Both.config == {"topology.workers": 2}
    with pytest.raises(TopologyError, match="no component"):
        Counts.check()


def test_config_is_the_topologys_own() -> None:
    shared: dict[str, Any] = {"a": {"b": 1}}

    class Base(Topology):
        config = shared
        words = WordSpout.spec()

    class Derived(Base):
        pass

    Derived.config["a"]["b"] = 2
    shared["a"]["b"] = 3
    assert (Base.config, Derived.config) == ({"a": {"b": 1}}, {"a": {"b": 2}})


def test_other_attributes_mean_nothing() -> None:
    class Plain(Topology):
        class InnerSpout(WordSpout):
            pass

        number = 5
        words = InnerSpout.spec()

        @staticmethod
        def helper() -> int:
            return 1

    assert _names(Plain) == ["words"]
    assert (Plain.number, Plain.helper()) == (5, 1)


def test_a_check_for_an_environment() -> None:
    class Sized(Topology):
        words = WordSpout.spec(par={"prod": 4})
        counts = CountBolt.spec(inputs=[words], par={"prod": 4, "beta": 1})

    Sized.check("prod")
    with pytest.raises(TopologyError) as caught:
        Sized.check()
    assert len(caught.value.mistakes) == 2
    with pytest.raises(TopologyError, match=r"words: .*'beta' is not one"):
        Sized.check("beta")


def test_topologies_need_neither_thrift_nor_yaml() -> None:
    program = (
        "import sys, topology_parts\n"
        "assert topology_parts.WordCount.specs\n"
        "loaded = {'thriftpy2', 'yaml', 'pygraphviz', 'click'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=_environment())


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
