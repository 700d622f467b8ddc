"""Brokers that die, come back, hang or hand their partitions over: nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from background import in_background
from functional.consumer.conftest import Consume
from functional.consumer.filling import add, numbered

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.broker import EmbeddedBroker
from pykafka.exceptions import RemoteError
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic

#: Seconds; a leader that died is replaced when its ZooKeeper session has ended.
_MOVED = 40.0
#: Little is held on this side, so that most of what is read needs a broker.
_SMALL: dict[str, Any] = {
    "fetch_message_max_bytes": 4000,
    "queued_max_messages": 1,
    "fetch_error_backoff_ms": 50,
}


@pytest.fixture
def impatient(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client of the one-broker cluster that gives a broker a second."""
    with KafkaClient(
        kafka.bootstrap, socket_timeout_ms=1000, offsets_channel_socket_timeout_ms=500
    ) as client:
        yield client


@pytest.fixture
def client3(kafka3: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka3.bootstrap) as client:
        yield client


def filled(kafka: EmbeddedKafka, client: KafkaClient, name: str, **settings: Any) -> Topic:
    """A topic with 3000 messages in its only partition."""
    kafka.create_topic(name, **settings)
    topic = client.topics[name]
    # By all: in 0.8 replicas that are in sync may lag by thousands of messages.
    add(topic, 0, numbered(3000), required_acks=-1)
    return topic


def read(consumer: SimpleConsumer, count: int, within: float = _MOVED) -> list[bytes | None]:
    """So many values, however often none comes within the consumer's time-out."""
    got: list[bytes | None] = []
    deadline = time.monotonic() + within
    while len(got) < count:
        message = consumer.consume()
        if message is not None:
            got.append(message.value)
        assert time.monotonic() < deadline, f"{len(got)} of {count} within {within:g} s"
    return got


def leader_of(kafka: EmbeddedKafka, topic: Topic) -> EmbeddedBroker:
    leader = topic.partitions[0].leader
    assert leader is not None
    return kafka.brokers[leader.id]


def test_a_broker_that_is_killed_and_comes_back(
    kafka: EmbeddedKafka, impatient: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = filled(kafka, impatient, topic_name)
    consumer = consume(topic, consumer_timeout_ms=200, **_SMALL)
    got = read(consumer, 1000)
    kafka.brokers[0].kill()
    # What is here is still delivered, and then the wait is bounded.
    got += [message.value for message in consumer]
    assert len(got) < 2000
    kafka.brokers[0].restart()
    got += read(consumer, 3000 - len(got))
    assert got == numbered(3000)
    assert consumer.consume() is None


def test_a_broker_that_is_killed_while_another_thread_waits_for_messages(
    kafka: EmbeddedKafka, impatient: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = filled(kafka, impatient, topic_name)
    consumer = consume(topic)
    assert len(read(consumer, 3000)) == 3000
    waiting = in_background(consumer.consume)
    kafka.brokers[0].kill()
    kafka.brokers[0].restart()
    add(topic, 0, [b"after"])
    message = waiting.result(_MOVED)
    assert message is not None
    assert (message.offset, message.value) == (3000, b"after")


def test_a_broker_that_hangs(
    kafka: EmbeddedKafka, impatient: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = filled(kafka, impatient, topic_name)
    # The first time that a coordinator is asked for, brokers make the topic that it needs, and it
    # takes a moment to load that.
    topic.get_simple_consumer(topic_name, auto_start=False).fetch_offsets()
    consumer = consume(
        topic,
        consumer_group=topic_name,
        consumer_timeout_ms=300,
        offsets_commit_max_retries=1,
        offsets_channel_backoff_ms=10,
        **_SMALL,
    )
    got = read(consumer, 1000)
    consumer.commit_offsets()
    kafka.brokers[0].pause()
    begin = time.monotonic()
    got += [message.value for message in consumer]
    assert len(got) < 2000
    with pytest.raises(RemoteError, match=topic_name):
        consumer.commit_offsets()
    with pytest.raises(RemoteError):
        topic.latest_available_offsets()
    assert time.monotonic() - begin < 25
    kafka.brokers[0].resume()
    got += read(consumer, 3000 - len(got))
    assert got == numbered(3000)
    consumer.commit_offsets()
    assert dict(consumer.fetch_offsets())[0].offset == 3000


def test_a_leader_that_is_killed(
    kafka3: EmbeddedKafka, client3: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = filled(kafka3, client3, topic_name, replication_factor=3)
    consumer = consume(topic, consumer_timeout_ms=300, **_SMALL)
    got = read(consumer, 1000)
    dead = leader_of(kafka3, topic)
    dead.kill()
    got += read(consumer, 3000 - len(got))
    assert got == numbered(3000)
    # Others lead and can be written to; what they hold is what the dead one held.
    add(topic, 0, numbered(500, 3000), required_acks=-1)
    assert read(consumer, 500) == numbered(500, 3000)
    client3.update_cluster()
    assert leader_of(kafka3, topic) is not dead
    assert dead.id not in {replica.id for replica in topic.partitions[0].isr}


def test_a_coordinator_that_is_killed(
    kafka3: EmbeddedKafka, client3: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = filled(kafka3, client3, topic_name, replication_factor=3)
    consumer = consume(
        topic,
        consumer_group=topic_name,
        consumer_timeout_ms=300,
        offsets_commit_max_retries=20,
        offsets_channel_backoff_ms=100,
    )
    read(consumer, 1000)
    consumer.commit_offsets()
    dead = client3.cluster.get_group_coordinator(topic_name).id
    kafka3.brokers[dead].kill()
    read(consumer, 1000)
    begin = time.monotonic()
    consumer.commit_offsets()
    assert time.monotonic() - begin < _MOVED
    # Not before the commit: Kafka 0.8.2.2 may forget what was committed in the half second
    # before its coordinator died, for the next one reads only as far as followers were told
    # that there is something.
    assert dict(consumer.fetch_offsets())[0].offset == 2000
    assert client3.cluster.get_group_coordinator(topic_name).id != dead


def test_a_broker_that_ends_in_order_hands_its_partitions_over(
    kafka3: EmbeddedKafka, client3: KafkaClient, consume: Consume, topic_name: str
) -> None:
    topic = filled(kafka3, client3, topic_name, replication_factor=3)
    consumer = consume(topic, consumer_timeout_ms=300, **_SMALL)
    got = read(consumer, 500)
    leader_of(kafka3, topic).stop()
    got += read(consumer, 3000 - len(got))
    assert got == numbered(3000)


def test_every_broker_that_a_client_began_with_can_die(
    kafka3: EmbeddedKafka, consume: Consume, topic_name: str
) -> None:
    seed, *others = kafka3.brokers
    with KafkaClient(seed.address) as client:
        topic = filled(kafka3, client, topic_name, replication_factor=3)
        consumer = consume(topic, consumer_timeout_ms=300, **_SMALL)
        got = read(consumer, 500)
        seed.kill()
        got += read(consumer, 3000 - len(got))
        assert got == numbered(3000)
        client.update_cluster()
        assert {broker.id for broker in others} <= set(client.brokers)
