"""Brokers that become newer while a client is connected, and clusters of two releases."""

from __future__ import annotations

import time

import pytest
from functional.producer.scenario import read_all
from services import OwnKafka

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.exceptions import UnsupportedVersion
from pykafka.topic import Topic

#: For restart_as: no other broker has to be understood.
SPEAKS_0_11 = {"inter.broker.protocol.version": "0.11.0", "log.message.format.version": "0.11.0"}


@pytest.mark.slow
def test_a_broker_that_comes_back_newer_is_spoken_to_as_that(
    own_kafka: OwnKafka, topic_name: str
) -> None:
    """Record batches, which 0.11 brought, carry a time and headers; message sets of 0.8 do not."""
    kafka = own_kafka("0.8.2.2", becomes="0.11.0.3")
    kafka.create_topic(topic_name)
    with KafkaClient(kafka.bootstrap) as client:
        topic = client.topics[topic_name]
        consumer = topic.get_simple_consumer(consumer_timeout_ms=30_000)
        with consumer, topic.get_producer(sync=True, max_retries=100) as producer:
            producer.produce(b"to 0.8")
            with pytest.raises(UnsupportedVersion, match="headers"):
                producer.produce(b"refused", headers={"h": b"1"})
            old = consumer.consume()
            assert (old.value, old.timestamp, old.headers) == (b"to 0.8", 0, [])

            kafka.brokers[0].restart_as("0.11.0.3", SPEAKS_0_11)
            begin = time.time()
            producer.produce(b"to 0.11")
            producer.produce(b"with headers", headers={"h": b"1"})
            first, second = consumer.consume(), consumer.consume()
    assert (first.value, first.offset) == (b"to 0.11", 1)
    assert first.timestamp >= begin * 1000 - 1
    assert (second.value, second.headers) == (b"with headers", [("h", b"1")])


def produce_everywhere(topic: Topic, value: bytes) -> None:
    """One message to each partition."""
    with topic.get_producer(
        sync=True, max_retries=100, partitioner=lambda partitions, key: partitions[int(key)]
    ) as producer:
        for id_ in topic.partitions:
            producer.produce(value, partition_key=b"%d" % id_)


def consume_and_commit(topic: Topic, group: str, count: int) -> list[tuple[int, bytes | None]]:
    """So many (partition, value) from where the group is."""
    consumer = topic.get_simple_consumer(
        consumer_group=group,
        consumer_timeout_ms=30_000,
        auto_offset_reset=OffsetType.EARLIEST,
    )
    with consumer:
        found = [consumer.consume() for _ in range(count)]
        consumer.commit_offsets()
    return sorted((message.partition_id, message.value) for message in found)


@pytest.mark.slow
def test_a_cluster_of_two_releases_serves_clients_from_before_and_new_ones(
    own_kafka: OwnKafka, topic_name: str
) -> None:
    kafka = own_kafka("1.1.1", 2, becomes="2.8.2")
    kafka.create_topic(topic_name, 2, 1)
    # As many as make it likely that both brokers keep some.
    groups = [f"group-{number}" for number in range(4)]
    with KafkaClient(kafka.bootstrap) as before:
        topic = before.topics[topic_name]
        produce_everywhere(topic, b"all old")
        for group in groups:
            assert consume_and_commit(topic, group, 2) == [(0, b"all old"), (1, b"all old")]
        kafka.brokers[0].restart_as("2.8.2")
        kafka.await_topic(topic_name, 2)
        with KafkaClient(kafka.bootstrap) as after:
            for client, value in ((before, b"from before"), (after, b"new")):
                topic = client.topics[topic_name]
                assert set(client.brokers) == {0, 1}
                assert {p.leader.id for p in topic.partitions.values()} == {0, 1}
                produce_everywhere(topic, value)
                for group in groups:
                    assert consume_and_commit(topic, group, 2) == [(0, value), (1, value)]
        stored = read_all(before.topics[topic_name])
    expected = [b"all old", b"from before", b"new"]
    assert {id_: [message.value for message in found] for id_, found in stored.items()} == (
        dict.fromkeys((0, 1), expected)
    )
