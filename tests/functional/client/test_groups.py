"""Groups that Kafka coordinates, listed and described: our members, and those of other clients."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from functional.client.conftest import Connect
from group_members import join, join_with_all

from pykafka import Broker, KafkaClient, RangeProtocol
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import UnsupportedVersion
from pykafka.protocol import DescribeGroupResponse, MemberAssignment

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

has_groups = pytest.mark.kafka(since="0.9", why="brokers coordinate groups from 0.9 on")
UNKNOWN_MEMBER = 25
REBALANCE = 27
WITHIN = 60.0


@pytest.fixture
def client(kafka: EmbeddedKafka, connect: Connect) -> KafkaClient:
    return connect(kafka.bootstrap)


@pytest.fixture
def topic(kafka: EmbeddedKafka, topic_name: str) -> str:
    kafka.create_topic(topic_name, partitions=2)
    return topic_name


@pytest.fixture
def coordinator(client: KafkaClient, topic: str) -> Broker:
    """Of the group that has the topic's name."""
    return client.cluster.get_group_coordinator(topic)


def until_stable(client: KafkaClient, group: str, members: int) -> DescribeGroupResponse:
    """The group, once it has that many members with partitions."""
    deadline = time.monotonic() + WITHIN
    while True:
        found = client.cluster.get_managed_group_descriptions().get(group.encode())
        if found is not None and found.state == b"Stable":
            given = [m.member_assignment.partition_assignment for m in found.members.values()]
            if sum(map(bool, given)) == members:
                return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


@pytest.mark.kafka(until="0.8", why="brokers coordinate groups from 0.9 on")
def test_brokers_without_groups_name_the_request_and_its_release(client: KafkaClient) -> None:
    broker = client.brokers[0]
    for ask, api in (
        (client.cluster.get_managed_group_descriptions, "ListGroups"),
        (broker.list_groups, "ListGroups"),
        (lambda: broker.describe_groups([b"g"]), "DescribeGroups"),
        (lambda: broker.join_group(1, b"g", b"", b"t", RangeProtocol), "JoinGroup"),
        (lambda: broker.sync_group(1, b"g", 1, b"m", []), "SyncGroup"),
        (lambda: broker.heartbeat(1, b"g", 1, b"m"), "Heartbeat"),
        (lambda: broker.leave_group(1, b"g", b"m"), "LeaveGroup"),
    ):
        with pytest.raises(UnsupportedVersion, match=rf"{api}.*Kafka 0\.8\.2.*0\.9"):
            ask()


@has_groups
def test_a_member_joins_is_given_partitions_lives_and_leaves(
    coordinator: Broker, topic: str
) -> None:
    group = topic
    joined = join(coordinator, "m", group, topic)
    assert (joined.error_code, joined.group_protocol) == (0, b"range")
    assert joined.leader_id == joined.member_id
    assert [said.topic_names for said in joined.members.values()] == [[topic.encode()]]
    me, generation = joined.member_id, joined.generation_id

    given = MemberAssignment([(topic.encode(), [0, 1])])
    synced = coordinator.sync_group("m", group, generation, me, [(me, given)])
    assert synced.error_code == 0
    assert synced.member_assignment.partition_assignment == given.partition_assignment
    assert coordinator.heartbeat("m", group, generation, me).error_code == 0

    assert coordinator.leave_group("m", group, me).error_code == 0
    assert coordinator.heartbeat("m", group, generation, me).error_code == UNKNOWN_MEMBER
    assert coordinator.leave_group("m", group, me).error_code == UNKNOWN_MEMBER


@has_groups
def test_members_of_one_client_do_not_wait_for_each_other(coordinator: Broker, topic: str) -> None:
    first = join(coordinator, 1, topic, topic)
    me, given = first.member_id, MemberAssignment([(topic.encode(), [0])])
    coordinator.sync_group(1, topic, first.generation_id, me, [(me, given)])
    # The second one's request is answered when the first has joined again.
    answers: list[Any] = []
    joining = coordinator.handler.spawn(
        lambda: answers.append(coordinator.join_group(2, topic, b"", topic, RangeProtocol))
    )
    deadline = time.monotonic() + WITHIN
    while coordinator.heartbeat(1, topic, first.generation_id, me).error_code != REBALANCE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    again = coordinator.join_group(1, topic, me, topic, RangeProtocol)
    joining.join(WITHIN)
    (second,) = answers
    assert again.error_code == second.error_code == 0
    assert set(again.members) == {me, second.member_id}
    # Whoever does not lead gets what the leader hands in.
    waiting = coordinator.handler.spawn(
        lambda: answers.append(
            coordinator.sync_group(2, topic, second.generation_id, second.member_id, [])
        )
    )
    coordinator.sync_group(1, topic, again.generation_id, me, [(second.member_id, given)])
    waiting.join(WITHIN)
    assert answers[-1].member_assignment.partition_assignment == given.partition_assignment
    for connection, member in ((1, me), (2, second.member_id)):
        assert coordinator.leave_group(connection, topic, member).error_code == 0


@has_groups
def test_a_group_is_listed_and_described(
    client: KafkaClient, coordinator: Broker, topic: str
) -> None:
    me = join_with_all(coordinator, 1, topic, topic)
    name = topic.encode()

    listed = coordinator.list_groups()
    assert listed.error == 0
    assert listed.groups[name] == (name, b"consumer")
    for described in (
        coordinator.describe_groups([topic]).groups,
        client.cluster.get_managed_group_descriptions(),
    ):
        group = described[name]
        assert group[:5] == (0, name, b"Stable", b"consumer", b"range")
        (member,) = group.members.values()
        assert (member.member_id, member.client_id) == (me, b"pykafka")
        assert b"127.0.0.1" in member.client_host
        assert member.member_metadata.topic_names == [name]
        assert member.member_metadata.user_data == b"testuserdata"
        assert member.member_assignment.partition_assignment == [(name, [0, 1])]
    coordinator.leave_group(1, topic, me)


@has_groups
def test_a_group_that_is_not_there_is_told_apart(coordinator: Broker) -> None:
    group = coordinator.describe_groups([b"nowhere"]).groups[b"nowhere"]
    assert (group.state, group.members) == (b"Dead", {})
    assert group.error_code in (0, 69)


# -- members of other clients -------------------------------------------------------------

Join = Callable[..., None]


@pytest.fixture
def kafka_python(kafka: EmbeddedKafka) -> Iterator[Join]:
    """``kafka_python(group, topic)``: one more consumer of kafka-python in a group."""
    consumers = pytest.importorskip("kafka")
    with ExitStack() as stack:

        def join(group: str, topic: str, **options: Any) -> None:
            consumer = consumers.KafkaConsumer(
                topic,
                bootstrap_servers=kafka.bootstrap,
                group_id=group,
                client_id="other",
                # It may join before it knows a new topic, and gets nothing until it does.
                metadata_max_age_ms=1000,
                **options,
            )
            stack.callback(consumer.close)
            deadline = time.monotonic() + WITHIN
            while not consumer.assignment():
                assert time.monotonic() < deadline
                consumer.poll(timeout_ms=100)

        yield join


@pytest.fixture
def librdkafka(kafka: EmbeddedKafka) -> Iterator[Join]:
    """``librdkafka(group, topic, **config)``: one more consumer of librdkafka in a group."""
    if importlib.util.find_spec("confluent_kafka") is None:
        pytest.skip("confluent-kafka is not installed")
    from confluent_kafka import Consumer

    with ExitStack() as stack:

        def join(group: str, topic: str, **config: Any) -> None:
            consumer = Consumer(
                {
                    "bootstrap.servers": kafka.bootstrap,
                    "group.id": group,
                    "client.id": "other",
                    **config,
                }
            )
            stack.callback(consumer.close)
            consumer.subscribe([topic])
            deadline = time.monotonic() + WITHIN
            while not consumer.assignment():
                assert time.monotonic() < deadline
                consumer.poll(0.1)

        yield join


@pytest.mark.kafka(since="0.10", why="kafka-python 3 joins groups from 0.10 on")
def test_members_of_kafka_python_are_described(
    client: KafkaClient, topic: str, kafka_python: Join
) -> None:
    kafka_python(topic, topic)
    group = until_stable(client, topic, members=1)
    assert group.protocol_type == b"consumer"
    (member,) = group.members.values()
    assert member.client_id == b"other"
    assert member.member_metadata.topic_names == [topic.encode()]
    given = {name: sorted(ids) for name, ids in member.member_assignment.partition_assignment}
    assert given == {topic.encode(): [0, 1]}


@pytest.mark.kafka(since="4.0", why="the newer protocol of groups came with 4.0")
def test_groups_of_the_newer_protocol_are_listed_and_described(
    client: KafkaClient, topic: str, librdkafka: Join, kafka_python: Join
) -> None:
    classic = f"{topic}-classic"
    librdkafka(topic, topic, **{"group.protocol": "consumer"})
    kafka_python(classic, topic)
    group = until_stable(client, topic, members=1)
    assert (group.error_code, group.protocol_type) == (0, b"consumer")
    (member,) = group.members.values()
    assert member.client_id == b"other"
    assert member.member_metadata.topic_names == [topic.encode()]
    given = {name: sorted(ids) for name, ids in member.member_assignment.partition_assignment}
    assert given == {topic.encode(): [0, 1]}
    assert until_stable(client, classic, members=1).state == b"Stable"
    described = client.cluster.managed_groups([topic, classic])
    assert {id_: found.type for id_, found in described.items()} == {
        topic: "consumer",
        classic: "classic",
    }
    # The request of 2.x does not know it, and says so.
    coordinator = client.cluster.get_group_coordinator(topic)
    assert topic.encode() in coordinator.list_groups().groups
    raw = coordinator.describe_groups([topic]).groups[topic.encode()]
    assert (raw.state, raw.error_code) == (b"Dead", 69)


@has_groups
def test_all_brokers_groups_are_described(kafka3: EmbeddedKafka, connect: Connect) -> None:
    client = connect(kafka3.bootstrap)
    names = [f"group {number} of three brokers" for number in range(8)]
    coordinators = {name: client.cluster.get_group_coordinator(name) for name in names}
    members = {
        name: join(broker, name, name, "t").member_id for name, broker in coordinators.items()
    }
    # Newer coordinators list a group when it is written to all replicas of their log.
    deadline = time.monotonic() + WITHIN
    while True:
        found = client.cluster.get_managed_group_descriptions()
        if {name.encode() for name in names} <= set(found):
            break
        assert time.monotonic() < deadline
    for name, member in members.items():
        assert found[name.encode()].protocol_type == b"consumer"
        assert member in found[name.encode()].members
        coordinators[name].leave_group(name, name, member)
