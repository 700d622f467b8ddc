"""Kafka's own console producer and consumer: what one end sends the other gets, exactly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

import pytest
from console_tools import (
    characters,
    encoding,
    in_consumer,
    in_producer,
    with_formatter,
    with_reader,
)
from services import Implementation

from pykafka import KafkaClient
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka

CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
}
codecs = pytest.mark.parametrize("codec", CODECS)

SEPARATOR = b"|~|"

GENERATIONS = [
    pytest.param(
        "old producer",
        marks=pytest.mark.kafka(until="0.8", why="from 0.9 on the Java producer is the tool's own"),
    ),
    "new producer",
]

Pair = tuple[bytes, bytes]


@pytest.fixture(scope="module")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def pairs(kafka: EmbeddedKafka, rng: random.Random) -> list[Pair]:
    """(key, value): each character on its own and among others, nothing, and much."""
    every = characters(kafka)
    alphabet = [character for character in every if character != b"|"]
    found: list[Pair] = [(b"key", character) for character in every]
    found += [(character, b"value") for character in alphabet]
    found += [(b"", b"no key"), (b"no value", b""), (b"", b"")]
    for size in (10, 1000, 70_000, 400_000):
        found.append((b"%d random ones" % size, b"".join(rng.choices(alphabet, k=size))))
        found.append((b"%d equal ones" % size, every[0xE0] * size))
    return found


def lines(pairs: list[Pair]) -> bytes:
    return b"".join(key + SEPARATOR + value + b"\n" for key, value in pairs)


@codecs
@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_the_console_producer_sends_is_consumed_exactly(
    kafka: EmbeddedKafka,
    client: KafkaClient,
    implementation: Implementation,
    topic_name: str,
    pairs: list[Pair],
    codec: str,
    generation: str,
) -> None:
    kafka.create_topic(topic_name, partitions=1)
    two_producers = kafka.release.number < (0, 9)
    done = kafka.run_tool(
        "kafka.tools.ConsoleProducer",
        [
            *in_producer(kafka),
            *("--topic", topic_name),
            *("--compression-codec", codec),
            *with_reader(kafka, "parse.key=true"),
            *with_reader(kafka, f"key.separator={SEPARATOR.decode()}"),
            *("--request-required-acks", "1"),
            *(["--new-producer"] if two_producers and generation == "new producer" else []),
        ],
        input=lines(pairs),
        jvm_args=encoding(kafka),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    consumer = client.topics[topic_name].get_simple_consumer(
        consumer_timeout_ms=10_000, **implementation.options
    )
    try:
        found = list(islice(consumer, len(pairs)))
        end = client.topics[topic_name].partitions[0].latest_available_offset()
    finally:
        consumer.stop()
    assert [(m.partition_key, m.value) for m in found] == pairs
    assert end == len(pairs)
    # librdkafka does not tell how messages were compressed.
    told = 0 if implementation.name == "rdkafka" else CODECS[codec]
    assert {m.compression_type for m in found} == {told}


@codecs
def test_what_is_produced_reaches_the_console_consumer_exactly(
    kafka: EmbeddedKafka,
    client: KafkaClient,
    implementation: Implementation,
    topic_name: str,
    pairs: list[Pair],
    codec: str,
) -> None:
    kafka.create_topic(topic_name, partitions=1)
    options = {**implementation.options, "compression": CODECS[codec]}
    with client.topics[topic_name].get_producer(**options) as producer:
        for key, value in pairs:
            producer.produce(value, key)
    done = kafka.run_tool(
        "kafka.tools.ConsoleConsumer",
        [
            *in_consumer(kafka),
            *("--topic", topic_name),
            "--from-beginning",
            *("--max-messages", str(len(pairs))),
            *with_formatter(kafka, "print.key=true"),
            *with_formatter(kafka, f"key.separator={SEPARATOR.decode()}"),
        ],
        jvm_args=encoding(kafka),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == lines(pairs)
