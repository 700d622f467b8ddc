"""The command lines, pointed at the broker of the session."""

from __future__ import annotations

import pytest
from cli.commands import Program, fill

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
