"""A spout's process, asked by Storm."""

from __future__ import annotations

import time
from pathlib import Path

from storm_side import Task

SPOUT = """
from pykafka.storm.spout import Spout

class Subject(Spout):
    outputs = ["n"]

    def initialize(self, conf, context):
        self.n = 0
        self.told = []

    def activate(self):
        self.log("activated")

    def deactivate(self):
        self.log("deactivated", "warn")

    def next_tuple(self):
        if self.n < LIMIT:
            self.emit([self.n], tup_id=self.n)
            self.n += 1

    def ack(self, tup_id):
        self.told.append(("ack", tup_id))
        self.log(repr(self.told[-1]))

    def fail(self, tup_id):
        self.log(repr(("fail", tup_id)))
"""


def emitted(said: list[dict[str, object]]) -> list[object]:
    return [message["tuple"] for message in said if message["command"] == "emit"]


def test_one_next_brings_everything_there_is(tmp_path: Path) -> None:
    with Task(SPOUT.replace("LIMIT", "5"), tmp_path) as task:
        assert task.query("activate") == [{"command": "log", "msg": "activated", "level": 2}]
        said = task.query("next")
        assert emitted(said) == [[n] for n in range(5)]
        assert [message["id"] for message in said] == list(range(5))
        # Storm's default is to send the task ids of every tuple.
        assert all(message["need_task_ids"] is False for message in said)
        assert task.query("next") == []


def test_one_next_ends_after_a_while_though_there_is_more(tmp_path: Path) -> None:
    with Task(SPOUT.replace("LIMIT", "10**9"), tmp_path) as task:
        begin = time.monotonic()
        said = emitted(task.query("next"))
        assert time.monotonic() - begin < 2.0
        assert said == [[n] for n in range(len(said))]
        assert len(said) > 10


def test_no_more_are_in_flight_than_may_be(tmp_path: Path) -> None:
    conf = {"topology.max.spout.pending": 3}
    with Task(SPOUT.replace("LIMIT", "10**9"), tmp_path, conf=conf) as task:
        assert emitted(task.query("next")) == [[0], [1], [2]]
        task.query("ack", 0)
        task.query("fail", 1)
        assert emitted(task.query("next")) == [[3], [4]]


def test_acks_and_fails_reach_the_spout_with_the_ids_as_they_were(tmp_path: Path) -> None:
    with Task(SPOUT.replace("LIMIT", "0"), tmp_path) as task:
        assert task.query("ack", "a")[0]["msg"] == "('ack', 'a')"
        # A list cannot be a key; JSON makes lists of tuples.
        assert task.query("fail", ["t", 0, [1]])[0]["msg"] == "('fail', ('t', 0, (1,)))"
        assert task.query("deactivate") == [{"command": "log", "msg": "deactivated", "level": 3}]


def test_every_command_is_answered_once_though_answers_run_ahead(tmp_path: Path) -> None:
    """While many tuples are acked, answers come ahead of the commands that they are for. In the
    end there are as many as commands: nothing is asked twice, nothing waits for ever."""
    with Task(SPOUT.replace("LIMIT", "1000"), tmp_path) as task:
        ids: list[object] = []
        asked = 0
        while len(ids) < 1000:
            ids += [message["id"] for message in task.query("next") if "id" in message]
            asked += 1
        for tup_id in ids:
            said = task.query("ack", tup_id)
            assert all(message["command"] == "log" for message in said)
        # Old answers are used up, and then each question waits for its own.
        for _ in range(100):
            task.query("next")
        task.send({"command": "next", "id": ""})
        assert task.receive() == {"command": "sync"}
        assert task.receive(0.2) is None


def test_answers_do_not_run_ahead_while_nothing_is_acked(tmp_path: Path) -> None:
    with Task(SPOUT.replace("LIMIT", "1000"), tmp_path) as task:
        task.query("next")
        assert task.receive(0.2) is None


def test_without_ackers_each_tuple_can_be_acked_as_soon_as_it_is_emitted(tmp_path: Path) -> None:
    """Storm then acks within the emit: it sends "ack" and reads on until that is answered, before
    it goes on with what it was reading."""
    conf = {"topology.acker.executors": 0}
    with Task(SPOUT.replace("LIMIT", "300"), tmp_path, conf=conf) as task:
        seen = []

        def read_answer() -> None:
            while (message := task.receive()) != {"command": "sync"}:
                assert message is not None
                if message["command"] == "emit":
                    seen.append(message["id"])
                    task.send({"command": "ack", "id": message["id"]})
                    read_answer()

        while len(seen) < 300:
            task.send({"command": "next", "id": ""})
            read_answer()
        assert seen == list(range(300))


def test_without_ackers_task_ids_do_not_deadlock(tmp_path: Path) -> None:
    source = SPOUT.replace("LIMIT", "3").replace(
        "tup_id=self.n)", "tup_id=self.n, need_task_ids=True); self.log('went')"
    )
    with Task(source, tmp_path, conf={"topology.acker.executors": 0}) as task:
        task.send({"command": "next", "id": ""})
        for number in range(3):
            assert task.receive()["id"] == number
            # As Storm does: the ack, its answer, and only then the ids.
            task.send({"command": "ack", "id": number})
            assert task.receive() == {"command": "sync"}
            task.send([7])
            assert task.receive()["msg"] == "went"


def test_task_ids_are_returned(tmp_path: Path) -> None:
    source = """
from pykafka.storm.spout import Spout
class Subject(Spout):
    def next_tuple(self):
        self.log(str(self.emit(["x"], stream="s", need_task_ids=True)))
        self.log(str(self.emit(["x"], direct_task=9, need_task_ids=True)))
        self.emit_many([["y"], ["z"]], tup_ids=[1, 2])
"""
    with Task(source, tmp_path, conf={"topology.max.spout.pending": 2}) as task:
        task.send({"command": "next", "id": ""})
        emit = task.receive()
        assert (emit["stream"], emit["need_task_ids"]) == ("s", True)
        task.send([5, 6])
        assert task.receive()["msg"] == "[5, 6]"
        direct = task.receive()
        assert (direct["task"], direct["need_task_ids"]) == (9, False)
        assert task.receive()["msg"] == "[9]"
        assert [message["id"] for message in task.until_answer()] == [1, 2]


def test_what_fails_is_emitted_again_by_a_reliable_spout_and_then_given_up(tmp_path: Path) -> None:
    source = """
from pykafka.storm.spout import ReliableSpout
class Subject(ReliableSpout):
    done = False
    def next_tuple(self):
        if not self.done:
            self.done = True
            self.emit(["x"], tup_id=("t", 1))
"""
    with Task(source, tmp_path) as task:
        again = [message["id"] for message in task.query("next")]
        for _ in range(3):
            again += [message["id"] for message in task.query("fail", ["t", 1])]
        assert again == [["t", 1]] * 4
        assert "giving up" in task.query("fail", ["t", 1])[0]["msg"]
        assert "not waited for" in task.query("ack", ["t", 1])[0]["msg"]


def test_an_unknown_command_is_answered(tmp_path: Path) -> None:
    with Task(SPOUT.replace("LIMIT", "0"), tmp_path) as task:
        assert task.query("dance")[0]["level"] == 3
        assert task.query("next") == []


def test_an_exception_reaches_storm_and_ends_the_process(tmp_path: Path) -> None:
    source = """
from pykafka.storm.spout import Spout
class Subject(Spout):
    def next_tuple(self):
        raise LookupError("no more words")
"""
    with Task(source, tmp_path) as task:
        task.send({"command": "next", "id": ""})
        message = task.until("error")["msg"]
        assert "LookupError" in message
        assert "no more words" in message
        assert "in next_tuple" in message
        assert task.ended() == 1
        assert "no more words" in task.errors()


def test_an_exception_that_does_not_end_the_process(tmp_path: Path) -> None:
    source = """
from pykafka.storm.spout import Spout
class Subject(Spout):
    exit_on_exception = False
    def next_tuple(self):
        raise LookupError("no more words")
"""
    with Task(source, tmp_path) as task:
        for _ in range(2):
            assert [message["command"] for message in task.query("next")] == ["error"]


def test_an_idle_spout_is_not_asked_a_thousand_times_a_second(tmp_path: Path) -> None:
    with Task(SPOUT.replace("LIMIT", "0"), tmp_path) as task:
        for _ in range(40):
            task.query("next")
        begin = time.monotonic()
        for _ in range(20):
            task.query("next")
        # 10 ms each; Storm gives up after 30 s.
        assert 0.15 < time.monotonic() - begin < 5.0


def test_a_spout_may_call_its_attributes_as_it_likes(tmp_path: Path) -> None:
    source = """
from pykafka.storm.spout import Spout
class Subject(Spout):
    def initialize(self, conf, context):
        self.acked = self.failed = self.start = self.next = self.clock = self.deadline = 0
    def next_tuple(self):
        self.emit(["x"], tup_id=1)
"""
    with Task(source, tmp_path, conf={"topology.max.spout.pending": 1}) as task:
        assert len(task.query("next")) == 1
        assert task.query("ack", 1) == []
