"""The harness of single components, as people's own tests use it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from pykafka.exceptions import UsageError
from pykafka.storm import BatchingBolt, Bolt, ReliableSpout, Spout
from pykafka.storm.exceptions import RefusedEmitError, SerializationError
from pykafka.storm.testing import ComponentHarness
from pykafka.storm.topology import Stream


class WordCount(Bolt):
    outputs = ["word", "count"]

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.counts: Counter[str] = Counter()
        self.step = storm_conf.get("step", 1)

    def process(self, tup: Any) -> None:
        word = tup.values[0]
        if not word:
            raise ValueError("an empty word")
        self.counts[word] += self.step
        self.log(f"{word}: {self.counts[word]}")
        self.logger.warning("counted %s", word)
        self.emit([word, self.counts[word]])


class TestBolts:
    def test_what_a_bolt_does_with_a_tuple(self) -> None:
        harness = ComponentHarness(WordCount, fields={"words": {"default": ["word"]}})
        outcome = harness.process("dog")
        assert outcome.input is not None
        assert outcome.input.component == "words"
        assert outcome.input.values.word == "dog"
        assert outcome.values == [["dog", 1]]
        assert outcome.emitted[0].anchors == (outcome.input.id,)
        assert outcome.acked == [outcome.input]
        assert outcome.failed == []
        assert outcome.messages == ["dog: 1", "counted dog"]
        assert [line.level for line in outcome.logged] == [2, 3]
        assert harness.process(["dog"]).values == [["dog", 2]]
        assert harness.total.values == [["dog", 1], ["dog", 2]]
        assert harness.component.counts == {"dog": 2}

    def test_what_it_raises_comes_out_and_the_tuple_failed(self) -> None:
        harness = ComponentHarness(WordCount)
        with pytest.raises(ValueError, match="an empty word"):
            harness.process("")
        (failed,) = harness.total.failed
        assert failed.values == ("",)
        assert "an empty word" in harness.total.errors[0].message
        assert harness.held == []

    def test_what_does_not_end_it_is_reported(self) -> None:
        class Lenient(WordCount):
            exit_on_exception = False

        outcome = ComponentHarness(Lenient).process("")
        assert outcome.failed == [outcome.input]
        assert "an empty word" in outcome.errors[0].message

    def test_settings_go_over_the_class_own(self) -> None:
        class Stepping(WordCount):
            config = {"step": 2}

        assert ComponentHarness(Stepping).process("dog").values == [["dog", 2]]
        assert ComponentHarness(Stepping, conf={"step": 3}).process("dog").values == [["dog", 3]]

    def test_tuples_that_it_holds(self) -> None:
        class Pairing(Bolt):
            auto_ack = False

            def process(self, tup: Any) -> None:
                held = harness.held
                if len(held) == 2:
                    self.ack(held[0])
                    self.fail(held[1])

        harness = ComponentHarness(Pairing)
        first = harness.process("a")
        assert (first.acked, first.failed, harness.held) == ([], [], [first.input])
        second = harness.process("b")
        assert (second.acked, second.failed) == ([first.input], [second.input])
        assert harness.held == []

    def test_several_sources(self) -> None:
        class Naming(Bolt):
            def process(self, tup: Any) -> None:
                self.emit([tup.component, tup.stream, *tup.values])

        harness = ComponentHarness(
            Naming, fields={"left": {"default": ["a"]}, "right": {"pairs": ["a", "b"]}}
        )
        assert harness.process(1).values == [["left", "default", 1]]
        assert harness.process([1, 2], stream="pairs").values == [["right", "pairs", 1, 2]]
        with pytest.raises(UsageError, match=r"\[1\] are 1 values, but the fields .* \['a', 'b'\]"):
            harness.process(1, stream="pairs")
        with pytest.raises(UsageError, match="no stream 'pairs' of a component 'left'"):
            harness.process(1, stream="pairs", component="left")


class TestTime:
    def test_ticks_come_as_the_settings_say(self) -> None:
        class Ticked(Bolt):
            config = {"topology.tick.tuple.freq.secs": 2}
            outputs = ["now"]

            def process_tick(self, tup: Any) -> None:
                self.emit([tup.values[0]])
                self.emit([self.storm_clock()])

        harness = ComponentHarness(Ticked)
        assert harness.advance(1.9).values == []
        assert harness.advance(4.1).values == [[2], [2], [2], [4], [2], [6]]
        assert harness.now == 6
        assert harness.tick().values == [[2], [6]]

    def test_batches_by_time(self) -> None:
        class Batches(BatchingBolt):
            secs_between_batches = 5

            def group_key(self, tup: Any) -> Any:
                return tup.values[0]

            def process_batch(self, key: Any, tups: Any) -> None:
                self.emit([key, len(tups)])

        harness = ComponentHarness(Batches)
        given = [harness.process(word).input for word in ("dog", "cat", "dog")]
        assert harness.advance(4.9).values == []
        outcome = harness.advance(0.1)
        assert outcome.values == [["dog", 2], ["cat", 1]]
        assert outcome.acked == [given[0], given[2], given[1]]
        harness.process("zebra")
        assert harness.flush().values == [["zebra", 1]]

    def test_batches_by_ticks(self) -> None:
        class Batches(BatchingBolt):
            ticks_between_batches = 2

            def process_batch(self, key: Any, tups: Any) -> None:
                self.emit([len(tups)])

        harness = ComponentHarness(Batches, conf={"topology.tick.tuple.freq.secs": 1})
        harness.process("dog")
        assert harness.advance(1).values == []
        assert harness.advance(1).values == [[1]]


class TestSpouts:
    def test_what_a_spout_emits_and_is_told(self) -> None:
        class Source(ReliableSpout):
            outputs = ["word"]

            def initialize(self, storm_conf: Any, context: Any) -> None:
                self.left = iter(["dog"])

            def next_tuple(self) -> None:
                for word in self.left:
                    self.emit([word], tup_id=("words", 1))

        harness = ComponentHarness(Source)
        outcome = harness.next_tuple()
        assert outcome.values == [["dog"]]
        # As it comes back from Storm.
        assert outcome.emitted[0].message_id == ["words", 1]
        assert harness.fail(("words", 1)).values == [["dog"]]
        assert harness.ack(["words", 1]).values == []
        assert harness.component.unacked_tuples == {}
        assert harness.next_tuple().emitted == []

    def test_its_life(self) -> None:
        heard: list[str] = []

        class Source(Spout):
            def activate(self) -> None:
                heard.append("activate")

            def deactivate(self) -> None:
                heard.append("deactivate")

            def close(self) -> None:
                heard.append("close")

        with ComponentHarness(Source) as harness:
            harness.deactivate()
            harness.activate()
        assert heard == ["activate", "deactivate", "activate", "deactivate", "close"]


class TestChecks:
    def test_what_storm_would_refuse_is_refused(self) -> None:
        class Bad(Bolt):
            outputs = ["a", "b"]

            def process(self, tup: Any) -> None:
                self.emit([1], stream=tup.values[0])

        harness = ComponentHarness(Bad)
        with pytest.raises(RefusedEmitError, match=r"1 for the fields \['a', 'b'\]"):
            harness.process("default")
        with pytest.raises(RefusedEmitError, match=r"'other', which its outputs do not declare"):
            harness.process("other")
        free = ComponentHarness(Bad, outputs=["a", Stream(["a"], name="other")])
        assert free.process("other").emitted[0].stream == "other"

    def test_values_that_cannot_go_through_storm(self) -> None:
        class Bad(Bolt):
            def process(self, tup: Any) -> None:
                self.emit([{1, 2}])

        harness = ComponentHarness(Bad)
        with pytest.raises(SerializationError, match=r"bolt 'Bad' .* cannot be sent"):
            harness.process("x")
        assert len(harness.total.failed) == 1
        with pytest.raises(SerializationError):
            harness.process(b"x")
        assert len(harness.total.failed) == 1

    def test_task_ids_and_direct_streams(self) -> None:
        class Direct(Bolt):
            outputs = [Stream(["a"]), Stream(["a"], name="direct", direct=True)]

            def process(self, tup: Any) -> None:
                (task,) = self.emit([1], need_task_ids=True) or ()
                self.emit([2], stream="direct", direct_task=task)

        outcome = ComponentHarness(Direct).process("x")
        assert [(emission.stream, len(emission.targets)) for emission in outcome.emitted] == [
            ("default", 1),
            ("direct", 1),
        ]

    def test_the_wrong_kind_is_named(self) -> None:
        with pytest.raises(UsageError, match="only spouts can do that, and WordCount is none"):
            ComponentHarness(WordCount).next_tuple()
        with pytest.raises(UsageError, match="is no component: give a Spout or a Bolt"):
            ComponentHarness(Counter)
