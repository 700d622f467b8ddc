"""Topics that are created and deleted by the client, on every release that lets it."""

from __future__ import annotations

import time

import pytest
from functional.client.conftest import Connect

from pykafka import KafkaClient
from pykafka.core.effects import Procedure, Request
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    InvalidConfig,
    InvalidOptionError,
    InvalidPartitions,
    InvalidReplicaAssignment,
    InvalidReplicationFactor,
    InvalidTopic,
    NotController,
    TopicAlreadyExists,
    UnicodeException,
    UnknownTopicOrPartition,
    UnsupportedVersion,
)
from pykafka.protocol import CreateTopicRequest
from pykafka.wire.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource

has_administration = pytest.mark.kafka(since="0.10.1", why="CreateTopics came with 0.10.1")
_TOPIC_RESOURCE = 2


@pytest.fixture
def client(kafka: EmbeddedKafka, connect: Connect) -> KafkaClient:
    return connect(kafka.bootstrap)


@pytest.fixture
def client3(kafka3: EmbeddedKafka, connect: Connect) -> KafkaClient:
    """A client of three brokers."""
    return connect(kafka3.bootstrap)


def setting(client: KafkaClient, topic: str, name: str) -> str:
    """What a broker says of a topic's setting."""

    def procedure() -> Procedure[str]:
        resource = DescribeConfigsResource(
            resource_type=_TOPIC_RESOURCE, resource_name=topic, configuration_keys=[name]
        )
        answer = yield Request(
            client.cluster.core.nodes()[0], DescribeConfigsRequest(resources=[resource])
        )
        (found,) = answer.results[0].configs
        return str(found.value)

    return client.cluster.core.run(procedure(), 30)


@pytest.mark.kafka(until="0.10.0", why="CreateTopics came with 0.10.1")
def test_older_brokers_name_the_request_and_its_release(client: KafkaClient) -> None:
    begin = time.monotonic()
    with pytest.raises(
        UnsupportedVersion, match=r"CreateTopics.*Kafka 0\.(8\.2|9|10\.0).*0\.10\.1"
    ):
        client.create_topic("t")
    with pytest.raises(UnsupportedVersion, match=r"DeleteTopics.*0\.10\.1"):
        client.delete_topic("t")
    with pytest.raises(UnsupportedVersion, match="CreateTopics"):
        client.brokers[0].create_topics([CreateTopicRequest("t", 1, 1, [], [])])
    with pytest.raises(UnsupportedVersion, match="DeleteTopics"):
        client.brokers[0].delete_topics(["t"])
    assert time.monotonic() - begin < 10


@has_administration
def test_a_topic_that_was_created_can_be_used_at_once(
    client3: KafkaClient, kafka3: EmbeddedKafka, connect: Connect, topic_name: str
) -> None:
    client3.create_topic(topic_name, partitions=3, replication_factor=3)
    topic = client3.topics[topic_name]
    assert sorted(topic.partitions) == [0, 1, 2]
    assert all(len(partition.replicas) == 3 for partition in topic.partitions.values())
    with topic.get_sync_producer() as producer:
        for number in range(3):
            producer.produce(b"%d" % number)
    # Whichever broker another client begins with.
    for broker in kafka3.brokers:
        assert topic_name in connect(broker.address).topics


@has_administration
def test_a_topic_that_was_deleted_is_gone_from_all_brokers(
    client3: KafkaClient, kafka3: EmbeddedKafka, connect: Connect, topic_name: str
) -> None:
    client3.create_topic(topic_name, 2, 2)
    client3.delete_topic(topic_name.encode())
    assert topic_name not in client3.topics
    for broker in kafka3.brokers:
        assert topic_name not in connect(broker.address).topics


@has_administration
def test_a_topic_can_be_made_anew_as_soon_as_it_was_deleted(
    client: KafkaClient, topic_name: str
) -> None:
    for partitions in (1, 2, 3):
        client.create_topic(topic_name, partitions)
        assert len(client.topics[topic_name].partitions) == partitions
        client.delete_topic(topic_name)
    with pytest.raises(UnknownTopicOrPartition, match=topic_name):
        client.delete_topic(topic_name)


@pytest.mark.kafka(since="0.11", why="DescribeConfigs came with 0.11")
@pytest.mark.parametrize(("value", "text"), [(60000, "60000"), ("5000", "5000"), (b"7000", "7000")])
def test_settings_arrive(
    client: KafkaClient, topic_name: str, value: str | bytes | int, text: str
) -> None:
    client.create_topic(topic_name, config={"retention.ms": value, "preallocate": True})
    assert setting(client, topic_name, "retention.ms") == text
    assert setting(client, topic_name, "preallocate") == "true"


@has_administration
def test_brokers_can_be_named_for_each_partition(client3: KafkaClient, topic_name: str) -> None:
    wanted = {0: [2, 0], 1: [1, 2]}
    client3.create_topic(topic_name, replica_assignment=wanted)
    partitions = client3.topics[topic_name].partitions
    for id_, brokers in wanted.items():
        # Old brokers list them in any order; the first one leads.
        assert {broker.id for broker in partitions[id_].replicas} == set(brokers)
        leader = partitions[id_].leader
        assert leader is not None
        assert leader.id == brokers[0]


@pytest.mark.kafka(since="2.4", why="CreateTopics knows defaults from 2.4 on")
def test_the_brokers_have_defaults(client: KafkaClient, topic_name: str) -> None:
    client.create_topic(topic_name, partitions=-1, replication_factor=-1)
    assert len(client.topics[topic_name].partitions) == 1


@pytest.mark.kafka(since="0.10.1", until="2.3", why="they can be told to create, but not to choose")
def test_brokers_without_defaults_are_told_so(client: KafkaClient, topic_name: str) -> None:
    with pytest.raises(UnsupportedVersion, match=r"2\.4"):
        client.create_topic(topic_name, partitions=-1)


@has_administration
def test_what_the_controller_refuses_is_a_typed_error_that_names_the_topic(
    client: KafkaClient, topic_name: str
) -> None:
    client.create_topic(topic_name)
    with pytest.raises(TopicAlreadyExists, match=topic_name):
        client.create_topic(topic_name)
    other = f"{topic_name}-2"
    with pytest.raises(InvalidPartitions, match=other):
        client.create_topic(other, partitions=0)
    with pytest.raises(InvalidReplicationFactor, match=other):
        client.create_topic(other, replication_factor=2)
    with pytest.raises(InvalidReplicaAssignment, match=other):
        client.create_topic(other, replica_assignment={0: [0, 0]})
    with pytest.raises(InvalidConfig, match=other):
        client.create_topic(other, config={"no.such.setting": "1"})
    with pytest.raises(InvalidTopic, match="a b"):
        client.create_topic("a b")
    assert other not in client.topics


def test_what_cannot_be_meant_is_refused_here(client: KafkaClient) -> None:
    with pytest.raises(UnicodeException, match="ASCII"):
        client.create_topic("tópico")
    with pytest.raises(InvalidOptionError):
        client.create_topic("t", timeout_ms=0)
    with pytest.raises(InvalidOptionError):
        client.delete_topic("t", timeout_ms=-1)


@has_administration
def test_a_client_that_takes_another_broker_for_the_controller_finds_the_right_one(
    client3: KafkaClient, topic_name: str
) -> None:
    core = client3.cluster.core
    controller = core.snapshot.controller_id
    for other in core.snapshot.brokers:
        if other == controller:
            continue
        core.snapshot = core.snapshot._replace(controller_id=other)
        client3.create_topic(topic_name)
        core.snapshot = core.snapshot._replace(controller_id=other)
        client3.delete_topic(topic_name)


@pytest.mark.kafka(since="0.10.1", until="3", why="on KRaft any broker hands the request on")
def test_a_broker_that_is_not_the_controller_says_so(client3: KafkaClient, topic_name: str) -> None:
    controller = client3.cluster.controller_broker
    other = next(b for b in client3.brokers.values() if b is not controller)
    with pytest.raises(NotController, match=topic_name):
        other.create_topics([CreateTopicRequest(topic_name, 1, 1, [], [])], 1000)
    with pytest.raises(NotController, match=topic_name):
        other.delete_topics([topic_name], 1000)


@has_administration
def test_a_broker_that_is_down_holds_up_nobody(
    client3: KafkaClient, kafka3: EmbeddedKafka, topic_name: str
) -> None:
    controller = client3.cluster.core.snapshot.controller_id
    down = next(broker for broker in kafka3.brokers if broker.id != controller)
    down.kill()
    others = [broker.id for broker in kafka3.brokers if broker is not down]
    client3.create_topic(topic_name, replica_assignment={0: others})
    assert topic_name in client3.topics
    client3.delete_topic(topic_name)
    assert topic_name not in client3.topics


@has_administration
@pytest.mark.parametrize("timeout", [0, 5000])
def test_a_single_request_creates_and_deletes(
    client: KafkaClient, kafka: EmbeddedKafka, topic_name: str, timeout: int
) -> None:
    controller = client.cluster.controller_broker
    assert controller is not None
    wanted = CreateTopicRequest(topic_name.encode(), 2, 1, [], [(b"retention.ms", b"60000")])
    controller.create_topics([wanted], timeout)
    kafka.await_topic(topic_name, 2)
    controller.delete_topics([topic_name.encode()], timeout)
    deadline = time.monotonic() + 30
    while topic_name in client.topics:
        assert time.monotonic() < deadline
        client.update_cluster()


@has_administration
def test_one_topic_that_is_refused_is_the_error_of_a_request_for_several(
    client: KafkaClient, topic_name: str
) -> None:
    controller = client.cluster.controller_broker
    assert controller is not None
    good, bad = (CreateTopicRequest(f"{topic_name}-{n}", n, 1, [], []) for n in (1, 0))
    with pytest.raises(InvalidPartitions, match=f"{topic_name}-0"):
        controller.create_topics([good, bad], 5000)
    with pytest.raises(UnknownTopicOrPartition, match="nowhere"):
        controller.delete_topics(["nowhere", f"{topic_name}-1"], 5000)


def test_the_versions_of_a_broker_are_told_whether_it_can_be_asked_or_not(
    client: KafkaClient, kafka: EmbeddedKafka
) -> None:
    found = client.cluster.fetch_api_versions()
    # Metadata; CreateTopics.
    assert found[3].key == 3
    assert (19 in found) == (kafka.release.number >= (0, 10, 1))
