"""A bolt's process, fed by Storm."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from storm_side import Task

HEAD = """
from pykafka.storm.bolt import Bolt, BatchingBolt, TicklessBatchingBolt
"""


def test_what_is_emitted_is_anchored_and_comes_before_the_ack(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
class Subject(Bolt):
    def process(self, tup):
        self.emit([tup.values.word.upper(), tup.component, tup.stream, tup.task])
"""
    )
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"), task.tuple("2", "cat"))
        assert [task.receive() for _ in range(4)] == [
            {
                "command": "emit",
                "tuple": ["DOG", "source", "default", 3],
                "need_task_ids": False,
                "anchors": ["1"],
            },
            {
                "command": "emit",
                "tuple": ["CAT", "source", "default", 3],
                "need_task_ids": False,
                "anchors": ["2"],
            },
            # Those of one read together, at the end.
            {"command": "ack", "id": "1"},
            {"command": "ack", "id": "2"},
        ]


def test_heartbeats_are_answered_and_never_acked(tmp_path: Path) -> None:
    with Task(HEAD + "\nclass Subject(Bolt): pass\n", tmp_path) as task:
        for _ in range(3):
            task.send(task.heartbeat())
            assert task.receive() == {"command": "sync"}
        assert task.receive(0.2) is None


def test_ticks_are_acked_and_anchor_nothing(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
class Subject(Bolt):
    auto_ack = False
    def process_tick(self, tup):
        self.emit(["tick"])
"""
    )
    with Task(source, tmp_path) as task:
        task.send(task.tick("5"))
        assert "anchors" not in task.receive()
        assert task.receive() == {"command": "ack", "id": "5"}


@pytest.mark.parametrize("first", ["ack", "fail"])
def test_a_tuple_is_acked_or_failed_once(tmp_path: Path, first: str) -> None:
    """Storm ends the worker on a second one: streamparse's own example does it."""
    source = (
        HEAD
        + f"""
class Subject(Bolt):
    def process(self, tup):
        self.{first}(tup)
        self.emit(["after"])
        self.fail(tup.id)
        self.ack(tup)
"""
    )
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"), task.heartbeat())
        said = [task.receive() for _ in range(3)]
        assert {"command": first, "id": "1"} in said
        assert {"command": "sync"} in said
        assert [message for message in said if message["command"] == "emit"] == [
            {"command": "emit", "tuple": ["after"], "need_task_ids": False}
        ]
        assert task.receive(0.2) is None


def test_an_anchor_that_is_settled_is_the_users_error(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
class Subject(Bolt):
    def process(self, tup):
        self.ack(tup)
        self.emit(["late"], anchors=[tup])
"""
    )
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        assert "emit first" in task.until("error")["msg"]


@pytest.mark.parametrize("value", ["b'\\xff'", "object()", "float('nan')", "{1, 2}"])
def test_a_value_that_cannot_be_sent_fails_the_tuple(tmp_path: Path, value: str) -> None:
    """pystorm logs it, and acks the tuple: a loss that nobody sees."""
    source = (
        HEAD
        + f"""
class Subject(Bolt):
    exit_on_exception = False
    def process(self, tup):
        self.emit([{value}])
"""
    )
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"), task.heartbeat())
        message = task.receive()
        assert message["command"] == "error"
        assert "cannot be sent through Storm" in message["msg"]
        assert task.receive() == {"command": "fail", "id": "1"}
        assert task.receive() == {"command": "sync"}


def test_values_of_all_kinds_arrive(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
class Subject(Bolt):
    def process(self, tup):
        self.emit([*tup.values, ("t", 1), {1: "one"}])
"""
    )
    values = ["é\n\nend\n", 2**70, -(2**63), 1e-06, 0.1, None, True, ["a", [1]], {"k": {"l": None}}]
    with Task(source, tmp_path, context={"source->stream->fields": {}}) as task:
        task.send(task.tuple("1", *values))
        assert task.receive()["tuple"] == [*values, ["t", 1], {"1": "one"}]


def test_fields_that_are_no_names_for_python(tmp_path: Path) -> None:
    source = (
        HEAD + "\nclass Subject(Bolt):\n    def process(self, tup): self.emit([str(tup.values)])"
    )
    context = {"source->stream->fields": {"source": {"default": ["page-view", "class", "2nd"]}}}
    with Task(source, tmp_path, context=context) as task:
        task.send(task.tuple("1", 1, 2, 3))
        assert "page_view=1, _1=2, _2=3" in task.receive()["tuple"][0]
        # Not as many values as fields: a plain tuple, as Storm before 0.10 has none either.
        task.until("ack")
        task.send(task.tuple("2", 1))
        assert task.receive()["tuple"] == ["(1,)"]


def test_an_exception_fails_the_tuple_and_ends_the_process(tmp_path: Path) -> None:
    source = HEAD + "\nclass Subject(Bolt):\n    def process(self, tup): {}[tup.values.word]\n"
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"))
        message = task.receive()["msg"]
        assert "KeyError" in message
        assert "'dog'" in message
        assert "Tuple(id='1', component='source'" in message
        assert task.receive() == {"command": "fail", "id": "1"}
        assert task.ended() == 1
        assert "KeyError" in task.errors()


def test_task_ids_come_in_order_among_tuples(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
class Subject(Bolt):
    def process(self, tup):
        self.log(f"{tup.values.word} to {self.emit(['x'], need_task_ids=True)}")
"""
    )
    with Task(source, tmp_path) as task:
        task.send(task.tuple("1", "dog"), task.tuple("2", "cat"))
        task.until("emit")
        task.send(task.tuple("3", "cow"), [8, 9])
        assert task.receive()["msg"] == "dog to [8, 9]"
        task.until("emit")
        task.send([10])
        assert task.until("log")["msg"] == "cat to [10]"
        task.until("emit")
        task.send([11])
        assert task.until("log")["msg"] == "cow to [11]"


def test_slow_tuples_are_acked_one_by_one(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
import time
class Subject(Bolt):
    def process(self, tup):
        time.sleep(0.2)
"""
    )
    with Task(source, tmp_path) as task:
        begin = time.monotonic()
        task.send(*(task.tuple(str(number), "dog") for number in range(20)))
        assert task.receive() == {"command": "ack", "id": "0"}
        assert time.monotonic() - begin < 2.0


BATCHES = (
    HEAD
    + """
class Subject(BatchingBolt):
    SETTING
    def group_key(self, tup):
        return tup.values.word
    def process_batch(self, key, tups):
        self.emit([key, len(tups)])
"""
)


def batch(task: Task, count: int) -> tuple[object, list[object]]:
    """An emitted batch and the ids that are acked after it."""
    message = task.receive()
    acked = [task.receive()["id"] for _ in range(count)]
    assert sorted(message["anchors"]) == sorted(acked)
    return message["tuple"], acked


def test_batches_by_ticks(tmp_path: Path) -> None:
    source = BATCHES.replace("SETTING", "ticks_between_batches = 2")
    with Task(source, tmp_path, conf={"topology.tick.tuple.freq.secs": 1}) as task:
        task.send(*(task.tuple(str(n), word) for n, word in enumerate(["a", "b", "a"])))
        task.send(task.tick("t1"))
        assert task.receive() == {"command": "ack", "id": "t1"}
        assert task.receive(0.3) is None
        task.send(task.tick("t2"))
        emits, acked = [task.receive(), task.receive()], [task.receive()["id"] for _ in range(4)]
        assert [(message["tuple"], message["anchors"]) for message in emits] == [
            (["a", 2], ["0", "2"]),
            (["b", 1], ["1"]),
        ]
        assert acked == ["t2", "0", "2", "1"]


def test_batches_by_ticks_that_never_come_are_warned_of(tmp_path: Path) -> None:
    with Task(BATCHES.replace("SETTING", ""), tmp_path) as task:
        assert "gets none" in task.until("log")["msg"]


@pytest.mark.parametrize("base", ["BatchingBolt", "TicklessBatchingBolt"])
def test_batches_by_time_need_no_ticks(tmp_path: Path, base: str) -> None:
    source = BATCHES.replace("SETTING", "secs_between_batches = 0.3").replace(
        "BatchingBolt)", f"{base})"
    )
    with Task(source.replace(f"({base})", f"({base})"), tmp_path) as task:
        begin = time.monotonic()
        task.send(task.tuple("0", "a"), task.tuple("1", "a"))
        assert batch(task, 2) == (["a", 2], ["0", "1"])
        assert 0.25 < time.monotonic() - begin < 3.0
        task.send(task.tuple("2", "c"))
        assert batch(task, 1) == (["c", 1], ["2"])


def test_batches_by_size(tmp_path: Path) -> None:
    with Task(BATCHES.replace("SETTING", "tuples_between_batches = 3"), tmp_path) as task:
        task.send(*(task.tuple(str(n), "a") for n in range(7)))
        assert [task.receive()["anchors"] for _ in range(2)] == [["0", "1", "2"], ["3", "4", "5"]]
        assert [task.receive()["id"] for _ in range(6)] == ["0", "1", "2", "3", "4", "5"]
        assert task.receive(0.3) is None


@pytest.mark.parametrize("ends", [True, False])
def test_a_batch_that_raises_fails_its_tuples(tmp_path: Path, ends: bool) -> None:
    source = BATCHES.replace("SETTING", f"tuples_between_batches = 3; exit_on_exception = {ends}")
    source = source.replace("self.emit([key", "1 // (key != 'bad'); self.emit([key")
    with Task(source, tmp_path) as task:
        task.send(*(task.tuple(str(n), word) for n, word in enumerate(["bad", "bad", "good"])))
        assert "ZeroDivisionError" in task.receive()["msg"]
        assert [task.receive() for _ in range(2)] == [{"command": "fail", "id": n} for n in "01"]
        if ends:
            # What was collected besides is lost with the process.
            assert task.receive() == {"command": "fail", "id": "2"}
            assert task.ended() == 1
        else:
            task.send(task.tuple("3", "good"), task.tuple("4", "more"))
            assert [task.receive()["anchors"] for _ in range(2)] == [["2", "3"], ["4"]]
            assert [task.receive()["id"] for _ in range(3)] == ["2", "3", "4"]
