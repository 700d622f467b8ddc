"""Which partitions a consumer reads."""

from __future__ import annotations

import time

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import numbered
from functional.librdkafka import creates_what_it_asks_about

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import InvalidOptionError, InvalidOptionTypeError, UnknownTopicOrPartition
from pykafka.message import Message
from pykafka.simpleconsumer import SimpleConsumer


def test_it_reads_the_partitions_that_it_is_given(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(5), numbered(6), numbered(7))
    chosen = [topic.partitions[0], topic.partitions[2]]
    consumer = consume(topic, partitions=chosen, consumer_timeout_ms=500)
    assert consumer.partitions == {0: chosen[0], 2: chosen[1]}
    assert {(m.partition_id, m.offset) for m in consumer} == {
        *((0, offset) for offset in range(5)),
        *((2, offset) for offset in range(7)),
    }
    assert sorted(consumer.held_offsets) == [0, 2]


def test_a_partition_of_another_topic_is_refused(
    fill: Fill, consume: Consume, client: KafkaClient, kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(f"{topic_name}-other", partitions=2)
    other = client.topics[f"{topic_name}-other"]
    with pytest.raises(InvalidOptionError, match="no partition of"):
        consume(fill([]), partitions=[other.partitions[0]])


def test_numbers_of_partitions_are_refused(fill: Fill, consume: Consume) -> None:
    with pytest.raises(InvalidOptionTypeError, match=r"topic\.partitions"):
        consume(fill([]), partitions=[0])


@creates_what_it_asks_about
def test_a_topic_that_is_deleted_is_an_error_that_names_it(
    fill: Fill, consume: Consume, kafka: EmbeddedKafka
) -> None:
    topic = fill(numbered(3))
    consumer = consume(topic, consumer_timeout_ms=20_000)
    assert [consumer.consume() is not None for _ in range(3)] == [True] * 3
    kafka.delete_topic(topic.name.decode())
    with pytest.raises(UnknownTopicOrPartition, match=f"{topic.name.decode()}/0 does not exist"):
        consumer.consume()
    # It stays one, until the topic is there again or the consumer is stopped.
    with pytest.raises(UnknownTopicOrPartition):
        consumer.consume()


def test_a_topic_that_is_made_anew_is_read_on(
    fill: Fill, consume: Consume, kafka: EmbeddedKafka
) -> None:
    topic = fill(numbered(2))
    consumer = consume(topic, consumer_timeout_ms=30_000)
    assert [consumer.consume() is not None for _ in range(2)] == [True] * 2
    kafka.delete_topic(topic.name.decode())
    again = fill(numbered(1))
    assert again.name == topic.name
    while (message := _next_or_none(consumer)) is None:
        pass
    assert message.offset == 0


def _next_or_none(consumer: SimpleConsumer) -> Message | None:
    try:
        message = consumer.consume()
    except UnknownTopicOrPartition:
        time.sleep(0.1)  # the error comes at once, as long as the topic is gone
        return None
    assert message is not None, "within its time-out"
    return message
