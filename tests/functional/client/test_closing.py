"""What is left of a client that was closed or dropped: an error that says so, and nothing else."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from background import in_background
from functional.client.conftest import Connect
from functional.client.rogue import FAULTS, TOPIC, RogueBroker
from functional.consumer.filling import add, numbered

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import ClientClosedError, ConsumerStoppedException, RemoteError
from pykafka.topic import Topic

_SOON = 20.0


@pytest.fixture
def topic(kafka: EmbeddedKafka, connect: Connect, topic_name: str) -> Topic:
    kafka.create_topic(topic_name, partitions=2)
    topic = connect(kafka.bootstrap).topics[topic_name]
    add(topic, 0, numbered(50))
    return topic


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if "pykafka" in thread.name}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def until(wanted: object, state: Callable[[], object]) -> None:
    """Wait for what other threads bring about, and what collections do then."""
    deadline = time.monotonic() + _SOON
    while state() != wanted:
        assert time.monotonic() < deadline, f"{state()} and not {wanted} after {_SOON:g} s"
        time.sleep(0.01)
        gc.collect()


def open_things() -> tuple[int, set[str]]:
    return descriptors(), threads()


def more_than(before: tuple[int, set[str]]) -> tuple[int, set[str]]:
    """What is open now and was not before; what others have closed meanwhile does not matter."""
    return max(0, descriptors() - before[0]), threads() - before[1]


def watched(topic: Topic) -> tuple[int, int]:
    """How many consumers a client keeps metadata fresh for, by two accounts."""
    core = topic.cluster.core
    return len(core.metadata_listeners), len(core.topics_in_use)


def test_closing_a_client_stops_its_consumers(topic: Topic) -> None:
    client = topic.cluster
    consumer = topic.get_simple_consumer()
    for _ in range(50):
        consumer.consume()
    waiting = in_background(consumer.consume)
    client.close()
    with pytest.raises(ConsumerStoppedException):
        waiting.result(_SOON)


@pytest.mark.parametrize("group", [None, "group"])
def test_a_closed_client_says_so_wherever_it_is_used(topic: Topic, group: str | None) -> None:
    consumer = topic.get_simple_consumer(group)
    cluster = topic.cluster
    cluster.close()
    cluster.close()
    uses: list[Callable[[], Any]] = [
        cluster.update,
        lambda: cluster.topics["another"],
        topic.latest_available_offsets,
        topic.partitions[0].earliest_available_offset,
        lambda: cluster.get_group_coordinator("g"),
        lambda: topic.get_simple_consumer(group),
        consumer.start,
        consumer.reset_offsets,
    ]
    if group:
        uses += [consumer.fetch_offsets, consumer.commit_offsets]
        consumer._core.cursors[topic.name.decode(), 0].move_to(1)
    for use in uses:
        begin = time.monotonic()
        with pytest.raises(ClientClosedError):
            use()
        assert time.monotonic() - begin < 2


def test_closing_stops_every_consumer_though_the_last_commit_of_one_fails(
    connect: Connect,
) -> None:
    with RogueBroker(partitions=2) as rogue:
        rogue.rows = numbered(5)
        client = connect(rogue.address, offsets_channel_socket_timeout_ms=300)
        topic = client.topics[TOPIC]
        options: dict[str, Any] = {
            "auto_commit_enable": True,
            "offsets_commit_max_retries": 0,
        }
        consumers = [topic.get_simple_consumer(f"g{number}", **options) for number in range(3)]
        for consumer in consumers:
            assert consumer.consume() is not None
        rogue.faults["OffsetCommit"] = FAULTS["nothing but an end"]
        with pytest.raises(RemoteError):
            client.close()
        for consumer in consumers:
            with pytest.raises(ConsumerStoppedException):
                consumer.consume()


def test_fifty_consumers_leave_neither_threads_nor_descriptors(topic: Topic) -> None:
    options: dict[str, Any] = {"auto_commit_enable": True, "auto_commit_interval_ms": 10}
    with topic.get_simple_consumer("warm", **options) as consumer:
        assert consumer.consume() is not None
    # The connection for groups stays, the one for fetches goes.
    until((0, 0), lambda: watched(topic))
    until({"pykafka I/O"}, threads)
    before = open_things()
    for _ in range(50):
        consumer = topic.get_simple_consumer("warm", reset_offset_on_start=True, **options)
        assert consumer.consume() is not None
        consumer.stop()
    until((0, 0), lambda: watched(topic))
    until((0, set()), lambda: more_than(before))


def test_one_consumer_can_be_started_and_stopped_without_end(topic: Topic) -> None:
    consumer = topic.get_simple_consumer()
    got = []
    for _ in range(50):
        message = consumer.consume()
        assert message is not None
        got.append(message.value)
        consumer.stop()
        consumer.start()
    consumer.stop()
    assert got == numbered(50)
    until((0, 0), lambda: watched(topic))


def test_fifty_clients_leave_neither_threads_nor_descriptors(
    kafka: EmbeddedKafka, topic_name: str
) -> None:
    before = open_things()
    for number in range(50):
        client = KafkaClient(kafka.bootstrap)
        consumer = client.topics[topic_name].get_simple_consumer(consumer_timeout_ms=1)
        if number % 2:
            consumer.consume()
        client.close()
    until((0, set()), lambda: more_than(before))


def test_a_client_that_fails_to_connect_leaves_nothing(connect: Connect) -> None:
    before = open_things()
    with RogueBroker() as rogue:
        rogue.faults["Metadata"] = FAULTS["nothing at all"]
        for _ in range(5):
            with pytest.raises(RemoteError):
                connect(rogue.address, socket_timeout_ms=100)
    until((0, set()), lambda: more_than(before))


def test_a_consumer_that_is_dropped_stops_fetching(topic: Topic) -> None:
    consumer = topic.get_simple_consumer()
    assert consumer.consume() is not None
    assert watched(topic) == (1, 1)
    del consumer
    until((0, 0), lambda: watched(topic))


def test_a_consumer_whose_deserializer_knows_it_can_be_dropped(topic: Topic) -> None:
    class Reader:
        def __init__(self) -> None:
            self.consumer = topic.get_simple_consumer(deserializer=self.decode)

        def decode(self, value: bytes, key: bytes | None) -> tuple[str, bytes | None]:
            return value.decode(), key

    reader = Reader()
    message = reader.consumer.consume()
    assert message is not None
    assert message.value == "0"
    del reader
    until((0, 0), lambda: watched(topic))


def test_a_client_that_is_dropped_with_all_that_was_made_from_it_ends(
    kafka: EmbeddedKafka, topic_name: str
) -> None:
    before = open_things()
    client = KafkaClient(kafka.bootstrap)
    consumer = client.topics[topic_name].get_simple_consumer(consumer_timeout_ms=1)
    consumer.consume()
    del client, consumer
    until((0, set()), lambda: more_than(before))


def test_a_dropped_client_and_a_full_collection_in_any_thread_do_not_lock_up(
    kafka: EmbeddedKafka, topic_name: str
) -> None:
    # 2.8 talked to brokers in __del__, and waited for itself when a collection ran in its way.
    def cycle() -> None:
        client = KafkaClient(kafka.bootstrap)
        consumer = client.topics[topic_name].get_simple_consumer("g", auto_commit_enable=True)
        consumer.itself = consumer  # type: ignore[attr-defined]

    work = [in_background(cycle) for _ in range(12)]
    work += [in_background(gc.collect) for _ in range(12)]
    for future in work:
        future.result(_SOON)
    gc.collect()
