"""What each task is told of its place."""

from __future__ import annotations

from typing import Any

from storm.in_process.parts import Relay, Sink, numbers, topology

from pykafka.storm.in_process import Engine
from pykafka.storm.topology import GlobalStreamId, Grouping, Stream


class Two(Relay):
    outputs = [Stream(["number"]), Stream(["left", "right"], name="pairs")]


TESTED = topology(
    {"topology.workers": 3, "mine": {"deep": [1]}},
    source=numbers(0).spec(par=2),
    middle=Two.spec(inputs={"source": Grouping.fields("number")}, config={"mine": 2}),
    sink=Sink.spec(
        inputs={
            GlobalStreamId("middle", "pairs"): Grouping.LOCAL_OR_SHUFFLE,
            GlobalStreamId("source"): Grouping.ALL,
        }
    ),
)


def test_tasks_are_numbered_by_name_after_the_acker() -> None:
    engine = Engine.of(TESTED)
    assert {name: engine.task_ids(name) for name in ("middle", "sink", "source")} == {
        "middle": [2],
        "sink": [3],
        "source": [4, 5],
    }
    assert engine.task("source", 1).task_id == 5
    without = Engine.of(TESTED, config={"topology.acker.executors": 0})
    assert without.task_ids("middle") == [1]


def test_a_context_is_shaped_as_storms() -> None:
    """Storm 2.8.3's, without the streams that are its own."""
    assert Engine.of(TESTED).task("middle").context == {
        "taskid": 2,
        "componentid": "middle",
        "streams": ["default", "pairs"],
        "stream->outputfields": {"default": ["number"], "pairs": ["left", "right"]},
        "stream->target->grouping": {
            "default": {},
            "pairs": {"sink": {"type": "LOCAL_OR_SHUFFLE"}},
        },
        "source->stream->fields": {"source": {"default": ["number"]}},
        "source->stream->grouping": {
            "source": {"default": {"type": "FIELDS", "fields": ["number"]}}
        },
        "task->component": {
            "1": "__acker",
            "2": "middle",
            "3": "sink",
            "4": "source",
            "5": "source",
        },
    }


def test_values_have_the_names_of_their_stream() -> None:
    seen: list[Any] = []

    class Reading(Sink):
        def process(self, tup: Any) -> None:
            seen.append((tup.component, tup.stream, tup.task, tup.values._fields))

    tested = topology(source=numbers(1).spec(), sink=Reading.spec(inputs=["source"]))
    engine = Engine.of(tested)
    engine.run()
    assert seen == [("source", "default", engine.task_ids("source")[0], ("number",))]


class TestConfiguration:
    def test_goes_from_storms_over_the_topologys_to_the_components(self) -> None:
        engine = Engine.of(TESTED, config={"topology.workers": 4})
        conf = engine.task("middle").storm_conf
        assert conf["topology.name"] == "Tested"
        assert conf["topology.message.timeout.secs"] == 30
        assert conf["topology.workers"] == 4
        assert conf["mine"] == 2
        assert engine.task("sink").storm_conf["mine"] == {"deep": [1]}

    def test_is_each_tasks_own(self) -> None:
        engine = Engine.of(TESTED)
        engine.task("source").storm_conf["mine"]["deep"].append(2)
        assert engine.task("source", 1).storm_conf["mine"] == {"deep": [1]}
        assert TESTED.config["mine"] == {"deep": [1]}
