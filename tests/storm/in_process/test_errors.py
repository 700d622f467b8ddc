"""Components that raise, and what a person reads then."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from typing import Any

import pytest
from storm.in_process.parts import Holding, Relay, Sink, Told, numbers, topology

from pykafka.exceptions import UsageError
from pykafka.storm import BatchingBolt, Bolt, ReliableSpout
from pykafka.storm.exceptions import ComponentFailedError, RefusedEmitError, SerializationError
from pykafka.storm.in_process import Engine, EngineOptions, run_in_process


def run(bolt: type[Bolt], count: int = 3, **options: Any) -> Engine:
    return run_in_process(
        topology(source=numbers(count).spec(), bad=bolt.spec(inputs=["source"])), **options
    )


def failure(bolt: type[Bolt]) -> ComponentFailedError:
    with pytest.raises(ComponentFailedError) as caught:
        run(bolt)
    return caught.value


class TestRaised:
    def test_in_process_names_component_task_and_tuple(self) -> None:
        class Bad(Sink):
            def process(self, tup: Any) -> None:
                if tup.values.number == 1:
                    raise LookupError("no such thing")

        error = failure(Bad)
        assert (error.component, error.during) == ("bad", "process")
        assert error.item.values == (1,)
        message = str(error)
        assert f"bolt 'bad' (task {error.task}, " in message
        assert "Bad) raised LookupError in process of Tuple(" in message
        assert "source_default(number=1)" in message
        assert message.endswith(": no such thing")
        # The original, with the line that raised it.
        assert isinstance(error.__cause__, LookupError)
        assert 'raise LookupError("no such thing")' in "".join(traceback.format_exception(error))

    def test_in_initialize(self) -> None:
        class Bad(Sink):
            def initialize(self, storm_conf: Any, context: Any) -> None:
                raise OSError("no database")

        error = failure(Bad)
        assert "raised OSError in initialize: no database" in str(error)

    def test_in_a_constructor(self) -> None:
        class Bad(Sink):
            def __init__(self) -> None:
                raise OSError("no database")

        assert "raised OSError in __init__" in str(failure(Bad))

    def test_in_next_tuple(self) -> None:
        class Source(Told):
            def next_tuple(self) -> None:
                raise LookupError("empty")

        tested = topology(source=Source.spec(), sink=Sink.spec(inputs=["source"]))
        with pytest.raises(
            ComponentFailedError, match=r"spout 'source' .* raised LookupError in next_tuple: empty"
        ):
            run_in_process(tested)

    @pytest.mark.parametrize("told", ["ack", "fail"])
    def test_in_ack_and_fail(self, told: str) -> None:
        def bad(self: Any, tup_id: Any) -> None:
            raise LookupError("lost")

        source = type("Source", (numbers(1),), {told: bad})
        sink = Sink if told == "ack" else type("Bad", (Sink,), {"process": Sink.fail})
        tested = topology(source=source.spec(), sink=sink.spec(inputs=["source"]))
        with pytest.raises(ComponentFailedError, match=f"raised LookupError in {told} of 0: lost"):
            run_in_process(tested)

    def test_in_a_batch(self) -> None:
        class Bad(BatchingBolt):
            secs_between_batches = 1

            def process_batch(self, key: Any, tups: Any) -> None:
                raise LookupError("half a batch")

        engine = Engine.of(topology(source=numbers(3).spec(), bad=Bad.spec(inputs=["source"])))
        with pytest.raises(
            ComponentFailedError, match=r"'bad' .* raised LookupError in process_batch: half"
        ):
            engine.run()
        engine.settle()
        assert engine.task("source").told == [("fail", number) for number in range(3)]

    def test_in_a_tick(self) -> None:
        class Bad(Sink):
            config = {"topology.tick.tuple.freq.secs": 1}

            def process_tick(self, tup: Any) -> None:
                raise LookupError("late")

        engine = Engine.of(topology(source=numbers(3).spec(), bad=Bad.spec(inputs=["source"])))
        with pytest.raises(ComponentFailedError, match="raised LookupError in process_tick"):
            engine.advance(1)

    def test_the_tuple_fails_and_the_run_can_go_on(self) -> None:
        class Bad(Sink):
            def process(self, tup: Any) -> None:
                super().process(tup)
                if tup.values.number == 1:
                    raise LookupError("no such thing")

        engine = Engine.of(topology(source=numbers(3).spec(), bad=Bad.spec(inputs=["source"])))
        with pytest.raises(ComponentFailedError):
            engine.run()
        (report,) = engine.errors
        assert (report.component, "LookupError" in report.message) == ("bad", True)
        assert engine.run() == "idle"
        assert engine.task("bad").seen == [0, 1, 2]
        assert engine.task("source").told == [("ack", 0), ("fail", 1), ("ack", 2)]

    def test_where_it_ends_nothing_it_is_reported_and_fails_the_tuple(self) -> None:
        class Bad(Sink):
            exit_on_exception = False

            def process(self, tup: Any) -> None:
                if tup.values.number == 1:
                    raise LookupError("no such thing")

        engine = run(Bad)
        assert sorted(engine.task("source").told) == [("ack", 0), ("ack", 2), ("fail", 1)]
        (report,) = engine.errors
        assert "no such thing" in report.message


class Cautious(ReliableSpout):
    """Emits again what it does not know to be done when it starts."""

    outputs = ["number"]
    done: set[int]

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.left = iter([number for number in range(5) if number not in self.done])

    def next_tuple(self) -> None:
        number = next(self.left, None)
        if number is not None:
            self.emit([number], tup_id=number)

    def ack(self, tup_id: Any) -> None:
        super().ack(tup_id)
        self.done.add(tup_id)


@pytest.mark.parametrize("verb", ["ack", "fail"])
def test_a_bolt_settles_only_what_it_holds(verb: str) -> None:
    """As Storm, which ends the worker; the components of this package never get there."""
    engine = Engine.of(
        topology(
            source=numbers(1).spec(),
            one=Holding.spec(inputs=["source"]),
            other=Holding.spec(inputs=["source"]),
        )
    )
    engine.run(lambda engine: engine.held("one") + engine.held("other") == 2)
    one, other = engine.task("one"), engine.task("other")
    settle = getattr(one._outlet, verb)
    task = engine.task_ids("one")[0]
    for tup_id in (other.tuples[0].id, "999"):
        with pytest.raises(
            RefusedEmitError, match=rf"bolt 'one' \(task {task}\) {verb}ed tuple '{tup_id}', which"
        ):
            settle(tup_id)
    settle(one.tuples[0].id)
    with pytest.raises(RefusedEmitError, match="was acked or failed before"):
        settle(one.tuples[0].id)


class TestRestart:
    def made(self, fails: int) -> Any:
        class Once(Relay):
            """Dies the first times it sees 2."""

            died = 0

            def process(self, tup: Any) -> None:
                if tup.values.number == 2 and Once.died < fails:
                    Once.died += 1
                    raise LookupError("gone")
                super().process(tup)

        source = type("Source", (Cautious,), {"done": set()})
        return topology(
            source=source.spec(),
            bolt=Once.spec(inputs=["source"]),
            sink=Sink.spec(inputs=["bolt"]),
        )

    def test_starts_all_components_anew(self) -> None:
        tested = self.made(fails=2)
        engine = Engine.of(tested, options=EngineOptions(on_error="restart"))
        before = engine.task("source"), engine.task("bolt"), engine.task("sink")
        assert engine.run() == "idle"
        assert engine.restarts == 2
        after = engine.task("source"), engine.task("bolt"), engine.task("sink")
        assert all(old is not new for old, new in zip(before, after, strict=True))
        # At least once: the last ones saw what was not done.
        assert engine.task("sink").seen == [2, 3, 4]
        assert engine.acked("source") == [0, 1, 2, 3, 4]
        assert engine.pending("source") == []

    def test_tells_no_spout_of_what_was_under_way(self) -> None:
        class Held(Sink):
            auto_ack = False
            died = False

            def process(self, tup: Any) -> None:
                if tup.values.number == 2 and not Held.died:
                    Held.died = True
                    raise LookupError("gone")

        told: list[Any] = []

        class Source(numbers(3)):  # type: ignore[misc]  # a class that is made at run time
            def ack(self, tup_id: Any) -> None:
                told.append(tup_id)

            fail = ack

        engine = Engine.of(
            topology(source=Source.spec(), held=Held.spec(inputs=["source"])),
            options=EngineOptions(on_error="restart"),
        )
        engine.run(lambda engine: engine.restarts == 1)
        # 2 had failed, but the worker was gone before its spout could hear.
        assert told == []
        assert engine.lost("source") == [0, 1]
        assert engine.pending("source") == []
        assert engine.held("held") == 0

    def test_is_not_tried_for_ever_where_a_component_cannot_start(self) -> None:
        class Bad(Sink):
            def initialize(self, storm_conf: Any, context: Any) -> None:
                raise OSError("no database")

        with pytest.raises(ComponentFailedError, match="initialize: no database"):
            run(Bad, on_error="restart")

    def test_a_wrong_word_is_refused(self) -> None:
        with pytest.raises(UsageError, match="'raise' or 'restart', not 'ignore'"):
            run(Sink, on_error="ignore")


class TestEnding:
    def made(self, heard: list[str], **methods: Any) -> Any:
        def closing(self: Any) -> None:
            heard.append(self.component_name)

        source = type("Source", (numbers(3),), {"close": closing})
        good = type("Good", (Sink,), {"close": closing})
        bad = type("Bad", (good,), methods)
        return topology(
            source=source.spec(), good=good.spec(inputs=["source"]), bad=bad.spec(inputs=["source"])
        )

    def test_closes_what_did_not_fail(self) -> None:
        def bad(self: Any, tup: Any) -> None:
            raise LookupError("gone")

        heard: list[str] = []
        with pytest.raises(ComponentFailedError):
            run_in_process(self.made(heard, process=bad))
        assert sorted(heard) == ["good", "source"]

    def test_a_spout_that_raised_is_not_called_any_more(self) -> None:
        heard: list[str] = []

        class Source(Told):
            def next_tuple(self) -> None:
                raise LookupError("gone")

            def deactivate(self) -> None:
                heard.append("deactivate")

            def close(self) -> None:
                heard.append("close")

        tested = topology(source=Source.spec(), sink=Sink.spec(inputs=["source"]))
        with pytest.raises(ComponentFailedError):
            run_in_process(tested)
        assert heard == []

    def test_closes_what_had_started_when_another_could_not(self) -> None:
        def bad(self: Any, storm_conf: Any, context: Any) -> None:
            raise LookupError("gone")

        heard: list[str] = []
        with pytest.raises(ComponentFailedError):
            run_in_process(self.made(heard, initialize=bad))
        # Spouts start after the bolts.
        assert heard == ["good"]

    def test_closes_the_others_when_one_cannot_close(self) -> None:
        heard: list[str] = []

        def bad(self: Any) -> None:
            raise LookupError("stuck")

        engine = run_in_process(self.made(heard, close=bad))
        with pytest.raises(ComponentFailedError, match=r"'bad' .* raised LookupError in close"):
            engine.close()
        assert sorted(heard) == ["good", "source"]
        engine.close()

    def test_ctrl_c_ends_a_component_that_never_returns(self) -> None:
        heard: list[str] = []

        def stuck(self: Any, tup: Any) -> None:
            main = threading.main_thread().ident
            threading.Timer(0.2, signal.pthread_kill, [main, signal.SIGINT]).start()
            time.sleep(30)

        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            run_in_process(self.made(heard, process=stuck))
        assert time.monotonic() - begun < 10
        assert sorted(heard) == ["bad", "good", "source"]


class TestValues:
    def sent(self, *values: Any) -> list[Any]:
        class Source(Told):
            outputs = ["value"]

            def initialize(self, storm_conf: Any, context: Any) -> None:
                super().initialize(storm_conf, context)
                self.left = list(values)

            def next_tuple(self) -> None:
                if self.left:
                    self.emit([self.left.pop(0)])

        engine = run_in_process(topology(source=Source.spec(), sink=Sink.spec(inputs=["source"])))
        seen: list[Any] = engine.task("sink").seen
        return seen

    def test_arrive_as_json_carries_them(self) -> None:
        assert self.sent((1, (2,)), {1: None, "x": [0.5, True]}, "zebra\u00e9", 2**70) == [
            [1, [2]],
            {"1": None, "x": [0.5, True]},
            "zebra\u00e9",
            2**70,
        ]

    @pytest.mark.parametrize(
        "value",
        [b"bytes", {1, 2}, object(), float("nan"), float("inf"), [b"inside"]],
        ids=["bytes", "set", "object", "nan", "inf", "inside"],
    )
    def test_that_cannot_go_through_storm_are_refused(self, value: Any) -> None:
        with pytest.raises(ComponentFailedError) as caught:
            self.sent(value)
        assert isinstance(caught.value.__cause__, SerializationError)
        message = str(caught.value)
        assert "spout 'source' (task" in message
        assert f"emitted {[value]!r} to stream 'default': cannot be sent through Storm" in message

    def test_a_bolts_tuple_that_cannot_be_sent_fails_its_input(self) -> None:
        class Bad(Sink):
            outputs = ["value"]
            exit_on_exception = False

            def process(self, tup: Any) -> None:
                self.emit([b"bytes"])

        engine = run(Bad)
        assert engine.task("source").told == [("fail", number) for number in range(3)]

    def test_an_id_that_is_no_json_is_refused(self) -> None:
        engine = Engine.of(topology(source=Told.spec(), sink=Sink.spec(inputs=["source"])))
        with pytest.raises(SerializationError, match="cannot be sent"):
            engine.task("source").emit([1], tup_id=b"id")
