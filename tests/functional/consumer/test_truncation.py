"""A log that loses what was read, because a replica that was not in sync came to lead."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import pytest
from functional.consumer.conftest import Consume
from functional.consumer.filling import numbered
from services import Clusters
from unclean import UncleanElection

from pykafka import KafkaClient
from pykafka.exceptions import LogTruncatedError
from pykafka.simpleconsumer import SimpleConsumer

pytestmark = pytest.mark.kafka(
    since="0.11", why="brokers before 0.11 keep no leader epochs that could tell"
)


@pytest.fixture
def cluster_client(kafka_release: str, embedded_kafka: Clusters) -> Iterator[KafkaClient]:
    """A client of two brokers."""
    with KafkaClient(embedded_kafka(kafka_release, 2).bootstrap, socket_timeout_ms=5000) as client:
        yield client


@pytest.fixture
def election(
    kafka_release: str, embedded_kafka: Clusters, cluster_client: KafkaClient, topic_name: str
) -> UncleanElection:
    def produce(values: Sequence[bytes], acks: int) -> None:
        topic = cluster_client.topics[topic_name]
        with topic.get_producer(required_acks=acks, linger_ms=0, max_retries=30) as producer:
            for value in values:
                producer.produce(value)
            producer.flush(60_000)

    return UncleanElection(embedded_kafka(kafka_release, 2), topic_name, produce)


def read(consumer: SimpleConsumer, count: int) -> list[tuple[int, bytes]]:
    messages = [consumer.consume() for _ in range(count)]
    return [(message.offset, message.value) for message in messages if message is not None]


def test_a_consumer_goes_on_where_the_new_leaders_log_differs_and_says_so(
    election: UncleanElection,
    cluster_client: KafkaClient,
    consume: Consume,
    topic_name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    consumer = consume(cluster_client.topics[topic_name], consumer_timeout_ms=60_000)
    election.fill(numbered(10))
    election.append_doomed([b"lost"] * 10)
    assert read(consumer, 20) == [*enumerate(numbered(10)), *((n, b"lost") for n in range(10, 20))]
    with caplog.at_level(logging.WARNING, logger="pykafka"):
        election.elect()
        election.overwrite([b"instead"] * 15)
        assert read(consumer, 15) == [(n, b"instead") for n in range(10, 25)]
    told = [record.getMessage() for record in caplog.records if "lacks" in record.getMessage()]
    assert len(told) == 1
    assert f"{topic_name}/0" in told[0]
    assert "going on at 10" in told[0]
    assert consumer.held_offsets == {0: 24}


def test_without_a_policy_the_consumer_raises_until_it_is_moved(
    election: UncleanElection, cluster_client: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = cluster_client.topics[topic_name]
    consumer = consume(topic, consumer_timeout_ms=60_000, auto_offset_reset=None)
    election.fill(numbered(10))
    election.append_doomed([b"lost"] * 5)
    assert len(read(consumer, 15)) == 15
    election.elect()
    election.overwrite([b"instead"] * 8)
    for _ in range(2):
        with pytest.raises(LogTruncatedError, match=f"{topic_name}/0.*reset_offsets") as caught:
            consumer.consume()
        assert (caught.value.offset, caught.value.diverging_offset) == (15, 10)
    consumer.reset_offsets([(topic.partitions[0], 9)])
    assert read(consumer, 8) == [(n, b"instead") for n in range(10, 18)]
