"""Topics that brokers compact: what is left is read fully, gaps neither stall nor confuse."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from functional.consumer.conftest import Consume
from services import Clusters

from pykafka import KafkaClient
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic

#: The newest segment is never compacted: each write to it begins another.
COMPACT = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": 0.001,
    "segment.ms": 1,
    "delete.retention.ms": 3_600_000,
}
WITHIN_S = 60.0

#: key -> (offset, value)
Kept = dict[bytes, tuple[int, "bytes | None"]]


@pytest.fixture(scope="module")
def kafka(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """A broker that compacts (0.8.2 does not by itself), and looks for work all the time."""
    cleaner = {"log.cleaner.enable": True, "log.cleaner.backoff.ms": 100}
    return embedded_kafka(kafka_release, 1, cleaner)


@pytest.fixture(scope="module")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


def write(topic: Topic, rng: random.Random, codec: int) -> Kept:
    """Batches in which keys come again and again; the last message of each key."""
    last: Kept = {}
    with topic.get_producer(compression=codec, linger_ms=60_000) as producer:
        for number in range(40):
            produced = []
            for part in range(10):
                key = b"%d" % rng.randrange(30)
                value = None if rng.random() < 0.1 else b"%d: %d" % (number, part)
                produced.append(producer.produce(value, key))
            producer.flush()
            last |= {m.partition_key: (m.offset, m.value) for m in produced}
    return last


def read_up_to(consumer: SimpleConsumer, end: int) -> list[tuple[int, bytes | None, bytes | None]]:
    """(offset, key, value) of all messages before one at ``end`` or behind."""
    found = []
    for message in consumer:
        if message.offset >= end:
            break
        found.append((message.offset, message.partition_key, message.value))
    return found


def compacted(consume: Consume, topic: Topic, last: Kept) -> int:
    """Write until nothing but the last message of each key is left of what was there; where it
    ended. What is read meanwhile is right, too."""
    end = topic.partitions[0].latest_available_offset()
    deadline = time.monotonic() + WITHIN_S
    while True:
        with topic.get_sync_producer() as producer:
            producer.produce(b"to be read up to", b"filler")
        found = read_up_to(consume(topic, consumer_timeout_ms=10_000), end)
        offsets = [offset for offset, _, _ in found]
        assert offsets == sorted(set(offsets))
        assert {key: (offset, value) for offset, key, value in found} == last
        if len(found) == len(last):
            return end
        assert time.monotonic() < deadline, f"{len(found)} messages of {len(last)} keys are left"
        time.sleep(0.05)


CODECS = [
    CompressionType.NONE,
    pytest.param(
        CompressionType.GZIP,
        marks=pytest.mark.kafka(since="0.10", why="0.8 and 0.9 do not look into what is packed"),
    ),
]


@pytest.mark.parametrize("codec", CODECS)
def test_a_compacted_topic_is_read_fully_from_anywhere(
    kafka: EmbeddedKafka,
    client: KafkaClient,
    consume: Consume,
    topic_name: str,
    rng: random.Random,
    codec: int,
) -> None:
    kafka.create_topic(topic_name, config=COMPACT)
    topic = client.topics[topic_name]
    last = write(topic, rng, codec)
    end = compacted(consume, topic, last)
    left = sorted((offset, key, value) for key, (offset, value) in last.items())
    consumer = consume(topic, consumer_group=topic_name, consumer_timeout_ms=10_000)
    for start in (0, 1, *rng.sample(range(end), 5), left[-1][0] + 1):
        # Where it is moved to names the offset before.
        consumer.reset_offsets([(topic.partitions[0], start - 1)] if start else None)
        assert read_up_to(consumer, end) == [row for row in left if row[0] >= start]
        assert consumer.held_offsets[0] >= end
    consumer.reset_offsets()
    taken = [consumer.consume() for _ in left[:9]]
    assert [message.offset for message in taken if message] == [row[0] for row in left[:9]]
    consumer.commit_offsets()
    again = consume(topic, consumer_group=topic_name, consumer_timeout_ms=10_000)
    assert read_up_to(again, end) == left[9:]


def test_small_fetches_pass_gaps_that_are_larger_than_they_are(
    kafka: EmbeddedKafka, client: KafkaClient, consume: Consume, topic_name: str, rng: random.Random
) -> None:
    kafka.create_topic(topic_name, config=COMPACT)
    topic = client.topics[topic_name]
    last = write(topic, rng, CompressionType.NONE)
    end = compacted(consume, topic, last)
    consumer = consume(topic, consumer_timeout_ms=10_000, fetch_message_max_bytes=400)
    assert [row[0] for row in read_up_to(consumer, end)] == sorted(
        offset for offset, _ in last.values()
    )
