"""``wire``, by the code of the talk as a person types it."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

import pytest

from pykafka.exceptions import UsageError
from pykafka.storm import Tuple
from pykafka.storm import bolt as bolts_of_storm
from pykafka.storm.exceptions import ComponentFailedError, SerializationError
from pykafka.storm.in_process import wire

#: Slides 24 to 26, with the bodies that the slides leave out.
SLIDES = """
import itertools
from collections import Counter

class Spout(object):
    def next_tuple():
        \"\"\"Called repeatedly to emit tuples.\"\"\"

class Bolt(object):
    def process(tup):
        \"\"\"Called repeatedly to process tuples.\"\"\"

class WordSpout(Spout):
    words = itertools.cycle(["dog", "cat", "dog"])
    def next_tuple(self):
        return (next(self.words),)

class WordCountBolt(Bolt):
    counts = Counter()
    def process(self, tup):
        word = tup[0]
        self.counts[word] += 1
        return (word, self.counts[word])

class DebugPrintBolt(Bolt):
    def process(self, tup):
        print(tup)

# lay out topology
spout = WordSpout
bolts = [WordCountBolt, DebugPrintBolt]

# wire topology
topology = wire(spout=spout, bolts=bolts)

# start the topology
next(topology)
"""

#: Slides 52, 54 and 55: only the import lines are others.
WORDS = """
import itertools
from pykafka.storm.spout import Spout

class Words(Spout):

    def initialize(self, conf, ctx):
        self.words = itertools.cycle(['dog', 'cat',
                                      'zebra', 'elephant'])

    def next_tuple(self):
        word = next(self.words)
        self.emit([word])
"""
WORD_COUNT = """
from collections import Counter
from pykafka.storm.bolt import Bolt

class WordCount(Bolt):

    def initialize(self, conf, ctx):
        self.counts = Counter()

    def process(self, tup):
        word = tup.values[0]
        self.counts[word] += 1
        self.log('%s: %d' % (word, self.counts[word]))
"""
BATCHED = """
from pykafka.storm.bolt import BatchingBolt

class WordCount(BatchingBolt):

    secs_between_batches = 5

    def group_key(self, tup):
        # collect batches of words
        word = tup.values[0]
        return word

    def process_batch(self, key, tups):
        # emit the count of words we had per 5s batch
        self.emit([key, len(tups)])
"""


def typed(*sources: str) -> dict[str, Any]:
    """What these lines of a person's module define."""
    module: dict[str, Any] = {"__name__": "talk", "wire": wire}
    for source in sources:
        exec(source, module)  # the slides' own text
    return module


class TestSlides:
    def test_next_moves_one_tuple_through_all_bolts(self, capsys: Any) -> None:
        topology = typed(SLIDES)["topology"]
        assert capsys.readouterr().out == "('dog', 1)\n"
        next(topology)
        next(topology)
        assert capsys.readouterr().out == "('cat', 1)\n('dog', 2)\n"

    def test_it_runs_on_and_on(self, capsys: Any) -> None:
        topology = typed(SLIDES)["topology"]
        topology.run(time_limit=0.1)
        assert len(capsys.readouterr().out.splitlines()) > 10

    def test_components_of_storm_run_too(self, capsys: Any) -> None:
        module = typed(WORDS, WORD_COUNT)
        topology = wire(spout=module["Words"], bolts=[module["WordCount"]])
        for _ in range(5):
            assert next(topology) == []
        # Slide 54 logs, which a person wants to see.
        lines = capsys.readouterr().err.splitlines()
        assert [line.split("] ")[1] for line in lines] == [
            "dog: 1",
            "cat: 1",
            "zebra: 1",
            "elephant: 1",
            "dog: 2",
        ]

    def test_batches_come_out_when_their_time_is_over(self) -> None:
        module = typed(WORDS, BATCHED)
        quick = type("WordCount", (module["WordCount"],), {"secs_between_batches": 0.2})
        topology = wire(spout=module["Words"], bolts=[quick])
        begun = time.monotonic()
        calls = 1
        while not (out := next(topology)) and time.monotonic() < begun + 30:
            calls += 1
        assert time.monotonic() - begun >= 0.2
        counts = dict(out)
        assert set(counts) == {"dog", "cat", "zebra", "elephant"}
        assert calls - 1 <= sum(counts.values()) <= calls


class Three:
    """Three numbers, then no more."""

    def __init__(self) -> None:
        self.left = iter(range(3))

    def next_tuple(self) -> Any:
        return (next(self.left),)


class Double:
    def process(self, tup: Any) -> Any:
        return (2 * tup[0],)


class TestComponents:
    def test_without_bolts_the_spouts_tuples_come_out(self) -> None:
        assert list(wire(Three)) == [[(0,)], [(1,)], [(2,)]]

    def test_may_be_objects_and_the_same_class_twice(self) -> None:
        assert list(wire(Three(), [Double(), Double, Double])) == [[(0,)], [(8,)], [(16,)]]

    def test_of_this_package_may_return_tuples_and_emit_them(self) -> None:
        class Both(bolts_of_storm.Bolt):
            outputs = ["number"]

            def process(self, tup: Tuple) -> Any:
                self.emit([-tup.values[0]])
                return [tup.values[0]]

        assert list(wire(Three, [Both])) == [[(0,), (0,)], [(-1,), (1,)], [(-2,), (2,)]]

    def test_plain_bolts_find_the_values_by_both_names(self) -> None:
        class Reading:
            def process(self, tup: Any) -> Any:
                (value,) = tup
                return (value, tup[0], tup.values[0], tup == (value,))

        assert next(wire(Three, [Reading])) == [(0, 0, 0, True)]

    def test_none_goes_nowhere(self) -> None:
        class Odd:
            def process(self, tup: Any) -> Any:
                return tup if tup[0] % 2 else None

        assert list(wire(Three, [Odd, Double])) == [[], [(2,)], []]

    def test_a_spout_that_has_nothing_is_no_end(self) -> None:
        class Slow:
            values = iter([None, ("a",), None])

            def next_tuple(self) -> Any:
                return next(self.values)

        assert list(wire(Slow)) == [[], [("a",)], []]

    def test_are_told_of_start_and_end_if_they_want_to_know(self) -> None:
        heard: list[str] = []

        class Telling(Three):
            def initialize(self, conf: Any, context: Any) -> None:
                heard.append(context["componentid"])

            def close(self) -> None:
                heard.append("closed")

        with wire(Telling) as pipeline:
            next(pipeline)
            assert heard == ["Telling"]
        assert heard == ["Telling", "closed"]
        assert list(pipeline) == []


def test_what_is_in_a_batch_at_the_end_comes_out() -> None:
    class Batch(bolts_of_storm.BatchingBolt):
        outputs = ["count"]
        secs_between_batches = 60

        def process_batch(self, key: Any, tups: Any) -> None:
            self.emit([len(tups)])

    assert list(wire(Three, [Batch])) == [[], [], [], [(3,)]]


class TestRun:
    def test_ends_with_the_spout(self) -> None:
        seen = []

        class Seeing:
            def process(self, tup: Any) -> Any:
                seen.append(tup)
                return tup

        pipeline = wire(Three, [Seeing])
        pipeline.run(time_limit=60)
        assert seen == [(0,), (1,), (2,)]
        assert list(pipeline) == []

    def test_waits_for_a_spout_that_has_nothing(self) -> None:
        calls = Counter[str]()

        class Empty:
            def next_tuple(self) -> None:
                calls["next_tuple"] += 1

        wire(Empty).run(time_limit=0.2)
        assert 1 < calls["next_tuple"] < 1000

    def test_keeps_nothing_of_what_comes_out(self) -> None:
        kept = []

        class Endless:
            values = itertools.count()

            def next_tuple(self) -> Any:
                kept.append(len(pipeline._out))
                return (next(self.values),)

        pipeline = wire(Endless)
        pipeline.run(time_limit=0.1)
        assert max(kept) <= 1
        assert len(pipeline.engine.emissions("Endless")) == 1000
        # At most the one tuple that was under way, and the next.
        assert len(next(pipeline)) <= 2

    def test_ctrl_c_closes_the_components(self) -> None:
        closed = []

        class Interrupted:
            def next_tuple(self) -> Any:
                raise KeyboardInterrupt

            def close(self) -> None:
                closed.append(self)

        with pytest.raises(KeyboardInterrupt):
            wire(Interrupted).run(time_limit=60)
        assert len(closed) == 1


class TestMistakes:
    def test_what_is_no_bolt_is_named(self) -> None:
        with pytest.raises(UsageError, match=r"bolts\[1\] is .*Three.*, which has no process\(\)"):
            wire(Three, [Double, Three])
        with pytest.raises(UsageError, match=r"spout is .*Double.*, which has no next_tuple\(\)"):
            wire(Double)
        with pytest.raises(UsageError, match="bolts is a list of bolts, not <class"):
            wire(Three, Double)

    def test_what_is_returned_must_be_a_tuple(self) -> None:
        class Word:
            def next_tuple(self) -> Any:
                return "dog"

        with pytest.raises(
            ComponentFailedError,
            match=r"Word.next_tuple\(\) returned 'dog': return a tuple of values, such as \('dog',",
        ):
            next(wire(Word))

    def test_what_could_not_go_through_storm_is_refused(self) -> None:
        class Raw:
            def next_tuple(self) -> Any:
                return (b"dog",)

        with pytest.raises(ComponentFailedError, match="cannot be sent through Storm") as caught:
            next(wire(Raw))
        assert isinstance(caught.value.__cause__, SerializationError)

    def test_what_a_bolt_raises_is_told_with_its_tuple(self) -> None:
        class Bad:
            def process(self, tup: Any) -> Any:
                raise LookupError("no such word")

        pipeline = wire(Three, [Bad])
        for number in range(2):
            with pytest.raises(
                ComponentFailedError,
                match=rf"bolt 'Bad' .*LookupError in process of .*\({number},\).*: no such word",
            ):
                next(pipeline)

    def test_stop_iteration_of_a_bolt_is_an_error(self) -> None:
        class Bad:
            def process(self, tup: Any) -> Any:
                return next(iter(()))

        with pytest.raises(ComponentFailedError, match="StopIteration in process"):
            next(wire(Three, [Bad]))
