"""Brokers that stop, die, hang or fall out of sync while messages are produced."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator

import pytest
from functional.producer.scenario import MakeProducer, Stored
from services import Clusters, Implementation

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.broker import EmbeddedBroker
from pykafka.exceptions import (
    NotEnoughReplicas,
    NotEnoughReplicasAfterAppend,
    ProduceFailureError,
)
from pykafka.producer import Producer
from pykafka.topic import Topic

#: Of the topic: broker 0.8.2.2, observed, ignores min.insync.replicas among its own properties.
SAFE = {"min.insync.replicas": 2, "unclean.leader.election.enable": False}

#: Noticed before and after the leader has written the messages.
TOO_FEW = (NotEnoughReplicas, NotEnoughReplicasAfterAppend)

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def safe(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """Three brokers that only these tests use: they stop them."""
    return embedded_kafka(kafka_release, 3, {"unclean.leader.election.enable": False})


@pytest.fixture
def topic(safe: EmbeddedKafka, topic_name: str) -> Iterator[Topic]:
    """One partition on all three, of which two must be in sync for ``required_acks=-1``."""
    safe.create_topic(topic_name, partitions=1, replication_factor=3, config=SAFE)
    with KafkaClient(safe.bootstrap) as client:
        yield client.topics[topic_name]


@pytest.fixture
def leader(safe: EmbeddedKafka, topic: Topic) -> EmbeddedBroker:
    """The broker that leads the partition when the test begins."""
    found = topic.partitions[0].leader
    assert found is not None
    return safe.brokers[found.id]


class Stream:
    """Produces numbers until told to stop; knows what was acknowledged."""

    def __init__(self, producer: Producer) -> None:
        self.failed: list[tuple[bytes, Exception]] = []
        self.acknowledged = 0
        self.sent = 0
        self._producer = producer

    def run_until(self, over: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not over():
            assert time.monotonic() < deadline, "it did not happen in time"
            self._producer.produce(b"%d" % self.sent)
            self.sent += 1
            self._collect(block=False)
            time.sleep(0.001)  # a stream, not a flood

    def run_for(self, acknowledgements: int, within_s: float = 60) -> None:
        wanted = self.acknowledged + acknowledgements
        self.run_until(lambda: self.acknowledged >= wanted, within_s)

    def settle(self) -> None:
        self._producer.flush()
        self._collect(block=False)

    def _collect(self, block: bool) -> None:
        while True:
            try:
                message, error = self._producer.get_delivery_report(block=block)
            except queue.Empty:
                return
            if error is None:
                self.acknowledged += 1
            else:
                self.failed.append((message.value, error))


@pytest.mark.slow
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_leader_that_goes_loses_and_reorders_nothing(
    topic: Topic,
    leader: EmbeddedBroker,
    make_producer: MakeProducer,
    stored: Stored,
    end: str,
) -> None:
    producer = make_producer(
        topic, required_acks=-1, delivery_reports=True, linger_ms=5, max_retries=1000
    )
    stream = Stream(producer)
    stream.run_for(100)
    getattr(leader, end)()
    stream.run_for(500)
    leader.restart()
    stream.run_for(500)
    stream.settle()
    assert stream.failed == []
    assert stream.acknowledged == stream.sent
    first_seen = list(dict.fromkeys(message.value for message in stored(topic)[0]))
    assert first_seen == [b"%d" % n for n in range(stream.sent)]


def written_by_deadline(producer: Producer, value: bytes) -> None:
    """Have it written, however often that takes while a cluster finds itself."""
    deadline = time.monotonic() + 60
    error: Exception | None = ProduceFailureError()
    while error is not None:
        assert time.monotonic() < deadline, error
        producer.produce(value)
        _, error = producer.get_delivery_report(timeout=20)


@pytest.mark.slow
def test_a_leader_that_hangs_holds_no_report_back(
    topic: Topic, leader: EmbeddedBroker, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(
        topic,
        required_acks=-1,
        delivery_reports=True,
        linger_ms=0,
        delivery_timeout_ms=3000,
        ack_timeout_ms=1000,
    )
    producer.produce(b"before")
    assert producer.get_delivery_report(timeout=20)[1] is None
    leader.pause()
    begin = time.monotonic()
    for n in range(10):
        producer.produce(b"%d" % n)
    reports = [producer.get_delivery_report(timeout=20) for _ in range(10)]
    assert time.monotonic() - begin < 3.5
    assert all(isinstance(error, ProduceFailureError) for _, error in reports)
    leader.resume()
    written_by_deadline(producer, b"after")
    values = [message.value for message in stored(topic)[0]]
    assert values[0] == b"before"
    assert values[-1] == b"after"
    # What was reported failed may be stored: it was under way. Not out of order, though.
    numbers = [value for value in values if value not in {b"before", b"after"}]
    assert numbers == sorted(numbers)


@pytest.mark.slow
def test_too_few_replicas_in_sync_are_reported_after_retries_and_recovered_from(
    safe: EmbeddedKafka,
    topic: Topic,
    make_producer: MakeProducer,
    stored: Stored,
    caplog: pytest.LogCaptureFixture,
    implementation: Implementation,
) -> None:
    producer = make_producer(
        topic, required_acks=-1, sync=True, max_retries=2, pending_timeout_ms=30_000
    )
    assert producer.produce(b"before").offset == 0
    for broker in safe.brokers[1:]:
        broker.stop()
    caplog.clear()
    with pytest.raises(TOO_FEW):
        producer.produce(b"during")
    retries = [line for line in caplog.messages if "NOT_ENOUGH_REPLICAS" in line]
    # librdkafka does not tell how often it has tried.
    assert len(retries) >= 2 or implementation.name == "rdkafka"
    safe.brokers[1].restart()
    deadline = time.monotonic() + 60
    while True:
        try:
            producer.produce(b"after")
            break
        except TOO_FEW:
            assert time.monotonic() < deadline, "the replica does not come back in sync"
    # What is noticed after the append has been written: it may be there, and several times.
    values = [message.value for message in stored(topic)[0]]
    assert list(dict.fromkeys(values)) in (
        [b"before", b"after"],
        [b"before", b"during", b"after"],
    )


def test_all_brokers_gone_is_reported_in_time_and_recovered_from(
    safe: EmbeddedKafka, topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(
        topic, delivery_reports=True, linger_ms=0, delivery_timeout_ms=2000, required_acks=-1
    )
    written_by_deadline(producer, b"before")
    for broker in safe.brokers:
        broker.kill()
    begin = time.monotonic()
    for n in range(10):
        producer.produce(b"%d" % n)
    reports = [producer.get_delivery_report(timeout=20) for _ in range(10)]
    assert time.monotonic() - begin < 2.5
    assert all(isinstance(error, ProduceFailureError) for _, error in reports)
    safe.repair()
    written_by_deadline(producer, b"after")
    values = [message.value for message in stored(topic)[0]]
    assert list(dict.fromkeys(values)) == [b"before", b"after"]
