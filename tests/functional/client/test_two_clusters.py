"""One program, clusters of the oldest and the newest release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services import Clusters

from pykafka import KafkaClient

OLDEST, NEWEST = "0.8.2.2", "4.3.0"


@pytest.fixture(scope="module")
def clients(embedded_kafka: Clusters) -> Iterator[tuple[KafkaClient, KafkaClient]]:
    clusters = [embedded_kafka(release) for release in (OLDEST, NEWEST)]
    with KafkaClient(clusters[0].bootstrap) as old, KafkaClient(clusters[1].bootstrap) as new:
        yield old, new


def test_clusters_of_two_releases_are_used_at_once(
    clients: tuple[KafkaClient, KafkaClient], topic_name: str
) -> None:
    """Messages go from the one to the other and back, by clients that were told no version."""
    old, new = (client.topics[topic_name] for client in clients)
    values = [b"%d" % number for number in range(1000)]
    with old.get_producer() as producer:
        for value in values:
            producer.produce(value, partition_key=b"there")
    there = old.get_simple_consumer(consumer_group="bridge", consumer_timeout_ms=5000)
    back = new.get_simple_consumer(consumer_group="bridge", consumer_timeout_ms=5000)
    with there, back, new.get_producer(linger_ms=1) as onwards, old.get_producer() as home:
        for value in values:
            message = there.consume()
            assert message is not None
            assert (message.value, message.protocol_version) == (value, 0)
            onwards.produce(
                message.value, message.partition_key, headers={"offset": b"%d" % message.offset}
            )
        for offset, value in enumerate(values):
            message = back.consume()
            assert message is not None
            assert (message.value, message.protocol_version) == (value, 2)
            assert message.headers == [("offset", b"%d" % offset)]
            home.produce(message.value)
        home.flush()
        assert [m.value for m in there] == values
        for consumer in (there, back):
            consumer.commit_offsets()
    assert old.latest_available_offsets()[0].offset == [2000]
    assert new.latest_available_offsets()[0].offset == [1000]
    committed = [
        topic.get_simple_consumer(consumer_group="bridge").fetch_offsets()[0][1].offset
        for topic in (old, new)
    ]
    assert committed == [2000, 1000]
