"""A broker that refuses large messages refuses whole batches: only what is too large may fail."""

from __future__ import annotations

import pytest

from pykafka import KafkaClient
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import MessageSizeTooLarge


@pytest.mark.parametrize("codec", [CompressionType.NONE, CompressionType.GZIP])
def test_only_the_message_that_is_too_large_is_reported(
    kafka: EmbeddedKafka, topic_name: str, codec: int
) -> None:
    kafka.create_topic(topic_name, partitions=1, config={"max.message.bytes": "1000"})
    # What gzip cannot make small.
    large = bytes(range(256)) * 20 if codec == CompressionType.NONE else _noise(5000)
    values = [b"%d" % number for number in range(20)]
    values[7] = large
    with (
        KafkaClient(kafka.bootstrap) as client,
        client.topics[topic_name].get_producer(
            delivery_reports=True, linger_ms=50, compression=codec
        ) as producer,
    ):
        for value in values:
            producer.produce(value)
        producer.flush()
        reports = [producer.get_delivery_report(block=False) for _ in values]
        failed = {message.value: error for message, error in reports if error is not None}
        assert list(failed) == [large]
        assert isinstance(failed[large], MessageSizeTooLarge)
        consumer = client.topics[topic_name].get_simple_consumer(consumer_timeout_ms=5000)
        expected = [value for value in values if value != large]
        assert [consumer.consume().value for _ in expected] == expected
        consumer.stop()


def _noise(size: int) -> bytes:
    """Bytes without a pattern, the same each time."""
    number, data = 1, bytearray()
    while len(data) < size:
        number = number * 6364136223846793005 % 2**64 + 1442695040888963407
        data += (number % 2**64).to_bytes(8, "big")
    return bytes(data[:size])
