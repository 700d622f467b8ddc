"""Which partitions a consumer reads."""

from __future__ import annotations

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import numbered

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import InvalidOptionError, InvalidOptionTypeError


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
