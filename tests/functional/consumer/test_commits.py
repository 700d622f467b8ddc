"""Offsets of a group: committed, looked up, resumed from."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from itertools import islice

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import add, numbered
from kazoo.client import KazooClient

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.core.procedures.coordinator import Patience
from pykafka.core.procedures.group_offsets import commit_offsets, fetch_offsets
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException, UnicodeException
from pykafka.simpleconsumer import SimpleConsumer

_PATIENCE = Patience(20, 0.1, 10.0)


@pytest.fixture
def group(topic_name: str) -> str:
    return f"group-{topic_name}"


def values(consumer: SimpleConsumer, count: int | None = None) -> list[bytes | None]:
    return [message.value for message in islice(consumer, count)]


def committed(consumer: SimpleConsumer) -> dict[int, int]:
    return {partition: found.offset for partition, found in consumer.fetch_offsets()}


def test_another_consumer_of_the_group_resumes_behind_what_was_committed(
    fill: Fill, consume: Consume, group: str
) -> None:
    topic = fill(numbered(1200), [])
    first = consume(topic, consumer_group=group, consumer_timeout_ms=500)
    assert values(first, 700) == numbered(700)
    first.commit_offsets()
    assert values(first, 10) == numbered(10, 700)
    first.stop()
    second = consume(topic, consumer_group=group.encode(), consumer_timeout_ms=500)
    assert second.held_offsets == {0: 699, 1: OffsetType.EARLIEST}
    assert values(second) == numbered(500, 700)


def test_what_is_committed_in_the_middle_of_a_run_is_exact(
    fill: Fill, consume: Consume, group: str
) -> None:
    topic = fill(numbered(100))
    consumer = consume(
        topic, consumer_group=group, consumer_timeout_ms=500, reset_offset_on_fetch=False
    )
    for count in (1, 1, 40):
        values(consumer, count)
        consumer.commit_offsets()
        assert committed(consumer) == {0: consumer.held_offsets[0] + 1}
    assert consumer.held_offsets == {0: 41}


def test_given_offsets_are_committed_as_they_are(fill: Fill, consume: Consume, group: str) -> None:
    topic = fill(numbered(100))
    consumer = consume(topic, consumer_group=group, consumer_timeout_ms=500)
    consumer.commit_offsets([(topic.partitions[0], 42)])
    assert values(consumer, 1) == [b"0"]
    resumed = consume(topic, consumer_group=group, consumer_timeout_ms=500)
    assert values(resumed, 1) == [b"42"]


def test_fetch_offsets_has_the_shape_of_2x(fill: Fill, consume: Consume, group: str) -> None:
    topic = fill(numbered(10), numbered(10))
    consumer = consume(
        topic, consumer_group=group, consumer_timeout_ms=500, consumer_id=b"me", generation_id=-1
    )
    consumer.commit_offsets([(topic.partitions[0], 4)])
    found = dict(consumer.fetch_offsets())
    assert sorted(found) == [0, 1]
    assert (found[0].offset, found[0].err) == (4, 0)
    assert json.loads(found[0].metadata) == {
        "consumer_id": "me",
        "hostname": socket.gethostname(),
    }
    assert (found[1].offset, found[1].metadata, found[1].err) == (-1, b"", 0)


def test_fetching_offsets_moves_the_consumer(fill: Fill, consume: Consume, group: str) -> None:
    topic = fill(numbered(100))
    consumer = consume(topic, consumer_group=group, consumer_timeout_ms=500)
    consumer.commit_offsets([(topic.partitions[0], 90)])
    values(consumer, 3)
    consumer.fetch_offsets()
    assert consumer.held_offsets == {0: 89}
    assert values(consumer) == numbered(10, 90)


def test_fetching_offsets_leaves_the_consumer_where_it_is_if_told_so(
    fill: Fill, consume: Consume, group: str
) -> None:
    topic = fill(numbered(100))
    consumer = consume(
        topic, consumer_group=group, consumer_timeout_ms=500, reset_offset_on_fetch=False
    )
    consumer.commit_offsets([(topic.partitions[0], 90)])
    values(consumer, 3)
    assert committed(consumer) == {0: 90}
    assert consumer.held_offsets == {0: 2}
    assert values(consumer, 1) == [b"3"]


def test_a_group_begins_by_auto_offset_reset(fill: Fill, consume: Consume, group: str) -> None:
    topic = fill(numbered(10))
    latest = consume(
        topic,
        consumer_group=f"{group}-latest",
        auto_offset_reset=OffsetType.LATEST,
        consumer_timeout_ms=500,
    )
    earliest = consume(topic, consumer_group=f"{group}-earliest", consumer_timeout_ms=500)
    add(topic, 0, [b"new"])
    assert values(latest) == [b"new"]
    assert values(earliest) == [*numbered(10), b"new"]


def test_resetting_commits_at_once(fill: Fill, consume: Consume, group: str) -> None:
    topic = fill(numbered(50), numbered(50))
    consumer = consume(
        topic, consumer_group=group, consumer_timeout_ms=500, reset_offset_on_fetch=False
    )
    consumer.reset_offsets([(topic.partitions[0], 9)])
    assert committed(consumer) == {0: 10, 1: -1}
    consumer.reset_offsets()
    assert committed(consumer) == {0: 0, 1: 0}


def test_stop_commits_what_was_delivered_if_auto_commit_is_on(
    fill: Fill, consume: Consume, group: str
) -> None:
    topic = fill(numbered(100))
    consumer = consume(
        topic, consumer_group=group, auto_commit_enable=True, consumer_timeout_ms=500
    )
    values(consumer, 33)
    consumer.stop()
    watcher = consume(topic, consumer_group=group, auto_start=False)
    assert committed(watcher) == {0: 33}


def test_leaving_a_with_block_commits_as_stop_does(
    fill: Fill, implementation: object, consume: Consume, group: str
) -> None:
    topic = fill(numbered(100))
    with topic.get_simple_consumer(group, auto_commit_enable=True) as consumer:
        values(consumer, 5)
    assert committed(consume(topic, consumer_group=group, auto_start=False)) == {0: 5}


def test_neither_stop_without_auto_commit_nor_cleanup_commits(
    fill: Fill, consume: Consume, group: str
) -> None:
    topic = fill(numbered(100))
    manual = consume(topic, consumer_group=group)
    values(manual, 5)
    manual.stop()
    automatic = consume(topic, consumer_group=group, auto_commit_enable=True)
    values(automatic, 5)
    automatic.cleanup()
    assert committed(consume(topic, consumer_group=group, auto_start=False)) == {0: -1}


def test_auto_commit_commits_by_time(fill: Fill, consume: Consume, group: str) -> None:
    topic = fill(numbered(100))
    consumer = consume(
        topic, consumer_group=group, auto_commit_enable=True, auto_commit_interval_ms=50
    )
    watcher = consume(topic, consumer_group=group, auto_start=False)
    for count in (10, 40):
        values(consumer, count)
        wanted = consumer.held_offsets[0] + 1
        until = time.monotonic() + 20
        while committed(watcher) != {0: wanted}:
            assert time.monotonic() < until, "no auto-commit within 20 s"
    consumer.cleanup()


def test_commits_without_a_group_are_refused(fill: Fill, consume: Consume) -> None:
    consumer = consume(fill(numbered(1)))
    with pytest.raises(KafkaException, match="consumer_group"):
        consumer.commit_offsets()
    with pytest.raises(KafkaException, match="consumer_group"):
        consumer.fetch_offsets()


@pytest.mark.parametrize("offset", ["1", None, 1.5, -1, 2**63])
def test_committing_what_is_no_offset_is_refused(
    fill: Fill, consume: Consume, group: str, offset: object
) -> None:
    topic = fill(numbered(1))
    consumer = consume(topic, consumer_group=group)
    with pytest.raises(ValueError, match=f"{topic.name.decode()}/0") as caught:
        consumer.commit_offsets([(topic.partitions[0], offset)])  # type: ignore[list-item]
    assert isinstance(caught.value, KafkaException)


@pytest.mark.parametrize("name", ["gruppé", b"\xff\xfe"])
def test_a_group_whose_name_is_not_ascii_is_refused(
    fill: Fill, consume: Consume, name: str | bytes
) -> None:
    with pytest.raises(UnicodeException, match="consumer group"):
        consume(fill([]), consumer_group=name)


def test_the_coordinator_of_a_group_is_one_of_the_brokers(client: KafkaClient, group: str) -> None:
    broker = client.cluster.get_group_coordinator(group)
    assert client.brokers[broker.id] is broker


# -- where brokers keep them: version 0 means ZooKeeper, version 1 Kafka ---------------

has_zookeeper = pytest.mark.kafka(until="3", why="from 4.0 on there is no ZooKeeper")


@pytest.fixture
def zookeeper(kafka: EmbeddedKafka) -> Iterator[KazooClient]:
    zookeeper = KazooClient(kafka.zookeeper)
    zookeeper.start(10)
    yield zookeeper
    zookeeper.stop()
    zookeeper.close()


@has_zookeeper
def test_version_0_commits_to_zookeeper_and_version_1_to_kafka(
    client: KafkaClient, fill: Fill, zookeeper: KazooClient, group: str
) -> None:
    name = fill(numbered(10), numbered(10)).name.decode()
    core = client.cluster.core
    keys = [(name, 0), (name, 1)]

    def commit(offsets: dict[tuple[str, int], int], version: int) -> None:
        procedure = commit_offsets(core, group, offsets, "note", _PATIENCE, version=version)
        core.run(procedure, 60)

    def stored(version: int) -> dict[int, tuple[int, str]]:
        found = core.run(fetch_offsets(core, group, keys, _PATIENCE, version), 60)
        return {key[1]: (entry.offset, entry.metadata) for key, entry in found.items()}

    assert stored(0) == {0: (-1, ""), 1: (-1, "")}
    assert stored(1) == {0: (-1, ""), 1: (-1, "")}
    commit({(name, 0): 5}, version=0)
    commit({(name, 0): 7, (name, 1): 8}, version=1)
    # ZooKeeper keeps the number alone.
    assert stored(0) == {0: (5, ""), 1: (-1, "")}
    assert stored(1) == {0: (7, "note"), 1: (8, "note")}
    data, _ = zookeeper.get(f"/consumers/{group}/offsets/{name}/0")
    assert data == b"5"
    assert not zookeeper.exists(f"/consumers/{group}/offsets/{name}/1")


@has_zookeeper
def test_a_consumer_commits_to_kafka_alone(
    fill: Fill, consume: Consume, zookeeper: KazooClient, group: str
) -> None:
    consumer = consume(fill(numbered(10)), consumer_group=group)
    values(consumer, 3)
    consumer.commit_offsets()
    assert not zookeeper.exists(f"/consumers/{group}")
