"""A broker that is restarted, or gone for a minute, under a consumer of either implementation."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from functional.consumer.filling import add, numbered
from services import Clusters, Implementation

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic

_COUNT = 200
_WITHIN_S = 60.0


@pytest.fixture
def kafka(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """A broker of these tests alone."""
    return embedded_kafka(kafka_release, 1, {"num.partitions": 2})


@pytest.fixture
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap, socket_timeout_ms=5000) as client:
        yield client


@pytest.fixture
def topic(client: KafkaClient, kafka: EmbeddedKafka, topic_name: str) -> Topic:
    kafka.create_topic(topic_name, 2)
    topic = client.topics[topic_name]
    for partition in (0, 1):
        add(topic, partition, numbered(_COUNT))
    return topic


def read(consumer: SimpleConsumer, count: int) -> list[tuple[int, int, bytes | None]]:
    """So many messages, however often reading them fails on the way."""
    found: list[tuple[int, int, bytes | None]] = []
    deadline = time.monotonic() + _WITHIN_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} came"
        try:
            message = consumer.consume()
        except KafkaException:
            continue
        if message is not None:
            found.append((message.partition_id, message.offset, message.value))
    return found


def eventually(done: Callable[[], Any]) -> Any:
    """What it returns when it fails no more."""
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            return done()
        except KafkaException:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("auto_commit", [False, True], ids=["manual", "automatic"])
def test_a_restart_loses_and_repeats_nothing(
    kafka: EmbeddedKafka, topic: Topic, implementation: Implementation, auto_commit: bool
) -> None:
    def make() -> SimpleConsumer:
        return topic.get_simple_consumer(
            "group",
            consumer_timeout_ms=500,
            auto_commit_enable=auto_commit,
            auto_commit_interval_ms=200,
            queued_max_messages=50,
            **implementation.options,
        )

    consumer = eventually(make)
    found = read(consumer, _COUNT)
    kafka.brokers[0].restart()
    found += read(consumer, _COUNT)
    if not auto_commit:
        eventually(consumer.commit_offsets)
    eventually(consumer.stop)
    # Each message once, each partition in its order.
    assert sorted(found) == [
        (partition, offset, b"%d" % offset)
        for partition, offset in itertools.product((0, 1), range(_COUNT))
    ]
    for partition in (0, 1):
        assert [row[1] for row in found if row[0] == partition] == list(range(_COUNT))
    for partition in (0, 1):
        add(topic, partition, [b"after"])
    again = eventually(make)
    assert sorted(read(again, 2)) == [(0, _COUNT, b"after"), (1, _COUNT, b"after")]
    again.stop()


@pytest.mark.slow
@pytest.mark.kafka(since="4.3", why="the newest release tells it")
def test_a_broker_that_is_gone_for_a_minute(
    kafka: EmbeddedKafka, topic: Topic, implementation: Implementation
) -> None:
    consumer = topic.get_simple_consumer(consumer_timeout_ms=500, **implementation.options)
    producer = topic.get_producer(linger_ms=0, delivery_reports=True, **implementation.options)
    assert len(read(consumer, 2 * _COUNT)) == 2 * _COUNT
    kafka.brokers[0].kill()
    producer.produce(b"meanwhile")
    gone = time.monotonic()
    while time.monotonic() - gone < 60:
        # Nothing hangs: each call ends within its time-out, in whatever way.
        begin = time.monotonic()
        try:
            assert consumer.consume() is None
        except KafkaException:
            time.sleep(0.5)
        assert time.monotonic() - begin < 10
    kafka.brokers[0].restart()
    _, error = producer.get_delivery_report(timeout=_WITHIN_S)
    assert error is None, error
    assert [row[2] for row in read(consumer, 1)] == [b"meanwhile"]
    producer.stop()
    consumer.stop()
