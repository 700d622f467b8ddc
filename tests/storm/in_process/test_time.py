"""Stepped time: time-outs, ticks, batches; and the machine's."""

from __future__ import annotations

import time
from typing import Any

import pytest
from storm.in_process.parts import Holding, Relay, Sink, Told, numbers, topology

from pykafka.exceptions import UsageError
from pykafka.storm import BatchingBolt, ReliableSpout, TicklessBatchingBolt
from pykafka.storm.in_process import Engine, EngineOptions, run_in_process

EVERY_SECOND = {"topology.tick.tuple.freq.secs": 1}


class TestTimeOuts:
    def engine(self, **config: Any) -> Engine:
        engine = Engine.of(
            topology(
                {"topology.message.timeout.secs": 10, **config},
                source=numbers(1).spec(),
                sink=Holding.spec(inputs=["source"]),
            )
        )
        engine.run(lambda engine: engine.held("sink") == 1)
        return engine

    def test_a_tuple_fails_when_its_time_is_over_and_not_before(self) -> None:
        engine = self.engine()
        engine.advance(9.9)
        assert engine.task("source").told == []
        engine.advance(0.1)
        assert engine.task("source").told == [("fail", 0)]
        assert engine.timed_out("source") == engine.failed("source") == [0]

    def test_an_ack_that_comes_too_late_changes_nothing(self) -> None:
        engine = self.engine()
        engine.advance(10)
        sink = engine.task("sink")
        sink.ack(sink.tuples[0])
        engine.settle()
        assert engine.task("source").told == [("fail", 0)]

    def test_can_be_switched_off_as_on_local_storm(self) -> None:
        engine = self.engine(**{"topology.enable.message.timeouts": False})
        engine.advance(1000)
        assert engine.task("source").told == []
        assert engine.pending("source") == [0]

    def test_come_by_themselves_when_nothing_else_is_left_to_do(self) -> None:
        class Source(ReliableSpout):
            outputs = ["number"]
            max_fails = 2

            def initialize(self, storm_conf: Any, context: Any) -> None:
                self.left = iter([7])

            def next_tuple(self) -> None:
                number = next(self.left, None)
                if number is not None:
                    self.emit([number], tup_id=number)

        engine = run_in_process(
            topology(source=Source.spec(), sink=Holding.spec(inputs=["source"]))
        )
        assert engine.task("sink").seen == [7, 7, 7]
        assert engine.timed_out("source") == [7, 7, 7]


class TestTicks:
    def test_come_to_each_task_of_a_component_that_wants_them(self) -> None:
        engine = Engine.of(
            topology(
                source=numbers(0).spec(config=EVERY_SECOND),
                ticked=Sink.spec(inputs=["source"], par=2, config=EVERY_SECOND),
                other=Sink.spec(inputs=["source"]),
            )
        )
        engine.advance(3.5)
        assert [task.ticks for task in engine.tasks("ticked")] == [3, 3]
        assert engine.task("other").ticks == 0
        engine.advance(0.5)
        assert [task.ticks for task in engine.tasks("ticked")] == [4, 4]

    def test_come_to_all_bolts_if_the_topology_says_so(self) -> None:
        engine = Engine.of(
            topology(
                {"topology.tick.tuple.freq.secs": 5},
                source=numbers(0).spec(),
                slow=Sink.spec(inputs=["source"]),
                quick=Sink.spec(inputs=["source"], config=EVERY_SECOND),
            )
        )
        engine.advance(10)
        assert (engine.task("slow").ticks, engine.task("quick").ticks) == (2, 10)

    def test_end_batches(self) -> None:
        class Batches(BatchingBolt):
            outputs = ["count"]
            config = EVERY_SECOND

            def process_batch(self, key: Any, tups: Any) -> None:
                self.emit([len(tups)])

        tested = topology(
            source=numbers(5).spec(),
            batches=Batches.spec(inputs=["source"]),
            sink=Sink.spec(inputs=["batches"]),
        )
        engine = run_in_process(tested)
        # Nobody advances time: it passes because the bolt holds tuples.
        assert engine.task("sink").seen == [5]
        assert engine.acked("source") == [0, 1, 2, 3, 4]
        assert engine.now == pytest.approx(1, abs=0.1)

    def test_do_not_keep_a_run_going_for_ever(self) -> None:
        engine = Engine.of(
            topology(
                EVERY_SECOND,
                source=numbers(1, tracked=False).spec(),
                sink=Holding.spec(inputs=["source"]),
            )
        )
        assert engine.run(max_steps=10_000) == "idle"
        assert 59 <= engine.task("sink").ticks <= 61  # two message time-outs


class Timed(BatchingBolt):
    outputs = ["count"]
    secs_between_batches = 5

    def process_batch(self, key: Any, tups: Any) -> None:
        self.emit([len(tups)])


class TestBatchesByTime:
    def test_are_processed_when_their_time_is_over(self) -> None:
        engine = Engine.of(
            topology(source=numbers(3).spec(), batches=Timed.spec(inputs=["source"]))
        )
        engine.run(lambda engine: engine.held("batches") == 3)
        engine.advance(4.9)
        assert engine.emitted("batches") == []
        engine.advance(0.2)
        assert engine.emitted("batches") == [[3]]
        assert engine.acked("source") == [0, 1, 2]

    def test_are_waited_for_by_a_run(self) -> None:
        class Tickless(TicklessBatchingBolt, Timed):
            secs_between_batches = 2

        engine = Engine.of(
            topology(
                source=numbers(3, tracked=False).spec(), batches=Tickless.spec(inputs=["source"])
            )
        )
        assert engine.run() == "idle"
        assert engine.emitted("batches") == [[3]]
        assert engine.now == pytest.approx(2, abs=0.1)

    def test_are_processed_before_their_time_by_flush(self) -> None:
        engine = Engine.of(
            topology(
                source=numbers(3).spec(),
                batches=Timed.spec(inputs=["source"]),
                more=Timed.spec(inputs=["batches"]),
            )
        )
        engine.run(lambda engine: engine.held("batches") == 3)
        engine.flush()
        assert engine.emitted("more") == [[1]]
        assert engine.now < 1

    def test_of_an_endless_spout_come_because_its_calls_take_time(self) -> None:
        class Endless(Told):
            def next_tuple(self) -> None:
                self.emit([1])

        engine = run_in_process(
            topology(source=Endless.spec(), batches=Timed.spec(inputs=["source"])),
            until=lambda engine: len(engine.emissions("batches")) == 2,
            max_steps=100_000,
        )
        # Five seconds after the first, one tuple in each millisecond.
        assert engine.emitted("batches") == [[5001], [5001]]


class TestRun:
    def endless(self) -> Any:
        class Endless(Told):
            def next_tuple(self) -> None:
                self.emit([1])

        return topology(source=Endless.spec(), sink=Sink.spec(inputs=["source"]))

    def test_says_why_it_ended(self) -> None:
        engine = Engine.of(self.endless())
        assert engine.run(max_steps=10) == "max_steps"
        assert engine.steps == 10
        assert engine.run(lambda engine: engine.steps == 15) == "until"
        assert engine.run(time_limit=0.05) == "time_limit"
        engine.deactivate()
        assert engine.run() == "idle"

    def test_steps_are_single_calls(self) -> None:
        engine = Engine.of(
            topology(
                source=numbers(1).spec(),
                relay=Relay.spec(inputs=["source"]),
                sink=Sink.spec(inputs=["relay"]),
            )
        )
        steps = [engine.step() for _ in range(5)]
        source, relay, sink = (engine.task_ids(name)[0] for name in ("source", "relay", "sink"))
        assert [(step.kind, step.component, step.task) for step in steps if step] == [
            ("next_tuple", "source", source),
            ("process", "relay", relay),
            ("process", "sink", sink),
            ("ack", "source", source),
            ("next_tuple", "source", source),
        ]
        assert str(steps[3]) == f"source[{source}] ack 0"

    def test_a_spout_that_rests_is_still_told(self) -> None:
        engine = Engine.of(topology(source=numbers(5).spec(), sink=Sink.spec(inputs=["source"])))
        engine.step()
        engine.deactivate()
        assert engine.run() == "idle"
        assert engine.task("source").told == [("ack", 0)]
        engine.activate()
        assert engine.run() == "idle"
        assert engine.acked("source") == [0, 1, 2, 3, 4]

    def test_spouts_hear_of_it(self) -> None:
        heard: list[str] = []

        class Source(numbers(0)):  # type: ignore[misc]  # a class that is made at run time
            def activate(self) -> None:
                heard.append("activate")

            def deactivate(self) -> None:
                heard.append("deactivate")

            def close(self) -> None:
                heard.append("close")

        with Engine.of(topology(source=Source.spec(), sink=Sink.spec(inputs=["source"]))) as engine:
            engine.activate()
            engine.deactivate()
            engine.activate()
        engine.close()
        assert heard == ["activate", "deactivate", "activate", "deactivate", "close"]


class TestRealTime:
    def test_batches_come_by_the_machines_clock(self) -> None:
        class Quick(Timed):
            secs_between_batches = 0.1

        tested = topology(source=numbers(3).spec(), batches=Quick.spec(inputs=["source"]))
        begun = time.monotonic()
        run_in_process(
            tested,
            real_time=True,
            until=lambda engine: len(engine.emissions("batches")) == 1,
            time_limit=10,
        )
        assert 0.1 <= time.monotonic() - begun < 5

    def test_a_run_waits_for_spouts_that_have_nothing_yet(self) -> None:
        class Later(numbers(3)):  # type: ignore[misc]  # a class that is made at run time
            def next_tuple(self) -> None:
                if self.storm_clock() > 0.1:
                    super().next_tuple()

        tested = topology(source=Later.spec(), sink=Sink.spec(inputs=["source"]))
        engine = run_in_process(
            tested,
            real_time=True,
            until=lambda engine: len(engine.acked("source")) == 3,
            time_limit=10,
        )
        assert engine.acked("source") == [0, 1, 2]

    def test_cannot_be_advanced(self) -> None:
        tested = topology(source=numbers(3).spec(), sink=Sink.spec(inputs=["source"]))
        engine = Engine.of(tested, options=EngineOptions(real_time=True))
        with pytest.raises(UsageError, match="leave out real_time"):
            engine.advance(1)
