"""Topologies of .clj files. The texts are written here after the talk and the old manuals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pykafka.storm.clojure import load_clj, topology_of
from pykafka.storm.exceptions import TopologyError
from pykafka.storm.topology import (
    GlobalStreamId,
    Grouping,
    ShellBoltSpec,
    ShellComponentSpec,
    Stream,
    Topology,
)

#: The two maps of slides 51 and 53.
TALK = """
(ns wordcount
  (:use [streamparse.specs])
  (:gen-class))

(defn wordcount [options]
  [
    {"word-spout" (python-spout-spec
          options
          "spouts.words.WordSpout" ; class (spout)
          ["word"]                 ; stream (fields)
          )}
    {"word-count-bolt" (python-bolt-spec
          options
          {"word-spout" ["word"]}  ; input (grouping)
          "bolts.wordcount.WordCount"
          ["word" "count"]
          :p 2
          )}
  ])
"""


def _shell(topology: type[Topology], name: str) -> ShellComponentSpec:
    (spec,) = [spec for spec in topology.specs if spec.name == name]
    assert isinstance(spec, ShellComponentSpec)
    return spec


def test_the_talks_topology(tmp_path: Path) -> None:
    path = tmp_path / "wordcount.clj"
    path.write_text(TALK)
    topology = load_clj(path)
    assert issubclass(topology, Topology)
    assert topology.__name__ == "wordcount"
    spout, bolt = _shell(topology, "word-spout"), _shell(topology, "word-count-bolt")
    assert (spout.class_path, spout.par, spout.is_spout) == ("spouts.words.WordSpout", 1, True)
    assert spout.outputs == [Stream(["word"])]
    assert (bolt.class_path, bolt.par) == ("bolts.wordcount.WordCount", 2)
    assert bolt.inputs == {GlobalStreamId("word-spout"): Grouping.fields("word")}
    assert bolt.outputs == [Stream(["word", "count"])]
    topology.check()


FULL = """
(def fields ["word" "count"])
(defn full "Its documentation." [options]
  [{"words" (python-spout-spec options "s.Words" {"default" ["word"] "errors" ["e" "text"]}
                :p (get options "words" 3)
                :conf {"topology.max.spout.pending" 100, "x" [1.5 nil true {"a" "b"}]})
    "lines" (shell-spout-spec "ruby" "lines.rb" fields)
    "more" (shell-spout-spec ["ruby"] ["a"] :p 2)}
   {"all" (shell-bolt-spec {"words" :shuffle
                            ["words" "errors"] :all
                            "lines" :local-or-shuffle
                            "more" :none}
              ["python" "all.py"] fields)
    "chooser" (python-bolt-spec options {"all" :global "more" ["a"]} "b.Choose"
                  {"chosen" (direct-stream ["a" "b"])} :p (get options "nothing"))
    "end" (shell-bolt-spec {["chooser" "chosen"] :direct} "python" "end.py" [])}])
"""


def test_everything_that_a_file_can_say() -> None:
    topology = topology_of(FULL, "full.clj", {"words": 7})
    words, lines, more = (_shell(topology, name) for name in ("words", "lines", "more"))
    assert (words.par, lines.par, more.par) == (7, 1, 2)
    assert words.outputs == [Stream(["word"]), Stream(["e", "text"], "errors")]
    assert words.config == {
        "topology.max.spout.pending": 100,
        "x": [1.5, None, True, {"a": "b"}],
    }
    assert (lines.command, lines.script) == ("ruby", "lines.rb")
    assert (more.command, more.script) == ("ruby", "")
    everything, chooser, end = (_shell(topology, name) for name in ("all", "chooser", "end"))
    assert everything.inputs == {
        GlobalStreamId("words"): Grouping.SHUFFLE,
        GlobalStreamId("words", "errors"): Grouping.ALL,
        GlobalStreamId("lines"): Grouping.LOCAL_OR_SHUFFLE,
        GlobalStreamId("more"): Grouping.NONE,
    }
    assert (everything.command, everything.script) == ("python", "all.py")
    assert everything.outputs == lines.outputs == [Stream(["word", "count"])]
    assert chooser.inputs == {
        GlobalStreamId("all"): Grouping.GLOBAL,
        GlobalStreamId("more"): Grouping.fields("a"),
    }
    assert chooser.outputs == [Stream(["a", "b"], "chosen", direct=True)]
    assert chooser.par == 1
    assert end.inputs == {GlobalStreamId("chooser", "chosen"): Grouping.DIRECT}
    assert end.outputs == []


def test_an_option_that_is_not_set_has_its_default() -> None:
    assert _shell(topology_of(FULL, "full.clj"), "words").par == 3


def test_the_oldest_form() -> None:
    text = """
    (def wordcount
      [{"1" (shell-spout-spec ["python" "words.py"] ["word"])}
       {"2" (shell-bolt-spec {"1" :shuffle} ["python" "wordcount.py"] ["word" "count"] :p 2)}])
    """
    topology = topology_of(text, "topologies/any.clj")
    assert [spec.name for spec in topology.specs] == ["1", "2"]
    assert isinstance(topology.specs[1], ShellBoltSpec)


def test_of_several_topologies_the_one_that_is_called_as_the_file() -> None:
    text = FULL + FULL.replace("(defn full", "(defn other").replace("(def fields", "(def f")
    assert topology_of(text, "x/other.clj").__name__ == "other"
    with pytest.raises(TopologyError, match=r"x\.clj: defines several topologies \(full, other\)"):
        topology_of(text, "x.clj")


def test_names_of_components_do_not_meet_those_of_topologies() -> None:
    text = '(def t [{"config" (shell-spout-spec "a" "b" ["f"])} {}])'
    topology = topology_of(text, "t.clj")
    assert topology.config == {}
    assert [spec.name for spec in topology.specs] == ["config"]


def _spout(text: str) -> str:
    return f'(defn t [options]\n [{{"s"\n  {text}}} {{}}])'


def _bolt(text: str) -> str:
    spout = '"s" (shell-spout-spec "a" "b" ["f"])'
    return f'(defn t [options]\n [{{{spout}}}\n {{"b"\n  {text}}}])'


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("", ["t.clj: defines no topology; one is a vector of two maps"]),
        ("5", ["t.clj:1: 5 defines nothing"]),
        ("(println 1)", ["t.clj:1: (println ...) is not understood here"]),
        ("(def)", ["t.clj:1: def needs a name"]),
        ("(def t)", ["t.clj:1: (def t ...) needs one value"]),
        ("(def t 1 2)", ["t.clj:1: (def t ...) needs one value"]),
        ("\n(defn t [options] (let [a 1] [{} {}]))", ["t.clj:2: t is not executed; all that"]),
        ("(defn t [options] (log 1) [{} {}])", ["t.clj:1: t is not executed; all that"]),
        ("(defn t [a b] [{} {}])", ["t.clj:1: t must take one parameter"]),
        ("(def t [{} {}])", ["t.clj: t: a topology needs at least one spout"]),
        (_spout("5"), ["t.clj:3: a spout is a call of python-spout-spec or shell-spout-spec"]),
        (_spout("(spout-spec (Words.))"), ["t.clj:3: spout-spec takes an object of Java"]),
        (
            _spout('(python-spout-sepc options "a.B" [])'),
            ['t.clj:3: (python-spout-sepc ...) makes no spout; did you mean "python-spout-spec"?'],
        ),
        (
            _spout('(python-spout-spec opts "a.B" ["f"])'),
            ["t.clj:3: the first argument is the opt"],
        ),
        (_spout('(python-spout-spec "a.B" ["f"])'), ["t.clj:3: the first argument is the options"]),
        (_spout("(python-spout-spec options)"), ["t.clj:3: python-spout-spec lacks its class"]),
        (_spout('(python-spout-spec options "B" ["f"])'), ["t.clj:3: the class must be"]),
        (
            _spout('(python-spout-spec options "a.B")'),
            ["t.clj:3: python-spout-spec lacks its outp"],
        ),
        (_spout('(python-spout-spec options "a.B" ["f" 1])'), ["t.clj:3: the fields of a stream"]),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :q 1)'),
            ["t.clj:3: python-spout-spec takes"],
        ),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :p)'),
            ["t.clj:3: python-spout-spec lacks a"],
        ),
        (_spout('(python-spout-spec options "a.B" ["f"] :p "2")'), ["t.clj:3: :p must be a whole"]),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :p 1 :p 2)'),
            ["t.clj:3: :p is there twice"],
        ),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :conf [])'),
            ["t.clj:3: :conf must be a map"],
        ),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :conf {:a 1})'),
            ["t.clj:3: :a means noth"],
        ),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :p (inc 1))'),
            ["t.clj:3: (inc 1) is not exe"],
        ),
        (
            _spout('(python-spout-spec options "a.B" ["f"] :p (get env "p"))'),
            ["t.clj:3: the first"],
        ),
        (_spout('(python-spout-spec options "a.B" ["f"] :p 0)'), ["t.clj:2: s: par must be an"]),
        (
            _spout('(python-spout-spec options "a.B" ["f" "f"])'),
            ['t.clj:2: s: field "f" appears 2'],
        ),
        (
            _spout('(python-spout-spec options "a.B" [])'),
            ["t.clj:2: s: a spout needs at least one"],
        ),
        (
            _spout('(shell-spout-spec ["a" "b" "c"] ["f"])'),
            ["t.clj:3: Storm starts a program with"],
        ),
        (_spout('(shell-spout-spec [] ["f"])'), ["t.clj:3: Storm starts a program with"]),
        (
            _spout('(shell-spout-spec "a" "b" {"x" (direct-stream)})'),
            ["t.clj:3: direct-stream takes"],
        ),
        (_bolt('(shell-bolt-spec ["s"] "a" "b" [])'), ["t.clj:4: the inputs must be a map"]),
        (
            _bolt('(shell-bolt-spec {"s" :shufle} "a" "b" [])'),
            ["t.clj:4: :shufle is no grouping; did"],
        ),
        (
            _bolt('(shell-bolt-spec {"s" []} "a" "b" [])'),
            ["t.clj:4: a fields grouping needs at lea"],
        ),
        (_bolt('(shell-bolt-spec {["s"] :all} "a" "b" [])'), ["t.clj:4: an input is"]),
        (
            _bolt('(shell-bolt-spec {"s" :all ["s" "default"] :all} "a" "b" [])'),
            ['t.clj:4: reads stream "default" of s twice'],
        ),
        (
            _bolt('(shell-bolt-spec {"x" :all} "a" "b" [])'),
            ['t.clj:3: b: reads "x", which is no c'],
        ),
        (
            _bolt('(shell-bolt-spec {"s" ["g"]} "a" "b" [])'),
            ['t.clj:3: b: groups stream "default"'],
        ),
        (
            _bolt('(shell-bolt-spec {"s" :direct} "a" "b" [])'),
            ["t.clj:3: b: direct grouping on str"],
        ),
        (_bolt('(shell-bolt-spec {} "a" "b" [])'), ["t.clj:3: b: a bolt needs at least one input"]),
        (
            '(def t [{"s" 1\n"u" 2}\n{"b" 3}])',
            ["t.clj:1: a spout is", "t.clj:2: a spout is", "t.clj:3: a bolt is"],
        ),
        ("(def a b) (def b a) (def t [{a 1} {}])", ["t.clj:1: a is defined by itself"]),
    ],
)
def test_what_is_not_understood_is_told_with_its_line(text: str, mistakes: list[str]) -> None:
    with pytest.raises(TopologyError) as caught:
        topology_of(text, "t.clj")
    found = caught.value.mistakes
    assert len(found) == len(mistakes), found
    for told, expected in zip(found, mistakes, strict=True):
        assert told.startswith(expected), found


def test_a_file_of_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.clj"
    path.write_bytes(b'(def t "\xff")')
    with pytest.raises(TopologyError, match="is not UTF-8"):
        load_clj(path)


def test_nothing_is_executed(tmp_path: Path) -> None:
    """Also no Python class is imported: its module need not be there before it runs."""
    topology = topology_of(TALK, "wordcount.clj")
    with pytest.raises(TopologyError, match=r"word-spout: spouts\.words\.WordSpout cannot be"):
        _shell(topology, "word-spout").load_class()


def test_options_may_be_anything() -> None:
    options: dict[str, Any] = {"words": 2, "other": object()}
    assert _shell(topology_of(FULL, "full.clj", options), "words").par == 2
    with pytest.raises(TopologyError, match=r"full\.clj:5: :p must be a whole number; given: '2'"):
        topology_of(FULL, "full.clj", {"words": "2"})
