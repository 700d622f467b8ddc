"""A client of the shared broker, fresh topics, producers that end, and what was stored."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from services import Implementation

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException
from pykafka.message import Message
from pykafka.producer import Producer
from pykafka.topic import Topic

MakeTopic = Callable[..., Topic]
MakeProducer = Callable[..., Producer]
Stored = Callable[[Topic], dict[int, list[Message]]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


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


def read_all(topic: Topic) -> dict[int, list[Message]]:
    """See :func:`stored`; a topic that still grows is read to the end it had at the call."""
    ends = {id_: found.offset[0] for id_, found in topic.latest_available_offsets().items()}
    messages: dict[int, list[Message]] = {id_: [] for id_ in ends}
    missing = sum(ends.values())
    consumer = topic.get_simple_consumer(consumer_timeout_ms=10_000)
    try:
        while missing:
            message = consumer.consume()
            assert message is not None, f"{missing} messages did not come"
            if message.offset < ends[message.partition_id]:
                messages[message.partition_id].append(message)
                missing -= 1
    finally:
        consumer.stop()
    for partition in messages.values():
        assert [message.offset for message in partition] == list(range(len(partition)))
    return messages


@pytest.fixture
def program(kafka: EmbeddedKafka, topic_name: str, implementation: Implementation) -> Program:
    """A Python program of its own that produces to the shared broker."""
    return Program(kafka, topic_name, dict(implementation.options))


class Program:
    """Runs code in another interpreter.

    The code finds ``topic`` (the test's, made at look-up), ``client``, ``hosts`` and
    ``options`` (what selects the implementation).
    """

    def __init__(self, kafka: EmbeddedKafka, topic: str, options: dict[str, object]) -> None:
        self._head = textwrap.dedent(f"""\
            import os, signal, sys, threading, time
            import pykafka
            hosts, options = {kafka.bootstrap!r}, {options!r}
            client = pykafka.KafkaClient(hosts, **globals().get("client_options", {{}}))
            topic = client.topics[{topic!r}]
            """)

    def start(self, code: str, before: str = "") -> subprocess.Popen[str]:
        """Start it; :param before: code that comes even before the client is made."""
        source = textwrap.dedent(before) + self._head + textwrap.dedent(code)
        return subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", source],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, before: str = "", timeout: float = 30) -> tuple[int, str, str]:
        """Run it to its end: exit status, standard output, standard error."""
        process = self.start(code, before)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"the program did not end in {timeout} s:\n{out}\n{err}")
        return process.returncode, out, err
