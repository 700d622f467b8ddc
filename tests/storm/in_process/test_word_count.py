"""Whole topologies, as people run them."""

from __future__ import annotations

import io
import time
from collections import Counter
from typing import Any

import pytest
from storm.in_process.parts import WORDS, Sink, numbers, topology, words

from pykafka.exceptions import UsageError
from pykafka.storm import Bolt, ReliableSpout
from pykafka.storm.exceptions import TopologyError
from pykafka.storm.in_process import Engine, run_in_process
from pykafka.storm.topology import Grouping, JavaBolt, ShellBolt, Topology


class WordCount(Bolt):
    outputs = ["word", "count"]

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.counts: Counter[str] = Counter()

    def process(self, tup: Any) -> None:
        self.counts[tup.values.word] += 1
        self.emit([tup.values.word, self.counts[tup.values.word]])


Words = words(400)


class TalkTopology(Topology):
    """The talk's figures: slide 68."""

    spouts = [Words(name="word-spout", out=["word"], p=2)]
    bolts = [WordCount(name="word-count-bolt", from_=Words, group_on="word", p=8)]


@pytest.mark.parametrize("interleave", [False, True])
def test_words_are_counted_exactly(interleave: bool) -> None:
    engine = run_in_process(TalkTopology, interleave=interleave)
    spouts, bolts = engine.tasks("word-spout"), engine.tasks("word-count-bolt")
    assert (len(spouts), len(bolts)) == (2, 8)
    assert sum((bolt.counts for bolt in bolts), Counter()) == dict.fromkeys(WORDS, 200)
    # Grouped on the word: one task has all of each.
    assert sum(len(bolt.counts) for bolt in bolts) == len(WORDS)
    assert Counter(word for word, _ in engine.emitted("word-count-bolt")) == dict.fromkeys(
        WORDS, 200
    )
    assert [count for word, count in engine.emitted("word-count-bolt") if word == "dog"] == list(
        range(1, 201)
    )


def test_par_goes_by_the_environment() -> None:
    tested = topology(
        source=words(4).spec(par={"prod": 4, "beta": 2}),
        count=WordCount.spec(inputs={"source": Grouping.fields("word")}),
    )
    engine = run_in_process(tested, environment="beta")
    assert len(engine.tasks("source")) == 2
    with pytest.raises(TopologyError, match=r"source.*prod, beta.*no environment"):
        run_in_process(tested)


@pytest.mark.timing
def test_a_hundred_thousand_words_take_a_few_seconds() -> None:
    class Source(ReliableSpout):
        outputs = ["word"]

        def initialize(self, storm_conf: Any, context: Any) -> None:
            self.left = iter(range(100_000))

        def next_tuple(self) -> None:
            number = next(self.left, None)
            if number is not None:
                self.emit([WORDS[number % 4]], tup_id=number)

    tested = topology(
        source=Source.spec(), count=WordCount.spec(inputs={"source": Grouping.fields("word")})
    )
    begun = time.monotonic()
    engine = run_in_process(tested)
    assert time.monotonic() - begun < 10
    assert len(engine.acked("source")) == 100_000


class TestNotPython:
    def test_is_refused_all_at_once_by_name(self) -> None:
        tested = topology(
            source=words(4).spec(),
            java=JavaBolt.spec(
                full_class_name="org.acme.Bolt", args_list=[], inputs=["source"], outputs=["word"]
            ),
            ruby=ShellBolt.spec(
                command="ruby", script="bolt.rb", inputs=["source"], outputs=["word"]
            ),
        )
        with pytest.raises(TopologyError) as caught:
            run_in_process(tested)
        java, ruby = caught.value.mistakes
        assert "'java' is Java (org.acme.Bolt)" in java
        assert "replace={'java': SomeClass}" in java
        assert "'ruby' runs 'ruby bolt.rb'" in ruby

    def test_runs_by_a_stand_in(self) -> None:
        tested = topology(
            source=words(4).spec(),
            java=JavaBolt.spec(
                full_class_name="org.acme.Bolt", args_list=[], inputs=["source"], outputs=["word"]
            ),
        )
        engine = run_in_process(tested, replace={"java": Sink})
        assert engine.task("java").seen == list(WORDS)

    def test_a_stand_in_for_nothing_is_a_mistake(self) -> None:
        tested = topology(source=words(4).spec(), sink=Sink.spec(inputs=["source"]))
        with pytest.raises(TopologyError, match=r"'sinc', which is no component.*'sink'"):
            run_in_process(tested, replace={"sinc": Sink})

    def test_a_custom_grouping_is_refused(self) -> None:
        by = Grouping.custom_object("org.acme.Grouping", [])
        tested = topology(source=words(4).spec(), sink=Sink.spec(inputs={"source": by}))
        with pytest.raises(TopologyError, match=r"'sink' reads 'source'.*custom_object.*Java"):
            run_in_process(tested)


class TestLooking:
    @pytest.fixture
    def engine(self) -> Engine:
        return run_in_process(topology(source=numbers(3).spec(), sink=Sink.spec(inputs=["source"])))

    def test_a_component_that_is_not_there_is_named(self, engine: Engine) -> None:
        with pytest.raises(UsageError, match=r"no component 'sinc'; it has 'sink', 'source'"):
            engine.task("sinc")
        with pytest.raises(UsageError, match=r"'sink' has 1 tasks; none is 1"):
            engine.task("sink", 1)

    def test_an_emission_says_where_it_went(self, engine: Engine) -> None:
        first = engine.emissions("source")[0]
        assert first.values == [0]
        assert first.message_id == 0
        assert list(first.targets) == engine.task_ids("sink")

    def test_only_the_latest_are_kept_where_asked(self) -> None:
        tested = topology(source=numbers(30).spec(), sink=Sink.spec(inputs=["source"]))
        engine = run_in_process(tested, keep=2)
        assert engine.emitted("source") == [[28], [29]]
        assert engine.acked("source") == [28, 29]

    def test_log_lines_come_as_they_are_written(self) -> None:
        class Loud(Sink):
            def process(self, tup: Any) -> None:
                self.log(f"got {tup.values[0]}", "warn")
                self.logger.info("and %s", "more")

        tested = topology(source=numbers(1).spec(), sink=Loud.spec(inputs=["source"]))
        text = io.StringIO()
        engine = run_in_process(tested, on_log=lambda line: print(line, file=text))
        task = engine.task_ids("sink")[0]
        assert text.getvalue() == f"WARN sink[{task}] got 0\nINFO sink[{task}] and more\n"
        assert [line.message for line in engine.logs] == ["got 0", "and more"]
