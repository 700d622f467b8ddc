"""Topics to read, and spouts that read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from spout_runs import SpoutRun

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.storm import KafkaSpout

#: Makes a topic and writes so many numbered messages to each of its partitions.
Fill = Callable[..., str]
#: Starts a task of a spout with options.
Start = Callable[..., SpoutRun]


@pytest.fixture
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def write(client: KafkaClient) -> Callable[..., None]:
    """``write(topic, partition, values)``: ``None`` is a tombstone; with keys if there are any."""

    def write(topic: str, partition: int, values: Any, **options: Any) -> None:
        def to(partitions: Any, _: Any) -> Any:
            return partitions[partition]

        client.update_cluster()
        with client.topics[topic].get_producer(partitioner=to, linger_ms=0) as producer:
            for value in values:
                key = b"k" if value is None else None
                producer.produce(value, **{"partition_key": key, **options})

    return write


@pytest.fixture
def fill(kafka: EmbeddedKafka, topic_name: str, write: Callable[..., None]) -> Fill:
    """``fill(30, 20)``: a topic of two partitions with 30 and 20 messages; its name. The values
    are ``partition:offset``."""

    def fill(*counts: int, name: str = topic_name) -> str:
        kafka.create_topic(name, len(counts))
        kafka.await_topic(name, len(counts))
        for partition, count in enumerate(counts):
            write(name, partition, [b"%d:%d" % (partition, n) for n in range(count)])
        return name

    return fill


@pytest.fixture
def start(kafka: EmbeddedKafka, topic_name: str) -> Iterator[Start]:
    """``start(number=1, tasks=2, conf={...}, option=value)``: a task of a spout of this test's
    topic and group."""
    runs: list[SpoutRun] = []

    def start(
        number: int = 0,
        tasks: int = 1,
        conf: dict[str, Any] | None = None,
        topology_id: str = "test-1",
        **options: Any,
    ) -> SpoutRun:
        declared = {
            "topics": [topic_name],
            "group": topic_name,
            "hosts": kafka.bootstrap,
            "zookeeper_hosts": kafka.zookeeper,
            "commit_interval_ms": 100,
            "retry_backoff_ms": 10,
            "session_timeout_ms": 6000,
            **options,
        }
        run = SpoutRun(type("Subject", (KafkaSpout,), declared), number, tasks, conf, topology_id)
        runs.append(run)
        return run

    yield start
    for run in runs:
        run.close()
