"""Single requests to a broker, against a real one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from pykafka import Broker, KafkaClient
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    ClientClosedError,
    RemoteError,
    SocketDisconnectedError,
    UnsupportedVersion,
    UsageError,
)
from pykafka.protocol import (
    Message,
    PartitionFetchRequest,
    PartitionOffsetCommitRequest,
    PartitionOffsetFetchRequest,
    PartitionOffsetRequest,
    ProduceRequest,
)


@pytest.fixture
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def leader(client: KafkaClient, topic_name: str) -> Broker:
    leader = client.topics[topic_name].partitions[0].leader
    assert leader is not None
    return leader


def produce(leader: Broker, topic: str, request: ProduceRequest, *messages: Message) -> None:
    for message in messages:
        request.add_message(message, topic, 0)
    leader.produce_messages(request)


def test_what_is_produced_is_fetched(leader: Broker, topic_name: str) -> None:
    name = topic_name.encode()
    request = ProduceRequest(CompressionType.GZIP)
    request.add_message(Message(b"one", b"key"), name, 0)
    request.add_message(Message(None), name, 0)
    answer = leader.produce_messages(request)
    assert answer is not None
    assert answer.topics == {name: {0: (0, 0)}}

    fetched = leader.fetch_messages([PartitionFetchRequest(name, 0, 0)], timeout=1000)
    part = fetched.topics[name][0]
    assert (part.err, part.max_offset) == (0, 2)
    assert [(m.offset, m.partition_key, m.value) for m in part.messages] == [
        (0, b"key", b"one"),
        (1, None, None),
    ]


def test_without_acks_nothing_is_waited_for(leader: Broker, topic_name: str) -> None:
    request = ProduceRequest(required_acks=0)
    request.add_message(Message(b"sent"), topic_name, 0)
    assert leader.produce_messages(request) is None
    # The broker has it when its answer to a fetch that waits for a byte is not empty.
    fetched = leader.fetch_messages([PartitionFetchRequest(topic_name, 0, 0)], timeout=10000)
    assert [m.value for m in fetched.topics[topic_name.encode()][0].messages] == [b"sent"]


def test_a_waiting_fetch_holds_up_nobody(leader: Broker, topic_name: str) -> None:
    worker = leader.handler.spawn(
        leader.fetch_messages, [PartitionFetchRequest(topic_name, 0, 0)], timeout=3000
    )
    begin = time.monotonic()
    leader.request_metadata()
    assert time.monotonic() - begin < 2
    worker.join(10)


def test_offsets_are_found_and_errors_of_partitions_are_values(
    leader: Broker, topic_name: str
) -> None:
    produce(leader, topic_name, ProduceRequest(), Message(b"1"), Message(b"2"))
    name = topic_name.encode()
    answer = leader.request_offset_limits(
        [PartitionOffsetRequest(name, 0, -1, 5), PartitionOffsetRequest(name, 99, -1, 5)]
    )
    assert answer.topics[name][0].offset[0] == 2
    assert answer.topics[name][99].err == 3


def test_metadata_of_one_topic_and_of_all(leader: Broker, topic_name: str) -> None:
    one = leader.request_metadata([topic_name])
    assert list(one.topics) == [topic_name.encode()]
    assert one.topics[topic_name.encode()].partitions[0].leader == leader.id
    assert one.brokers[leader.id].host == leader.host
    assert topic_name.encode() in leader.request_metadata().topics


def test_a_group_gets_back_what_it_committed(client: KafkaClient, topic_name: str) -> None:
    assert client.topics[topic_name].partitions
    name, group = topic_name.encode(), f"group of {topic_name}"
    coordinator = client.cluster.get_group_coordinator(group)
    request = PartitionOffsetCommitRequest(name, 0, 5, -1, b"note")
    committed = coordinator.commit_consumer_group_offsets(group, -1, b"", [request])
    assert committed.topics == {name: {0: (0,)}}
    found = coordinator.fetch_consumer_group_offsets(group, [PartitionOffsetFetchRequest(name, 0)])
    assert found.topics == {name: {0: (5, b"note", 0)}}


def test_connecting_shows_that_the_broker_answers(leader: Broker) -> None:
    leader.connect()
    leader.connect_offsets_channel(attempts=1)
    assert leader.connected
    assert leader.offsets_channel_connected


@pytest.mark.kafka(until="0.9", why="from 0.10 on brokers tell their versions")
def test_a_broker_that_cannot_be_asked_for_its_versions_is_named(leader: Broker) -> None:
    with pytest.raises(UnsupportedVersion, match=r"ApiVersions.*Kafka 0\.[89].*0\.10"):
        leader.fetch_api_versions()


@pytest.mark.kafka(since="0.10", why="before 0.10 brokers do not tell their versions")
def test_a_broker_tells_its_versions(leader: Broker) -> None:
    assert leader.fetch_api_versions().api_versions[3].max >= 2


def test_a_value_that_does_not_fit_is_raised_at_once(leader: Broker, topic_name: str) -> None:
    begin = time.monotonic()
    with pytest.raises(UsageError, match="fetch_offset"):
        leader.fetch_messages([PartitionFetchRequest(topic_name, 0, "0")])  # type: ignore[arg-type]  # what is tested
    assert time.monotonic() - begin < 5


def test_a_broker_that_is_not_there_is_an_error_in_time(client: KafkaClient) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        nobody = Broker(-1, "127.0.0.1", taken.getsockname()[1], client.cluster, None)
        begin = time.monotonic()
        with pytest.raises(SocketDisconnectedError, match=r"127\.0\.0\.1"):
            nobody.connect(attempts=2)
        assert time.monotonic() - begin < 10
        assert not nobody.connected
        with pytest.raises(RemoteError):
            nobody.request_metadata()


def test_after_close_there_is_no_connection_and_asking_is_an_error(
    client: KafkaClient, leader: Broker
) -> None:
    client.close()
    assert not leader.connected
    with pytest.raises(ClientClosedError):
        leader.request_metadata()
