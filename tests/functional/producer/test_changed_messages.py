"""A message that its owner changes while it waits to be sent."""

from __future__ import annotations

import pytest

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import ProduceFailureError


def test_a_message_made_unsendable_is_reported_and_others_go_on(
    kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(topic_name, partitions=1)
    with KafkaClient(kafka.bootstrap) as client:
        topic = client.topics[topic_name]
        producer = topic.get_producer(linger_ms=60_000, retry_backoff_ms=1)
        producer.produce(b"key", b"key").partition_key = 7
        with pytest.raises(ProduceFailureError):
            producer.flush(timeout_ms=20_000)
        producer.produce(b"fine")
        producer.flush(timeout_ms=20_000)
        producer.stop()
        assert topic.latest_available_offsets()[0].offset == [1]
