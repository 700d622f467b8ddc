"""Sessions that end, members that are not heard, places that are kept for a member."""

from __future__ import annotations

import time
from typing import Any

import pytest
from background import in_background
from functional.consumer.filling import add, numbered
from functional.group.conftest import (
    BROKER,
    Fill,
    Join,
    one_release,
    only_broker,
    only_zookeeper,
    options_of,
)
from functional.group.programs import member_program
from functional.group.reading import Seen, committed, eventually, shared
from groups.owners import expire_session
from kazoo.client import KazooClient

from pykafka import KafkaClient
from pykafka.balancedconsumer import BalancedConsumer
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    FencedInstanceId,
    KafkaException,
    RemoteError,
    ZookeeperConnectionError,
)


def session_of(member: BalancedConsumer) -> tuple[int, bytes]:
    session = member.zookeeper_session
    assert session is not None
    return session


@only_zookeeper
def test_a_session_that_is_ended_by_force_is_begun_anew(
    fill: Fill,
    join: Join,
    kafka: EmbeddedKafka,
    client: KafkaClient,
    group: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    topic = fill(100, 100)
    first, second = join(topic), join(topic)
    shared(first, second, among=2)
    seen = Seen()
    seen.take(60, first, second)
    first.commit_offsets()
    second.commit_offsets()
    at = committed(client, topic, group)
    seen.take(10, first)
    before = session_of(first)
    expire_session(kafka.zookeeper or "", *before)
    eventually(lambda: first.zookeeper_session not in {None, before}, "another session")
    shared(first, second, among=2)
    # What was read since the last commit comes again; the owner that lost it commits nothing.
    assert committed(client, topic, group) == at
    again = Seen()
    again.take(200 - sum(at.values()), first, second)
    assert {id_: offsets for (_, id_), offsets in again.offsets.items()} == {
        id_: list(range(at.get(id_, 0), 100)) for id_ in (0, 1)
    }
    lines = [r.getMessage() for r in caplog.records if "has ended; registering" in r.getMessage()]
    assert len(lines) == 1


@only_zookeeper
@one_release
def test_zookeeper_that_is_killed_and_comes_back(
    fill: Fill, join: Join, kafka: EmbeddedKafka, client: KafkaClient, group: str
) -> None:
    topic = fill(100, 100)
    options: dict[str, Any] = {
        "zookeeper_session_timeout_ms": 2000,
        "zookeeper_connection_timeout_ms": 2000,
        "rebalance_max_retries": 1,
    }
    first, second = join(topic, **options), join(topic, **options)
    shared(first, second, among=2)
    seen = Seen()
    seen.take(60, first, second)
    zookeeper = kafka.services[0]
    zookeeper.kill()
    # It goes on as long as nobody else can have its partitions, and no longer: also if there are
    # messages at hand.
    eventually(lambda: (first.health().lease_s or 0.0) < -0.5, "the lease runs out", within=5)
    assert first.health().error or first.consume() is None
    eventually(lambda: first.health().error, "it is told")
    with pytest.raises(ZookeeperConnectionError, match=str(kafka.zookeeper)):
        first.consume()
    with pytest.raises(ZookeeperConnectionError, match="commits nothing"):
        first.commit_offsets()
    assert committed(client, topic, group) == {}
    kafka.repair()
    shared(first, second, among=2)
    # Whether the sessions have outlived that is a matter of moments.
    everything = set(range(100))

    def read() -> bool:
        for member in (first, second):
            message = member.consume(block=False)
            if message is not None:
                seen.add(message)
        return [set(offsets) for offsets in seen.offsets.values()] == [everything, everything]

    eventually(read, "nothing is lost")
    first.commit_offsets()


@only_zookeeper
@one_release
def test_a_node_that_somebody_deletes_is_made_again(
    fill: Fill, join: Join, kafka: EmbeddedKafka, group: str
) -> None:
    topic = fill(40, 40)
    first, second = join(topic), join(topic)
    shared(first, second, among=2)
    seen = Seen()
    seen.take(20, first, second)
    zookeeper = KazooClient(kafka.zookeeper)
    zookeeper.start(10)
    ids = f"/consumers/{group}/ids"
    registered = set(zookeeper.get_children(ids))
    zookeeper.delete(f"{ids}/{first.health().member_id}")
    eventually(lambda: set(zookeeper.get_children(ids)) == registered, "it is there again")
    shared(first, second, among=2)
    seen.take(60, first, second)
    assert seen.is_exactly(p0=40, p1=40)
    zookeeper.stop()
    zookeeper.close()


@pytest.mark.kafka(since="3", why="older releases tell no more, and it takes a session's time")
def test_a_member_that_was_paused_for_longer_than_its_session_comes_back(
    fill: Fill, join: Join, kind: str, kafka: EmbeddedKafka, group: str
) -> None:
    topic = fill(0, 0)
    options = {**options_of(kind, kafka), "auto_commit_enable": True}
    if kind != BROKER:
        options["zookeeper_session_timeout_ms"] = 2000
    with member_program(kafka.bootstrap, topic.name.decode(), group, options) as program:
        other = join(topic)
        shared(other, among=1)
        program.pause()
        shared(other, among=2)
        add(topic, 0, numbered(10))
        add(topic, 1, numbered(10))
        seen = Seen()
        seen.take(20, other)
        other.commit_offsets()
        program.resume()
        shared(other, among=1)
        add(topic, 0, numbered(10, 10))
        add(topic, 1, numbered(10, 10))
        seen.take(10, other)
        mine = next(iter(other.partitions))
        # It delivers nothing of what was others' meanwhile, and goes on with its own.
        values = program.read(10)
        assert values == [f"{1 - mine}:{number}" for number in range(10, 20)]


# -- static members --------------------------------------------------------------------

static = pytest.mark.kafka(since="2.3", why="static members came with 2.3")


@only_broker
@static
def test_a_static_member_comes_back_to_its_partitions(fill: Fill, join: Join) -> None:
    topic = fill(60, 60)
    told: list[Any] = []

    def rebalanced(consumer: Any, old: Any, new: Any) -> None:
        told.append(new)

    fixed = join(topic, group_instance_id="fixed", auto_commit_enable=True)
    other = join(topic, group_instance_id="other", post_rebalance_callback=rebalanced)
    shared(fixed, other, among=2)
    mine, generation = set(fixed.partitions), other.health().generation
    seen = Seen()
    seen.take(60, fixed, other)
    count = len(told)
    fixed.stop()
    time.sleep(1)
    assert set(other.partitions).isdisjoint(mine)
    fixed.start()
    assert set(fixed.partitions) == mine
    seen.take(60, fixed, other)
    assert seen.is_exactly(p0=60, p1=60)
    assert other.health().generation == generation
    assert len(told) == count


@only_broker
@static
def test_of_two_members_of_one_name_the_older_one_is_told(
    fill: Fill, join: Join, client: KafkaClient, group: str
) -> None:
    topic = fill(60)
    older = join(topic, group_instance_id="the same")
    Seen().take(30, older)
    newer = join(topic, group_instance_id="the same")
    seen = Seen()
    seen.take(30, newer)
    eventually(lambda: older.health().error, "it is told")
    for _ in range(2):
        with pytest.raises(FencedInstanceId, match="group_instance_id"):
            older.consume()
    with pytest.raises(KafkaException):
        older.commit_offsets([(topic.partitions[0], 1)])
    older.stop()
    assert newer.consume(block=False) is None or newer.health().error is None
    newer.commit_offsets()


@only_broker
@pytest.mark.kafka(since="0.11", until="0.11", why="it is about a release without static members")
def test_static_members_need_newer_brokers(fill: Fill, join: Join) -> None:
    at = time.monotonic()
    topic = fill(1)
    with pytest.raises(KafkaException, match=r"group_instance_id needs brokers of Kafka 2\.3"):
        join(topic, group_instance_id="fixed")
    assert time.monotonic() - at < 5


# -- brokers that hang -----------------------------------------------------------------


@only_broker
@one_release
@pytest.mark.slow
def test_a_stop_that_cannot_commit_is_bounded(fill: Fill, join: Join, kafka: EmbeddedKafka) -> None:
    topic = fill(20)
    with KafkaClient(
        kafka.bootstrap, socket_timeout_ms=1000, offsets_channel_socket_timeout_ms=1000
    ) as client:
        member = join(
            client.topics[topic.name],
            client=client,
            auto_commit_enable=True,
            offsets_commit_max_retries=2,
            offsets_channel_backoff_ms=100,
        )
        Seen().take(10, member)
        kafka.brokers[0].pause()
        at = time.monotonic()
        stopping = in_background(member.stop)
        with pytest.raises(RemoteError):
            stopping.result(45)
        assert time.monotonic() - at < 40
        kafka.brokers[0].resume()
        assert not member.health().running
