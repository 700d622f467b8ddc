"""Trees of tuples: acked when all of it is, failed once, timed out, lost."""

from __future__ import annotations

from typing import Any

import pytest
from storm.in_process.parts import (
    Holding,
    Relay,
    Sink,
    failing,
    numbers,
    shuffled,
    topology,
)

from pykafka.storm import Bolt, ReliableSpout
from pykafka.storm.in_process import Engine, run_in_process
from pykafka.storm.topology import GlobalStreamId, Grouping, Stream


def test_each_tuple_is_acked_once_when_nothing_fails() -> None:
    engine = run_in_process(
        topology(
            source=numbers(5).spec(),
            relay=Relay.spec(inputs=["source"], par=2),
            sink=Sink.spec(inputs=["relay"]),
        )
    )
    assert engine.task("source").told == [("ack", number) for number in range(5)]
    assert engine.pending("source") == []


def test_a_tuple_is_acked_only_when_all_leaves_are() -> None:
    engine = run_in_process(
        topology(
            source=numbers(1).spec(),
            relay=Relay.spec(inputs=["source"]),
            left=Holding.spec(inputs=["relay"]),
            right=Holding.spec(inputs=["relay"]),
        ),
        until=lambda engine: engine.held("left") + engine.held("right") == 2,
    )
    left, right = engine.task("left"), engine.task("right")
    left.ack(left.tuples[0])
    engine.settle()
    assert engine.task("source").told == []
    assert engine.pending("source") == [0]
    right.ack(right.tuples[0])
    engine.settle()
    assert engine.task("source").told == [("ack", 0)]


def test_an_input_that_is_never_acked_keeps_the_tree_open() -> None:
    class Forgetting(Relay):
        auto_ack = False

    engine = Engine.of(
        topology(
            source=numbers(1).spec(),
            relay=Forgetting.spec(inputs=["source"]),
            sink=Sink.spec(inputs=["relay"]),
        )
    )
    engine.advance(1)
    engine.run(max_steps=3)
    assert engine.task("sink").seen == [0]
    assert engine.pending("source") == [0]


@pytest.mark.parametrize("where", ["first", "second", "both"])
def test_a_fail_anywhere_fails_the_tuple_once(where: str) -> None:
    bad, good = failing([1]), failing([])
    engine = run_in_process(
        topology(
            source=numbers(3).spec(),
            relay=Relay.spec(inputs=["source"]),
            first=(bad if where != "second" else good).spec(inputs=["relay"]),
            second=(bad if where != "first" else good).spec(inputs=["relay"]),
        )
    )
    assert sorted(engine.task("source").told) == [("ack", 0), ("ack", 2), ("fail", 1)]
    assert engine.failed("source") == [1]
    assert engine.timed_out("source") == []


def test_a_tuple_that_nobody_reads_is_acked_at_once() -> None:
    class Source(numbers(3)):  # type: ignore[misc]  # a class that is made at run time
        outputs = [Stream(["number"]), Stream(["number"], name="read")]

        def next_tuple(self) -> None:
            super().next_tuple()

    tested = topology(
        source=Source.spec(),
        sink=Sink.spec(inputs={GlobalStreamId("source", "read"): Grouping.ALL}),
    )
    engine = run_in_process(tested)
    assert engine.task("source").told == [("ack", number) for number in range(3)]
    assert engine.task("sink").seen == []


def test_a_tuple_without_an_id_is_not_tracked() -> None:
    engine = run_in_process(
        topology(source=numbers(3, tracked=False).spec(), sink=failing([1]).spec(inputs=["source"]))
    )
    assert engine.task("sink").seen == [0, 1, 2]
    assert engine.task("source").told == []
    assert engine.acked("source") == []


def test_without_ackers_a_tuple_is_acked_when_it_is_emitted() -> None:
    engine = run_in_process(
        topology(
            {"topology.acker.executors": 0, "topology.max.spout.pending": 1},
            source=numbers(3).spec(),
            sink=Holding.spec(inputs=["source"]),
        )
    )
    assert engine.task("source").told == [("ack", number) for number in range(3)]
    assert len(engine.task("sink").tuples) == 3


def test_a_tuple_that_is_not_anchored_does_not_count() -> None:
    class Detached(Relay):
        auto_anchor = False

    engine = run_in_process(
        topology(
            source=numbers(2).spec(),
            relay=Detached.spec(inputs=["source"]),
            sink=failing([0, 1]).spec(inputs=["relay"]),
        )
    )
    assert engine.task("sink").seen == [0, 1]
    assert engine.task("source").told == [("ack", 0), ("ack", 1)]


class Pairing(Bolt):
    """Joins two inputs into one tuple that is anchored to both."""

    outputs = ["pair"]
    auto_ack = False

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.waiting: list[Any] = []

    def process(self, tup: Any) -> None:
        self.waiting.append(tup)
        if len(self.waiting) == 2:
            self.emit([[each.values[0] for each in self.waiting]], anchors=self.waiting)
            for each in self.waiting:
                self.ack(each)
            self.waiting = []


class TestSeveralAnchors:
    def test_the_tuple_belongs_to_all_their_trees(self) -> None:
        engine = run_in_process(
            topology(
                source=numbers(4).spec(),
                pairs=Pairing.spec(inputs=["source"]),
                sink=Holding.spec(inputs=["pairs"]),
            ),
            until=lambda engine: engine.held("sink") == 2,
        )
        sink = engine.task("sink")
        assert sink.seen == [[0, 1], [2, 3]]
        assert engine.pending("source") == [0, 1, 2, 3]
        sink.ack(sink.tuples[0])
        sink.fail(sink.tuples[1])
        engine.settle()
        assert engine.acked("source") == [0, 1]
        assert engine.failed("source") == [2, 3]

    def test_of_one_tree_count_it_once(self) -> None:
        class Twice(Relay):
            def process(self, tup: Any) -> None:
                self.emit(["a"])
                self.emit(["b"])

        engine = run_in_process(
            topology(
                source=numbers(1).spec(),
                twice=Twice.spec(inputs=["source"]),
                pairs=Pairing.spec(inputs=["twice"]),
                sink=Sink.spec(inputs=["pairs"]),
            )
        )
        assert engine.task("sink").seen == [["a", "b"]]
        assert engine.task("source").told == [("ack", 0)]


def test_a_diamond_is_acked_when_both_ways_are_done() -> None:
    engine = run_in_process(
        topology(
            source=numbers(4).spec(),
            left=Relay.spec(inputs=["source"]),
            right=Relay.spec(inputs=["source"], par=2),
            sink=Sink.spec(inputs=shuffled("left", "right"), par=3),
        )
    )
    assert sorted(number for task in engine.tasks("sink") for number in task.seen) == sorted(
        2 * list(range(4))
    )
    assert sorted(engine.acked("source")) == [0, 1, 2, 3]


def test_a_cycle_ends_when_nothing_goes_round_any_more() -> None:
    class CountDown(Bolt):
        outputs = ["number"]

        def process(self, tup: Any) -> None:
            if tup.values.number:
                self.emit([tup.values.number - 1])

    engine = run_in_process(
        topology(
            source=numbers(4).spec(),
            down=CountDown.spec(inputs=shuffled("source", "down")),
        )
    )
    assert len(engine.emissions("down")) == 0 + 1 + 2 + 3
    assert engine.acked("source") == [0, 1, 2, 3]


class TestReliableSpout:
    class Source(ReliableSpout):
        outputs = ["number"]

        def initialize(self, storm_conf: Any, context: Any) -> None:
            self.left = iter(range(3))

        def next_tuple(self) -> None:
            number = next(self.left, None)
            if number is not None:
                self.emit([number], tup_id=("id", number))

    def test_emits_again_until_it_is_acked(self) -> None:
        class FailsTwice(Sink):
            def process(self, tup: Any) -> None:
                super().process(tup)
                if tup.values[0] == 1 and self.seen.count(1) <= 2:
                    self.fail(tup)

        engine = run_in_process(
            topology(source=self.Source.spec(), sink=FailsTwice.spec(inputs=["source"]))
        )
        assert sorted(engine.task("sink").seen) == [0, 1, 1, 1, 2]
        # JSON has no tuples.
        assert sorted(engine.acked("source")) == [["id", 0], ["id", 1], ["id", 2]]
        assert engine.failed("source") == [["id", 1]] * 2
        assert engine.task("source").unacked_tuples == {}

    def test_gives_up(self) -> None:
        engine = run_in_process(
            topology(source=self.Source.spec(), sink=failing([1]).spec(inputs=["source"]))
        )
        assert engine.task("sink").seen.count(1) == 1 + self.Source.max_fails
        assert engine.task("source").unacked_tuples == {}
        assert any("giving up" in line.message for line in engine.logs)


class TestMaxSpoutPending:
    def test_holds_a_spout_back(self) -> None:
        engine = Engine.of(
            topology(
                {"topology.max.spout.pending": 2},
                source=numbers(5).spec(),
                sink=Holding.spec(inputs=["source"]),
            )
        )
        while engine.step() is not None:
            pass
        sink = engine.task("sink")
        assert sink.seen == [0, 1]
        assert engine.pending("source") == [0, 1]
        sink.ack(sink.tuples[0])
        while engine.step() is not None:
            pass
        assert sink.seen == [0, 1, 2]

    def test_counts_each_task_by_itself_and_a_component_may_have_its_own(self) -> None:
        engine = Engine.of(
            topology(
                {"topology.max.spout.pending": 5},
                source=numbers(5).spec(par=2, config={"topology.max.spout.pending": 1}),
                sink=Holding.spec(inputs=["source"]),
            )
        )
        while engine.step() is not None:
            pass
        assert engine.task("sink").seen == [0, 0]

    def test_counts_only_what_has_an_id(self) -> None:
        engine = run_in_process(
            topology(
                {"topology.max.spout.pending": 1},
                source=numbers(5, tracked=False).spec(),
                sink=Holding.spec(inputs=["source"]),
            )
        )
        assert engine.task("sink").seen == [0, 1, 2, 3, 4]
