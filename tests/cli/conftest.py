"""The command lines, pointed at the broker of the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cli.commands import Program, fill
from cli.zookeeper_nodes import GroupNodes
from kazoo.client import KazooClient

from pykafka.embedded import EmbeddedKafka

#: Messages in ``filled``, half of them in each partition.
FILLED = 20


@pytest.fixture
def pykafka(kafka: EmbeddedKafka) -> Program:
    """``pykafka --hosts ...``."""
    return Program("pykafka", "--hosts", kafka.bootstrap)


@pytest.fixture
def kafka_tools(kafka: EmbeddedKafka) -> Program:
    """``kafka-tools --broker ...``."""
    return Program("pykafka.cli.kafka_tools", "--broker", kafka.bootstrap)


@pytest.fixture
def empty(kafka: EmbeddedKafka, topic_name: str) -> str:
    """A topic of two partitions."""
    kafka.create_topic(topic_name, partitions=2)
    return topic_name


@pytest.fixture
def filled(kafka: EmbeddedKafka, empty: str) -> str:
    """A topic with ``value 0`` to ``value 19``, the even ones in partition 1."""
    fill(kafka.bootstrap, empty, [b"value %d" % number for number in range(FILLED)])
    return empty


@pytest.fixture
def with_zookeeper(kafka: EmbeddedKafka) -> Program:
    """``pykafka --zookeeper ...``."""
    assert kafka.zookeeper is not None
    return Program("pykafka", "--zookeeper", kafka.zookeeper)


@pytest.fixture
def nodes(kafka: EmbeddedKafka, topic_name: str) -> Iterator[GroupNodes]:
    """Of the group that has the topic's name, which has none yet."""
    zookeeper = KazooClient(kafka.zookeeper)
    zookeeper.start()
    yield GroupNodes(zookeeper, topic_name)
    zookeeper.stop()
    zookeeper.close()
