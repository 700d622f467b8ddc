"""Topics by name: created, hidden, missing, and the dictionary that holds them."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from background import in_background
from functional.client.conftest import Connect
from services import Clusters

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    InvalidTopic,
    KafkaException,
    UnicodeException,
    UnknownTopicOrPartition,
)
from pykafka.topic import Topic


@pytest.fixture
def client(kafka: EmbeddedKafka, connect: Connect) -> KafkaClient:
    return connect(kafka.bootstrap)


@pytest.fixture
def strict(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """A broker that creates no topics."""
    return embedded_kafka(kafka_release, 1, {"auto.create.topics.enable": False})


def test_a_name_is_bytes_or_text(
    client: KafkaClient, kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(topic_name, partitions=3)
    by_text, by_bytes = client.topics[topic_name], client.topics[topic_name.encode()]
    assert by_text is by_bytes
    assert by_text.name == topic_name.encode()
    assert sorted(by_text.partitions) == [0, 1, 2]
    assert [p.leader.id for p in by_text.partitions.values() if p.leader] == [0, 0, 0]


def test_looking_a_missing_topic_up_creates_it_where_the_brokers_do(
    client: KafkaClient, topic_name: str
) -> None:
    assert topic_name not in client.topics
    assert client.topics.get(topic_name) is None
    assert client.topics[topic_name].partitions[0].leader is client.brokers[0]
    assert topic_name in client.topics
    assert topic_name.encode() in client.topics


def test_a_missing_topic_is_named_where_brokers_create_none(
    strict: EmbeddedKafka, connect: Connect
) -> None:
    client = connect(strict.bootstrap)
    begin = time.monotonic()
    for name in ("missing", b"missing"):
        with pytest.raises(UnknownTopicOrPartition, match="'missing'"):
            client.topics[name]
    assert time.monotonic() - begin < 10
    assert "missing" not in client.topics
    assert client.topics.get("missing", "none") == "none"


@pytest.mark.parametrize("name", ["a b", "a/b", "ü".encode("latin-1").decode("latin-1"), ""])
def test_a_name_that_no_topic_can_have_is_refused(client: KafkaClient, name: str) -> None:
    with pytest.raises((InvalidTopic, UnicodeException, KafkaException)) as caught:
        client.topics[name]
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", ["tópico", "tópico".encode()])
def test_a_name_that_is_not_ascii_is_refused(client: KafkaClient, name: str | bytes) -> None:
    with pytest.raises(UnicodeException, match="ASCII"):
        client.topics[name]


def test_internal_topics_are_hidden_unless_they_are_wanted(
    client: KafkaClient, kafka: EmbeddedKafka, connect: Connect
) -> None:
    # The coordinator's first answer means that its topic is there.
    client.cluster.get_group_coordinator("any")
    client.update_cluster()
    offsets = b"__consumer_offsets"
    assert offsets not in client.topics
    assert offsets not in list(client.topics)
    with pytest.raises(KeyError, match="internal"):
        client.topics[offsets]
    open_client = connect(kafka.bootstrap, exclude_internal_topics=False)
    assert offsets in open_client.topics
    assert len(open_client.topics[offsets].partitions) == 4


def test_the_dictionary_lists_what_there_is(
    client: KafkaClient, kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(topic_name, partitions=2)
    assert topic_name.encode() not in list(client.topics)
    client.update_cluster()
    key = topic_name.encode()
    assert key in list(client.topics)
    assert key in client.topics.keys()  # noqa: SIM118 - 2.x code says so
    assert all(isinstance(topic, Topic) for topic in client.topics.values())
    assert dict(client.topics.items())[key].name == key


def test_topics_are_held_weakly(client: KafkaClient, kafka: EmbeddedKafka, topic_name: str) -> None:
    kafka.create_topic(topic_name)
    topic = client.topics[topic_name]
    partition = topic.partitions[0]
    assert partition.topic is topic
    first = weakref.ref(topic)
    del topic
    # A partition keeps its topic, which nothing else does.
    assert partition.topic is first()
    del partition
    gc.collect()
    assert first() is None
    assert client.topics[topic_name].name == topic_name.encode()


def test_a_topic_that_was_deleted_is_not_listed_any_more(
    client: KafkaClient, kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(topic_name)
    topic = client.topics[topic_name]
    kafka.delete_topic(topic_name)
    client.update_cluster()
    assert topic_name not in client.topics
    assert topic.name == topic_name.encode()


def test_a_dictionary_whose_client_is_gone_says_so(kafka: EmbeddedKafka, topic_name: str) -> None:
    topics = KafkaClient(kafka.bootstrap).topics
    gc.collect()
    with pytest.raises(KafkaException, match="KafkaClient"):
        topics[topic_name]


@pytest.fixture
def fast_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("fast_switches")
def test_threads_can_use_a_client_together(
    client: KafkaClient, kafka: EmbeddedKafka, topic_name: str
) -> None:
    names = [f"{topic_name}-{number}" for number in range(10)]
    for name in names:
        kafka.create_topic(name)
    stop = threading.Event()
    together = threading.Barrier(3, timeout=30)

    def update() -> None:
        while not stop.is_set():
            client.update_cluster()

    def look() -> None:
        for turn in range(20):
            name = names[turn % len(names)]
            if together.wait() == 0:
                gc.collect()  # the topic of the last turn
            together.wait()
            topic = client.topics[name]
            together.wait()
            # All have the same object while one of them has it.
            assert client.topics[name] is topic
            assert 0 in topic.partitions
            assert len(client.topics.items()) >= len(names)
            del topic

    updating = [in_background(update) for _ in range(2)]
    looking = [in_background(look) for _ in range(3)]
    try:
        for future in looking:
            future.result(60)
    finally:
        stop.set()
    for future in updating:
        future.result(60)
