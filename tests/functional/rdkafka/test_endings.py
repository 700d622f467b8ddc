"""Consumers and producers that end leave nothing behind, in whatever way they end."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import ForkedProcessError, KafkaException
from pykafka.runtime.rdkafka.handle import open_handles
from pykafka.topic import Topic

pytestmark = pytest.mark.kafka(since="4.3", why="no release does otherwise than another")

_STARTS = 100


def footprint() -> tuple[int, int, int, int]:
    """Threads (of Python and of all), descriptors, and handles of librdkafka."""
    gc.collect()
    every = len(list(Path("/proc/self/task").iterdir()))
    return (
        threading.active_count(),
        every,
        len(list(Path("/proc/self/fd").iterdir())),
        open_handles(),
    )


def settled(wanted: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The footprint, once it is what is wanted, or after a while."""
    deadline = time.monotonic() + 10
    while (found := footprint()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def consume_one(topic: Topic) -> None:
    consumer = topic.get_simple_consumer(use_rdkafka=True, consumer_timeout_ms=20_000)
    assert consumer.consume() is not None
    consumer.stop()


def produce_one(topic: Topic) -> None:
    with topic.get_producer(use_rdkafka=True, linger_ms=0) as producer:
        producer.produce(b"x")


@pytest.mark.slow
@pytest.mark.parametrize("use", [consume_one, produce_one])
def test_a_hundred_starts_and_stops_leave_nothing(
    client: KafkaClient, topic_name: str, use: Callable[[Topic], None]
) -> None:
    topic = client.topics[topic_name]
    produce_one(topic)
    use(topic)
    before = footprint()
    for _ in range(_STARTS):
        use(topic)
    assert settled(before) == before


def test_one_that_is_dropped_ends(client: KafkaClient, topic_name: str) -> None:
    topic = client.topics[topic_name]
    produce_one(topic)
    before = footprint()
    consumer = topic.get_simple_consumer(use_rdkafka=True, consumer_timeout_ms=20_000)
    producer = topic.get_producer(use_rdkafka=True)
    producer.produce(b"dropped")
    assert consumer.consume() is not None
    assert open_handles() == before[-1] + 2
    del consumer, producer
    assert settled(before) == before
    ends = topic.latest_available_offsets().values()
    assert sum(end.offset[0] for end in ends) == 2


def test_a_client_that_is_closed_ends_them(
    librdkafka: object, kafka: EmbeddedKafka, topic_name: str
) -> None:
    before = open_handles()
    client = KafkaClient(kafka.bootstrap)
    topic = client.topics[topic_name]
    consumer = topic.get_simple_consumer(use_rdkafka=True, consumer_timeout_ms=20_000)
    producer = topic.get_producer(use_rdkafka=True, linger_ms=60_000, delivery_reports=True)
    producer.produce(b"x")
    client.close()
    with pytest.raises(KafkaException):
        consumer.consume()
    _, error = producer.get_delivery_report(timeout=10)
    assert error is None or isinstance(error, KafkaException)
    consumer.stop()
    producer.stop()
    deadline = time.monotonic() + 10
    while open_handles() != before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_after_a_fork_the_parents_go_on_and_the_childs_are_refused(
    client: KafkaClient, topic_name: str
) -> None:
    topic = client.topics[topic_name]
    producer = topic.get_producer(use_rdkafka=True, linger_ms=0, sync=True)
    consumer = topic.get_simple_consumer(use_rdkafka=True, consumer_timeout_ms=20_000)
    producer.produce(b"before")
    assert consumer.consume() is not None
    child = os.fork()
    if not child:
        status = 1
        try:
            for refused in (lambda: producer.produce(b"child"), consumer.consume):
                try:
                    refused()
                except ForkedProcessError:
                    status = 0
                else:
                    status = 2
                    break
            consumer.stop()
            producer.stop()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    producer.produce(b"after")
    message = consumer.consume()
    assert message is not None
    assert message.value == b"after"
    consumer.stop()
    producer.stop()
