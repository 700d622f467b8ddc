"""The Kafka bolt, between Storm and a real Kafka."""

from __future__ import annotations

import collections
import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from storm_side import WITHIN, Task

from pykafka.client import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.waiting import wait_until
from pykafka.message import Message
from pykafka.storm import Grouping, KafkaBolt, Spout, Topology, run_in_process

SUBJECT = """
from pykafka.storm import KafkaBolt

class Subject(KafkaBolt):
    pass
"""
SYNC = {"command": "sync"}

#: A task of the bolt: options, and what is different about it.
Start = Callable[..., Task]


@pytest.fixture
def topic(kafka: EmbeddedKafka, topic_name: str) -> str:
    kafka.create_topic(topic_name, partitions=4)
    return topic_name


@pytest.fixture
def start(kafka: EmbeddedKafka, topic: str, tmp_path: Path) -> Start:
    """``start(fields, source=..., **options)``: a task that reads a stream of these fields."""

    def started(fields: str = "key value", source: str = SUBJECT, **options: Any) -> Task:
        given = {"hosts": kafka.bootstrap, "topic": topic, "linger_ms": 5, **options}
        conf = {f"pykafka.bolt.{name}": value for name, value in given.items()}
        streams = {"source": {"default": fields.split()}}
        return Task(source, tmp_path, conf=conf, context={"source->stream->fields": streams})

    return started


@pytest.fixture
def kafka_without_topics(kafka_release: str, embedded_kafka: Any) -> EmbeddedKafka:
    """A cluster that makes no topic by itself."""
    cluster: EmbeddedKafka = embedded_kafka(
        kafka_release, config={"auto.create.topics.enable": False}
    )
    return cluster


def settled(task: Task, count: int, within: float = WITHIN) -> dict[str, list[Any]]:
    """What comes until so many tuples are acked or failed: ids of these, and texts by command."""
    said: dict[str, list[Any]] = collections.defaultdict(list)
    until = time.monotonic() + within
    while len(said["ack"]) + len(said["fail"]) < count:
        message = task.receive(max(0.0, until - time.monotonic()))
        assert message is not None, f"not all settled in time; so far: {said}"
        said[message["command"]].append(message.get("id") or message.get("msg"))
    return said


def messages_of(kafka: EmbeddedKafka, topic: str) -> list[Message]:
    """All that is in a topic, partition by partition."""
    with KafkaClient(hosts=kafka.bootstrap) as client:
        found = client.topics[topic]
        ends = {id_: end.offset[0] for id_, end in found.latest_available_offsets().items()}
        with closing_consumer(found) as consumer:
            read = [consumer.consume() for _ in range(sum(ends.values()))]
    assert None not in read
    return sorted(read, key=lambda message: (message.partition_id, message.offset))


def closing_consumer(topic: Any) -> Any:
    return topic.get_simple_consumer(
        auto_offset_reset=OffsetType.EARLIEST, consumer_timeout_ms=int(WITHIN * 1000)
    )


def test_tuples_become_messages_and_are_acked_once(
    start: Start, kafka: EmbeddedKafka, topic: str
) -> None:
    count = 3000
    with start() as task:
        for first in range(0, count, 100):
            task.send(
                *(
                    task.tuple(str(n), f"key {n % 50}", f"value {n}")
                    for n in range(first, first + 100)
                )
            )
        said = settled(task, count)
        assert set(said) == {"ack", "fail"}
        assert not said["fail"]
        assert sorted(map(int, said["ack"])) == list(range(count))
        assert task.hang_up() == 2
        assert task.errors() == ""
    read = messages_of(kafka, topic)
    pairs = [(m.partition_key.decode(), m.value.decode()) for m in read]
    assert sorted(pairs) == sorted((f"key {n % 50}", f"value {n}") for n in range(count))
    places = {(m.partition_key, m.partition_id) for m in read}
    assert len(places) == 50, "messages of one key are in several partitions"
    for key in {m.partition_key for m in read}:
        numbers = [int(m.value.split()[1]) for m in read if m.partition_key == key]
        assert numbers == sorted(numbers), f"the order of {key} is lost"


def test_acks_come_though_no_tuple_does(start: Start) -> None:
    with start("word") as task:
        for n in range(3):
            task.send(task.tuple(str(n), "dog"))
            assert settled(task, 1)["ack"] == [str(n)]


def test_many_tuples_go_in_one_batch(start: Start, kafka: EmbeddedKafka, topic: str) -> None:
    with start("word", linger_ms=500, compression="gzip") as task:
        task.send(*(task.tuple(str(n), f"{n}") for n in range(400)))
        settled(task, 400)
    batches = collections.Counter(id(message._shared) for message in messages_of(kafka, topic))
    # One a partition, if the machine is quick; far from one a message if not.
    assert len(batches) <= 20


def test_fields_say_topic_key_and_value(start: Start, kafka: EmbeddedKafka, topic: str) -> None:
    others = [f"{topic}-{n}" for n in range(2)]
    for other in others:
        kafka.create_topic(other)
    options = {"topic": None, "topic_field": "to", "key_field": "word", "encoder": "json"}
    with start("to word count", value_field="count", **options) as task:
        task.send(
            task.tuple("1", others[0], "dog", 3),
            task.tuple("2", None, "nobody's", 4),
            task.tuple("3", others[1], "cat", [5]),
            task.tuple("4", others[1], None, None),
        )
        said = settled(task, 4)
        assert sorted(said["ack"]) == ["1", "2", "3", "4"]
    assert [(m.partition_key, m.value) for m in messages_of(kafka, others[0])] == [(b"dog", b"3")]
    assert [(m.partition_key, m.value) for m in messages_of(kafka, others[1])] == [
        (b"cat", b"[5]"),
        (None, None),
    ]


def test_functions_of_the_user(start: Start, kafka: EmbeddedKafka, topic: str) -> None:
    source = """
from pykafka.storm import KafkaBolt

class Last:
    def __call__(self, partitions, key):
        return max(partitions, key=lambda partition: partition.id)

class Subject(KafkaBolt):
    partitioner = "subject.Last"
    mark = b"!"

    def encoder(self, value):
        return value.encode() + self.mark
"""
    with start("word", source) as task:
        task.send(task.tuple("1", "dog"), task.tuple("2", "cat"))
        assert len(settled(task, 2)["ack"]) == 2
    assert [(m.partition_id, m.value) for m in messages_of(kafka, topic)] == [
        (3, b"dog!"),
        (3, b"cat!"),
    ]


@pytest.mark.parametrize("on_bad_tuple", ["fail", "drop"])
def test_a_tuple_that_cannot_be_sent_is_told_once_and_ends_nothing(
    start: Start, kafka: EmbeddedKafka, topic: str, on_bad_tuple: str
) -> None:
    with start("value", on_bad_tuple=on_bad_tuple, max_request_size=1000) as task:
        task.send(task.tuple("good", "fine"))
        settled(task, 1)
        task.send(
            task.tuple("1", 5),
            task.tuple("2", {}),
            task.tuple("3", "x" * 2000),
            task.tuple("4", "\ud800"),
            task.tuple("5", "fine, too"),
        )
        said = settled(task, 5)
        bad = said[on_bad_tuple if on_bad_tuple == "fail" else "ack"]
        assert set(bad) >= {"1", "2", "3", "4"}
        assert "5" in said["ack"]
        # One of a kind: types, sizes, texts.
        assert len(said["error"]) == 3, said["error"]
        assert "takes text, not int: 5" in said["error"][0]
        assert "1 of source/default" in said["error"][0]
        assert "over max_request_size" in said["error"][1]
        assert all(len(text) < 3000 for text in said["error"])
    assert [m.value for m in messages_of(kafka, topic)].count(b"fine, too") == 1


def test_what_a_broker_finds_too_large_fails_alone(
    start: Start, kafka: EmbeddedKafka, topic_name: str
) -> None:
    narrow = f"{topic_name}-narrow"
    kafka.create_topic(narrow, config={"max.message.bytes": 5000})
    with start("value", topic=narrow, linger_ms=100) as task:
        task.send(
            *(task.tuple(str(n), "fine") for n in range(5)),
            task.tuple("large", "x" * 8000),
            *(task.tuple(str(n), "fine") for n in range(5, 10)),
        )
        said = settled(task, 11)
        assert said["fail"] == ["large"]
        assert "MessageSizeTooLarge" in said["error"][0]


def test_a_topic_that_cannot_be_fails_its_tuples_alone(start: Start, topic: str) -> None:
    with start("to value", topic=None, topic_field="to") as task:
        task.send(
            task.tuple("1", "no topic is called so", "a"),
            task.tuple("2", topic, "b"),
            task.tuple("3", "größe", "c"),
        )
        said = settled(task, 3)
        assert sorted(said["fail"]) == ["1", "3"]
        assert said["ack"] == ["2"]
        assert any("'no topic is called so'" in text for text in said["error"])


def test_a_topic_that_is_not_there_is_waited_for(
    start: Start, kafka_without_topics: EmbeddedKafka, topic_name: str
) -> None:
    kafka, late, never = kafka_without_topics, f"{topic_name}-late", f"{topic_name}-never"
    options = {"hosts": kafka.bootstrap, "topic": None, "topic_field": "to"}
    with start("to value", delivery_timeout_ms=15000, **options) as task:
        task.send(task.tuple("1", never, "a"), task.tuple("2", late, "b"))
        while "UnknownTopicOrPartition" not in task.until("error")["msg"]:
            pass
        kafka.create_topic(late)
        said = settled(task, 2, within=40)
        assert (said["ack"], said["fail"]) == (["2"], ["1"])
        assert any(f"{never!r}: not sent within 15 s; " in text for text in said["log"])
        # Who failed is not held against who comes after that.
        kafka.create_topic(never)
        task.send(task.tuple("3", never, "c"))
        assert settled(task, 1)["ack"] == ["3"]


def test_kafka_that_comes_later_gets_what_waited(
    start: Start, kafka: EmbeddedKafka, topic: str
) -> None:
    kafka.brokers[0].kill()
    with start("value", delivery_timeout_ms=100000) as task:
        task.send(*(task.tuple(str(n), f"{n}") for n in range(10)), task.heartbeat())
        assert task.until("sync") == SYNC
        kafka.brokers[0].restart()
        said = settled(task, 10, within=100)
        assert len(said["ack"]) == 10, said
        assert any("Kafka takes nothing yet" in text for text in said["log"])
    assert sorted(int(m.value) for m in messages_of(kafka, topic)) == list(range(10))


def test_tuples_fail_in_time_while_kafka_is_away_and_it_is_found_again(
    start: Start, kafka: EmbeddedKafka
) -> None:
    with start("value", delivery_timeout_ms=2000) as task:
        _send_until_acked(task)
        kafka.brokers[0].kill()
        began = time.monotonic()
        task.send(task.tuple("1", "b"), task.tuple("2", "c"), task.heartbeat())
        assert task.receive(5) == SYNC, "the heartbeat had to wait"
        said = settled(task, 2)
        assert sorted(said["fail"]) == ["1", "2"]
        assert time.monotonic() - began < 5
        assert len(said["error"]) == 1
        kafka.brokers[0].restart()
        _send_until_acked(task)


def _send_until_acked(task: Task) -> None:
    """Kafka may not be found, or not ready, for as long as a tuple may take."""
    for attempt in range(30):
        task.send(task.tuple(f"attempt {attempt}", "d"))
        if settled(task, 1)["ack"]:
            return
    raise AssertionError("nothing is acked")


def test_tuples_that_never_saw_kafka_fail_in_time(start: Start, kafka: EmbeddedKafka) -> None:
    kafka.brokers[0].kill()
    with start("value", delivery_timeout_ms=3000) as task:
        task.send(task.tuple("1", "b"))
        said = settled(task, 1)
        assert said["fail"] == ["1"]
        assert any(
            "not sent within 3 s; no Kafka broker answered" in text for text in said["error"]
        )


@pytest.mark.parametrize("bound", [{"max_in_flight": 20}, {"max_in_flight_bytes": 20000}])
def test_a_bolt_that_is_full_takes_no_more_but_lives(
    start: Start, kafka: EmbeddedKafka, topic: str, bound: dict[str, int]
) -> None:
    """With the process is what it may hold, what one read and a pipe hold, and no more."""
    value = "x" * 1000
    with start("value", delivery_timeout_ms=60000, **bound) as task:
        task.send(task.tuple("first", value))
        settled(task, 1)
        kafka.brokers[0].pause()
        sent = _send_until_blocked(task, (task.tuple(str(n), value) for n in range(100000)))
        assert 20 <= sent < 600
        # Without heartbeats, which would lie in the pipe.
        assert [task.receive(5) for _ in range(4)] == [SYNC] * 4
        kafka.brokers[0].resume()
        assert len(settled(task, sent)["ack"]) == sent
    assert len(messages_of(kafka, topic)) == sent + 1


def _send_until_blocked(task: Task, tuples: Iterable[Any]) -> int:
    """Write to a process until it has read nothing for a second; how many are with it."""
    assert task.process.stdin is not None
    number = task.process.stdin.fileno()
    os.set_blocking(number, False)
    left = b""
    for sent, tup in enumerate(tuples):
        data = left = json.dumps(tup).encode() + b"\nend\n"
        while left:
            if not select.select([], [number], [], 1.0)[1]:
                if len(left) == len(data):
                    os.set_blocking(number, True)
                    return sent
                # What was begun must be ended, when there is room again.
                os.set_blocking(number, True)
                _later(task, left)
                return sent + 1
            left = left[os.write(number, left) :]
    raise AssertionError("everything was read")


def _later(task: Task, data: bytes) -> None:
    threading.Thread(target=task.send_bytes, args=(data,), daemon=True).start()


def test_fire_and_forget_acks_at_once_and_reports_what_is_lost(
    start: Start, kafka: EmbeddedKafka
) -> None:
    kafka.brokers[0].kill()
    with start("value", fire_and_forget=True, delivery_timeout_ms=1000) as task:
        task.send(*(task.tuple(str(n), "b") for n in range(3)))
        assert settled(task, 3)["ack"] == ["0", "1", "2"]
        while "lost, as they were acked before (3 tuples)" not in task.until("log")["msg"]:
            pass


def test_without_acknowledgements_tuples_are_acked_when_sent(
    start: Start, kafka: EmbeddedKafka, topic: str
) -> None:
    with start("value", required_acks=0) as task:
        task.send(*(task.tuple(str(n), f"{n}") for n in range(100)))
        assert len(settled(task, 100)["ack"]) == 100
        task.hang_up()
    assert len(messages_of(kafka, topic)) == 100


def test_what_is_queued_at_the_end_is_sent(start: Start, kafka: EmbeddedKafka, topic: str) -> None:
    with start("value", fire_and_forget=True, linger_ms=2000) as task:
        task.send(task.tuple("1", "first"))
        wait_until(lambda: messages_of(kafka, topic), WITHIN, "the first message")
        settled(task, 1)
        task.send(*(task.tuple(str(n), f"{n}") for n in range(100)))
        settled(task, 100)
        task.process.send_signal(signal.SIGTERM)
        assert task.ended() == 128 + signal.SIGTERM
        assert task.errors() == ""
    assert len(messages_of(kafka, topic)) == 101


def test_the_end_does_not_wait_for_kafka(start: Start, kafka: EmbeddedKafka) -> None:
    with start("value", linger_ms=0) as task:
        task.send(task.tuple("1", "first"))
        settled(task, 1)
        kafka.brokers[0].pause()
        task.send(task.tuple("2", "second"), task.heartbeat())
        task.until("sync")
        began = time.monotonic()
        task.hang_up()
        assert time.monotonic() - began < 4


class Numbers(Spout):
    """Emits numbers, and knows which are acked."""

    outputs = ["key", "number"]
    count = 200
    acked: set[int] = set()

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.left = iter(range(self.count))
        type(self).acked = set()

    def next_tuple(self) -> None:
        for number in self.left:
            self.emit([str(number % 7), number], tup_id=number)
            return

    def ack(self, tup_id: int) -> None:
        self.acked.add(tup_id)


class Out(KafkaBolt):
    encoder = "json"


class InProcess(Topology):
    numbers = Numbers.spec()
    out = Out.spec(inputs={numbers: Grouping.fields("key")}, par=2)


@pytest.mark.parametrize("how", ["stepped", "interleaved", "real time", "full"])
def test_it_works_in_process(kafka: EmbeddedKafka, topic: str, how: str) -> None:
    config = {
        "pykafka.bolt.hosts": kafka.bootstrap,
        "pykafka.bolt.topic": topic,
        "pykafka.bolt.max_in_flight": 5 if how == "full" else 1000,
    }
    engine = run_in_process(
        InProcess,
        config=config,
        until=lambda engine: len(Numbers.acked) == Numbers.count,
        time_limit=WITHIN,
        interleave=how == "interleaved",
        real_time=how == "real time",
    )
    with closing(engine):
        assert len(Numbers.acked) == Numbers.count
        assert not engine.failed("out")
    assert sorted(int(m.value) for m in messages_of(kafka, topic)) == list(range(Numbers.count))
