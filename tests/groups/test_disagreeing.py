"""Members that cannot agree with the others of their group, and what ours say then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from groups.feeding import Feeder
from groups.owners import ZookeeperGroup, broker_commits
from groups.runs import GroupRun

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import InconsistentGroupProtocol, PartitionOwnedError
from pykafka.membershipprotocol import CooperativeStickyProtocol, RangeProtocol, RoundRobinProtocol

#: So many that two ways to share them hardly come to the same.
PARTITIONS = 12
MESSAGES = 200
#: Seconds for another client to start, and for messages to go through it.
WITHIN = 45.0

by_zookeeper = pytest.mark.kafka(until="0.8", why="what Java's high-level consumer was made for")
by_broker = pytest.mark.kafka(since="3.9", until="3.9", why="one release tells what is said")


@pytest.fixture
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client that knows ZooKeeper, too."""
    with KafkaClient(kafka.bootstrap, zookeeper_hosts=kafka.zookeeper) as client:
        yield client


@pytest.fixture
def group(topic_name: str) -> str:
    """The name of the group that ``group_run`` makes."""
    return f"group-of-{topic_name}"


def member(client: KafkaClient, topic: str, group: str, **told: Any) -> Any:
    """A consumer of ours in this process, that gives up soon."""
    options: dict[str, Any] = {
        "auto_offset_reset": OffsetType.EARLIEST,
        "consumer_timeout_ms": 200,
        "rebalance_max_retries": 2,
        "rebalance_backoff_ms": 100,
    }
    return client.topics[topic].get_balanced_consumer(group, **(options | told))


@by_broker
@pytest.mark.parametrize("protocol", [RoundRobinProtocol, CooperativeStickyProtocol])
def test_a_broker_group_with_another_assignor_is_not_joined(
    kafka: EmbeddedKafka,
    topic_name: str,
    group: str,
    client: KafkaClient,
    need_members: Callable[..., None],
    group_run: Callable[..., GroupRun],
    protocol: Any,
) -> None:
    need_members("confluent-kafka")
    kafka.create_topic(topic_name, PARTITIONS)
    run = group_run(assignor="range")
    run.start("confluent-kafka")
    run.await_held({(topic_name, number) for number in range(PARTITIONS)}, WITHIN)
    with pytest.raises(InconsistentGroupProtocol) as caught:
        member(client, topic_name, group, managed=True, membership_protocol=protocol)
    told = str(caught.value)
    assert group in told
    assert protocol.protocol_name.decode() in told
    assert "shares its partitions by range" in told
    # The others are not disturbed, and one that knows their assignor as well is let in.
    protocols = [protocol, RangeProtocol] if protocol is RoundRobinProtocol else [RangeProtocol]
    with_range = member(client, topic_name, group, managed=True, membership_protocol=protocols)
    assert with_range.partitions
    with_range.stop()


@by_zookeeper
def test_a_member_that_shares_otherwise_is_named_and_waited_for(
    kafka: EmbeddedKafka, topic_name: str, group: str, client: KafkaClient
) -> None:
    """Each claims what is its own by its own rule, and keeps it."""
    kafka.create_topic(topic_name, PARTITIONS)
    other = member(client, topic_name, group, membership_protocol=RoundRobinProtocol)
    ours = member(client, topic_name, group, membership_protocol=RangeProtocol)
    try:
        with pytest.raises(PartitionOwnedError) as caught:
            _until(ours.consume)
        told = str(caught.value)
        assert f"{topic_name}/{caught.value.partition.id} is owned by {group}_" in told
        other.stop()
        with Feeder(kafka.bootstrap, topic_name, 1000, MESSAGES) as feeder:
            _until(lambda: _message(ours))
            feeder.join()
        wait_until(lambda: len(ours.partitions) == PARTITIONS, WITHIN, "all partitions ours")
        assert ours.consume() is not None
    finally:
        other.stop()
        ours.stop()


def _message(ours: Any) -> Any:
    """The next one, if the other member is gone."""
    try:
        return ours.consume()
    except PartitionOwnedError:
        return None


def _until(action: Callable[[], Any]) -> Any:
    """Its first result that is something."""
    found: list[Any] = []

    def tried() -> bool:
        result = action()
        if result is not None:
            found.append(result)
        return bool(found)

    wait_until(tried, WITHIN, "a result")
    return found[0]


@by_zookeeper
@pytest.mark.parametrize("theirs", ["zookeeper", "kafka"])
def test_a_member_says_that_its_group_keeps_offsets_elsewhere(
    kafka: EmbeddedKafka,
    topic_name: str,
    group: str,
    client: KafkaClient,
    need_members: Callable[..., None],
    group_run: Callable[..., GroupRun],
    caplog: pytest.LogCaptureFixture,
    theirs: str,
) -> None:
    need_members("java-zookeeper")
    (ours,) = {"zookeeper", "kafka"} - {theirs}
    kafka.create_topic(topic_name, PARTITIONS)
    run = group_run(offsets_storage=theirs)
    java = run.start("java-zookeeper")
    java.await_ready()
    with Feeder(kafka.bootstrap, topic_name, 1000, MESSAGES) as feeder:
        feeder.join()
        run.await_delivered(feeder.ends, WITHIN)
    assert kafka.zookeeper is not None
    with ZookeeperGroup(kafka.zookeeper, group) as nodes:

        def committed() -> bool:
            if theirs == "zookeeper":
                return nodes.committed() == feeder.ends()
            return broker_commits(client, group, topic_name) == feeder.ends()

        wait_until(committed, WITHIN, "all committed")
    with caplog.at_level(logging.WARNING, "pykafka.balancedconsumer"):
        consumer = member(client, topic_name, group, offsets_storage=ours, rebalance_max_retries=30)
        try:
            # From the beginning of the topic: what it commits is lower than what the group has.
            assert consumer.consume() is not None
            consumer.commit_offsets()
        finally:
            consumer.stop()
    words = f"group {group!r} has offsets in {theirs} that are ahead"
    assert [r for r in caplog.messages if words in r], caplog.messages
    assert f"offsets_storage={theirs!r}" in caplog.text
    # One that reads both homes goes on where the group is.
    both = member(client, topic_name, group, offsets_storage="both", rebalance_max_retries=30)
    try:
        assert both.partitions
        assert both.consume() is None
    finally:
        both.stop()
