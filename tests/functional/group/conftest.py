"""Members of groups of both kinds, on real brokers, and topics for them to share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from functional.consumer.filling import add, numbered

from pykafka import KafkaClient
from pykafka.balancedconsumer import BalancedConsumer
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException
from pykafka.groupconsumer import Topics
from pykafka.topic import Topic

ZOOKEEPER, BROKER = "zookeeper", "broker"

Fill = Callable[..., Topic]
Join = Callable[..., BalancedConsumer]

#: Rebalances that take moments, and sessions as short as brokers allow.
_SHORT: dict[str, dict[str, Any]] = {
    ZOOKEEPER: {"zookeeper_session_timeout_ms": 6000, "rebalance_backoff_ms": 200},
    BROKER: {
        "heartbeat_interval_ms": 200,
        "session_timeout_ms": 6000,
        "rebalance_timeout_ms": 10000,
        "rebalance_backoff_ms": 200,
    },
}
zookeeper_groups = pytest.param(
    ZOOKEEPER, marks=pytest.mark.kafka(until="3", why="from 4.0 on there is no ZooKeeper")
)
broker_groups = pytest.param(
    BROKER, marks=pytest.mark.kafka(since="0.9", why="brokers coordinate groups from 0.9 on")
)

#: For what no release does otherwise than another.
one_release = pytest.mark.kafka(since="3", until="3", why="one release with both kinds tells it")
only_zookeeper = pytest.mark.parametrize("kind", [zookeeper_groups])
only_broker = pytest.mark.parametrize("kind", [broker_groups])


@pytest.fixture(params=[zookeeper_groups, broker_groups])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of group. A test about one kind alone is parametrised with that."""
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="session")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client of the one-broker cluster."""
    with KafkaClient(kafka.bootstrap, zookeeper_hosts=None) as client:
        yield client


@pytest.fixture
def fill(client: KafkaClient, kafka: EmbeddedKafka, topic_name: str) -> Fill:
    """``fill(100, 50, suffix="")``: a topic whose partitions hold so many messages, each telling
    its offset."""

    def make(*counts: int, suffix: str = "") -> Topic:
        kafka.create_topic(topic_name + suffix, partitions=len(counts))
        topic = client.topics[topic_name + suffix]
        for partition, count in enumerate(counts):
            if count:
                add(topic, partition, numbered(count))
        return topic

    return make


@pytest.fixture
def group(topic_name: str) -> str:
    return f"group-{topic_name}"


def options_of(kind: str, kafka: EmbeddedKafka) -> dict[str, Any]:
    """What a member of that kind of group is told."""
    options = {**_SHORT[kind], "managed": kind == BROKER, "consumer_timeout_ms": 200}
    if kind == ZOOKEEPER:
        options["zookeeper_connect"] = kafka.zookeeper
    return options


@pytest.fixture
def join(kind: str, kafka: EmbeddedKafka, client: KafkaClient, group: str) -> Iterator[Join]:
    """``join(topics, **options)``: a member of the test's group, stopped when the test ends."""
    with ExitStack() as stack:

        def make(
            topics: Topics, *, group: str | bytes = group, client: KafkaClient = client, **more: Any
        ) -> BalancedConsumer:
            options = {**options_of(kind, kafka), **more}
            member = client.get_balanced_consumer(topics, group, **options)
            stack.callback(_stopped, member)
            return member

        yield make


def _stopped(member: BalancedConsumer) -> None:
    # Whatever it has to say is the affair of the test that stops it.
    with suppress(KafkaException):
        member.stop()
