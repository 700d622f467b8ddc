"""A client of the shared broker, fresh topics, producers that end, and what was stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from functional.producer.scenario import MakeProducer, MakeTopic, Program, Stored, read_all
from services import Implementation

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException
from pykafka.producer import Producer
from pykafka.topic import Topic


@pytest.fixture(scope="session")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client of the one-broker cluster."""
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def make_topic(client: KafkaClient, kafka: EmbeddedKafka, topic_name: str) -> MakeTopic:
    """``make_topic(partitions, **topic_configuration)``: a new topic of the one-broker cluster."""

    def make(partitions: int = 1, **config: object) -> Topic:
        kafka.create_topic(topic_name, partitions, config=config)
        return client.topics[topic_name]

    return make


@pytest.fixture
def topic(make_topic: MakeTopic) -> Topic:
    """A new topic of one partition."""
    return make_topic(1)


@pytest.fixture
def make_producer(implementation: Implementation) -> Iterator[MakeProducer]:
    """``make_producer(topic, **options)``: a producer that is stopped at the end of the test."""
    with ExitStack() as ends:

        def make(topic: Topic, **options: Any) -> Producer:
            producer = topic.get_producer(**{**implementation.options, **options})
            ends.callback(_stop, producer)
            return producer

        yield make


def _stop(producer: Producer) -> None:
    # What a test leaves undelivered on purpose is no affair of its end.
    with suppress(KafkaException):
        producer.stop()


@pytest.fixture
def stored() -> Stored:
    """``stored(topic)``: every message of a topic, by partition, in the order of offsets."""
    return read_all


@pytest.fixture
def program(
    kafka: EmbeddedKafka, topic_name: str, implementation: Implementation, tmp_path: Path
) -> Program:
    """A Python program of its own that produces to the shared broker."""
    return Program(kafka, topic_name, implementation.options, tmp_path)
