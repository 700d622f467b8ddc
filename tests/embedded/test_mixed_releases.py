"""Brokers of different releases in one cluster, and brokers that become another release."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from services import OwnKafka

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.broker import EmbeddedBroker
from pykafka.exceptions import InvalidOptionError


def setting(broker: EmbeddedBroker, name: str) -> str | None:
    """A property that the broker was started with."""
    lines = (broker.folder / "server.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines).get(name)


def says(kafka: EmbeddedKafka, topic: str, values: Sequence[bytes]) -> None:
    """Append values; returns when all replicas in sync have them."""
    with (
        KafkaClient(kafka.bootstrap) as client,
        client.topics[topic].get_sync_producer(required_acks=-1, max_retries=30) as producer,
    ):
        for value in values:
            producer.produce(value)


def stored(broker: EmbeddedBroker, topic: str, values: Sequence[bytes]) -> list[bytes]:
    """Those of the values that are in the broker's log."""
    log = (broker.log_dir / f"{topic}-0" / f"{0:020}.log").read_bytes()
    return [value for value in values if value in log]


@pytest.mark.slow
def test_brokers_become_newer_one_by_one(own_kafka: OwnKafka, topic_name: str) -> None:
    kafka = own_kafka("1.1.1", 2, becomes="2.8.2")
    kafka.create_topic(topic_name, 1, 2)
    says(kafka, topic_name, [b"before"])
    kafka.await_in_sync(topic_name)
    new, old = kafka.brokers
    port = new.port

    new.restart_as("2.8")
    assert "Controlled shutdown succeeded" in new.log_file.read_text()
    assert new.port == port
    assert [broker.release.version for broker in kafka.brokers] == ["2.8.2", "1.1.1"]
    # What both understand.
    assert kafka.release.version == "1.1.1"
    assert setting(new, "inter.broker.protocol.version") == "1.1"

    kafka.await_in_sync()
    kafka.create_topic(f"{topic_name}-2", 2, 2)
    assert set(kafka.topics()) >= {topic_name, f"{topic_name}-2"}
    says(kafka, topic_name, [b"between"])
    new.kill()
    kafka.repair()
    assert new.release.version == "2.8.2"
    kafka.await_in_sync()
    values = [b"before", b"between"]
    assert [stored(broker, topic_name, values) for broker in (new, old)] == [values] * 2

    newest = {"inter.broker.protocol.version": "2.8", "log.message.format.version": "2.8"}
    old.restart_as("2.8.2", newest)
    assert kafka.release.version == "2.8.2"
    kafka.await_in_sync()
    assert "inter.broker.protocol.version = 2.8\n" in old.log_file.read_text()


@pytest.mark.slow
def test_brokers_without_zookeeper_become_newer(own_kafka: OwnKafka, topic_name: str) -> None:
    kafka = own_kafka("4.1.1", 1, becomes="4.3.0")
    kafka.create_topic(topic_name)
    (broker,) = kafka.brokers
    broker.restart_as("4.3.0")
    assert kafka.release.version == "4.3.0"
    kafka.await_topic(topic_name, 1)
    kafka.create_topic(f"{topic_name}-new")


def test_a_release_that_cannot_be_in_the_cluster_is_refused(kafka: EmbeddedKafka) -> None:
    broker = kafka.brokers[0]
    status = (broker.running, broker.release)
    with pytest.raises(InvalidOptionError, match="they cannot be together"):
        broker.restart_as("3.9.1" if kafka.release.kraft else "4.3.0")
    with pytest.raises(InvalidOptionError, match="would not understand the others"):
        broker.restart_as("4.0.0" if kafka.release.kraft else "0.8.2.0")
    with pytest.raises(InvalidOptionError, match="is no version"):
        broker.restart_as("newest")
    assert (broker.running, broker.release) == status
