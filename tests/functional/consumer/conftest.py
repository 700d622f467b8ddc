"""A client of the shared broker, topics with known content, and consumers that end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from functional.consumer.filling import add

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic

Fill = Callable[..., Topic]
Consume = Callable[..., SimpleConsumer]


@pytest.fixture(scope="session")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client of the one-broker cluster."""
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def fill(client: KafkaClient, kafka: EmbeddedKafka, topic_name: str) -> Fill:
    """``fill([values of partition 0], [of partition 1], ...)``: a topic that holds them."""

    def make(*values: Iterable[bytes], batch_bytes: int = 3000, **config: object) -> Topic:
        kafka.create_topic(topic_name, partitions=len(values), config=config)
        topic = client.topics[topic_name]
        for partition, its_values in enumerate(values):
            add(topic, partition, its_values, batch_bytes=batch_bytes)
        return topic

    return make


@pytest.fixture
def consume(implementation: Any) -> Iterator[Consume]:
    """``consume(topic, **options)``: a consumer, stopped at the end of the test."""
    with ExitStack() as stack:

        def make(topic: Topic, **options: Any) -> SimpleConsumer:
            consumer = topic.get_simple_consumer(**{**implementation.options, **options})
            stack.callback(consumer.cleanup)
            return consumer

        yield make
