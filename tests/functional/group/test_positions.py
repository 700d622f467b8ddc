"""Where members begin, what is committed for them, and how they stand."""

from __future__ import annotations

import time
from typing import Any

import pytest
from functional.consumer.filling import add, numbered
from functional.group.conftest import BROKER, Fill, Join, one_release, only_broker, only_zookeeper
from functional.group.reading import Seen, committed, eventually, shared
from groups.owners import ZookeeperGroup
from kazoo.client import KazooClient

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    InvalidOffsetError,
    InvalidSessionTimeout,
    KafkaException,
    OffsetOutOfRangeError,
)

EARLIEST, LATEST = OffsetType.EARLIEST, OffsetType.LATEST


@one_release
@pytest.mark.parametrize("option", [{}, {"auto_commit_enable": True}, {"commit_on_revoke": False}])
def test_what_goes_is_committed_unless_that_is_not_wanted(
    fill: Fill, join: Join, client: KafkaClient, group: str, option: dict[str, bool]
) -> None:
    topic = fill(30, 30)
    seen = Seen()
    member = join(topic, **option)
    seen.take(60, member)
    assert committed(client, topic, group) == {}
    other = join(topic)
    shared(member, other, among=2)
    (gone,) = other.partitions
    if option.get("commit_on_revoke", True):
        assert committed(client, topic, group)[gone] == 30
        assert other.consume() is None
    else:
        assert committed(client, topic, group) == {}
        again = Seen()
        again.take(30, other)
        assert again.offsets == {(topic.name.decode(), gone): list(range(30))}


@one_release
def test_offsets_of_a_partition_that_went_away_are_not_committed(
    fill: Fill, join: Join, client: KafkaClient, group: str
) -> None:
    topic = fill(30, 30)
    member = join(topic)
    Seen().take(60, member)
    other = join(topic)
    shared(member, other, among=2)
    (kept,), (gone,) = member.partitions, other.partitions
    member.commit_offsets([(topic.partitions[kept], 17)])
    assert committed(client, topic, group)[kept] == 17
    for doing in (member.commit_offsets, member.reset_offsets):
        with pytest.raises(KafkaException, match=rf"id={gone}\b.* is not one of the partitions"):
            doing([(topic.partitions[gone], 3)])
    assert committed(client, topic, group)[gone] == 30
    assert [key for key, _ in member.fetch_offsets()] == [kept]


@one_release
def test_auto_commit_goes_on_through_rebalances(
    fill: Fill, join: Join, client: KafkaClient, group: str
) -> None:
    topic = fill(40, 40)
    options: dict[str, Any] = {"auto_commit_enable": True, "auto_commit_interval_ms": 50}
    first, second = join(topic, **options), join(topic, **options)
    shared(first, second, among=2)
    seen = Seen()
    for count, members in ((20, (first, second)), (60, (first,))):
        seen.take(count, *members)
        eventually(
            lambda: (
                sum(committed(client, topic, group).values())
                == sum(map(len, seen.offsets.values()))
            ),
            "all of it is committed",
        )
        second.stop()
        shared(first, among=2)
    assert first.health().commit_error is None


def test_reset_offset_on_start_counts_once(fill: Fill, join: Join) -> None:
    topic = fill(30, 30)
    with join(topic, auto_commit_enable=True) as before:
        Seen().take(60, before)
    member = join(topic, reset_offset_on_start=True)
    seen = Seen()
    seen.take(60, member)
    # Partitions that come later, or again, go on where the group is.
    other = join(topic, auto_commit_enable=True)
    shared(member, other, among=2)
    other.stop()
    shared(member, among=2)
    assert member.consume() is None
    assert seen.is_exactly(p0=30, p1=30)


@one_release
def test_the_latest_is_where_the_first_member_found_it(fill: Fill, join: Join) -> None:
    topic = fill(30, 30)
    latest: dict[str, Any] = {"auto_offset_reset": LATEST}
    first = join(topic, **latest)
    add(topic, 0, numbered(5, 30))
    add(topic, 1, numbered(5, 30))
    # Nothing was delivered yet when partitions go: the others do not begin behind what has come.
    second = join(topic, **latest)
    shared(first, second, among=2)
    first.stop()
    shared(second, among=2)
    seen = Seen()
    seen.take(10, second)
    assert all(offsets == [30, 31, 32, 33, 34] for offsets in seen.offsets.values())


@one_release
def test_without_a_policy_an_offset_is_needed(fill: Fill, join: Join) -> None:
    topic = fill(30)
    with pytest.raises(OffsetOutOfRangeError, match="auto_offset_reset is None"):
        join(topic, auto_offset_reset=None)
    with join(topic, auto_commit_enable=True) as member:
        Seen().take(10, member)
    message = join(topic, auto_offset_reset=None).consume()
    assert message is not None
    assert message.offset == 10


@one_release
def test_how_a_member_stands(
    fill: Fill, join: Join, kind: str, client: KafkaClient, group: str
) -> None:
    topic = fill(30, 30)
    member = join(topic, auto_start=False)
    assert member.held_offsets is None
    assert member.partitions == {}
    assert member.lag() == {}
    health = member.health()
    assert (health.running, health.partitions, health.generation) == (False, [], -1)
    member.start()
    assert member.held_offsets == {0: EARLIEST, 1: EARLIEST}
    assert member.lag() == {0: 30, 1: 30}
    Seen().take(60, member)
    assert member.held_offsets == {0: 29, 1: 29}
    assert member.lag() == {0: 0, 1: 0}
    add(topic, 1, numbered(3, 30))
    assert member.lag() == {0: 0, 1: 3}
    health = member.health()
    assert (health.running, health.partitions, health.error) == (True, [0, 1], None)
    assert health.member_id
    assert (health.generation > 0) == (kind == BROKER)
    assert health.lease_s is not None
    assert 0 < health.lease_s <= 6
    member.reset_offsets()
    assert member.held_offsets == {0: EARLIEST, 1: EARLIEST}
    member.reset_offsets([(topic.partitions[0], 9), (topic.partitions[1], LATEST)])
    assert member.held_offsets == {0: 9, 1: 32}
    assert committed(client, topic, group) == {0: 10, 1: 33}
    assert {key: found.offset for key, found in member.fetch_offsets()} == {0: 10, 1: 33}
    assert member.lag() == {0: 20, 1: 0}
    member.stop()
    assert not member.health().running


@one_release
def test_what_was_not_taken_for_too_long_is_others(
    fill: Fill, join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fill(200, 200)
    lazy = join(topic, max_poll_interval_ms=1500)
    other = join(topic)
    shared(lazy, other, among=2)
    seen = Seen()
    seen.take(100, lazy, other)
    mine = next(iter(lazy.partitions))
    shared(other, among=2)
    assert lazy.partitions == {}
    assert any("max_poll_interval_ms=1500" in record.getMessage() for record in caplog.records)
    # What it has read since the last commit is read again: nobody knows what became of it.
    again = Seen()
    name = topic.name.decode()
    again.take(400 - len(seen.offsets[name, 1 - mine]), other)
    assert again.offsets[name, mine] == list(range(200))
    # It comes back when it is used again, and stays as long as it is.
    lazy.consume()
    shared(lazy, other, among=2)
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        other.consume(block=False)
        lazy.consume(block=False)
        time.sleep(0.01)
        assert lazy.partitions


@one_release
def test_who_waits_for_messages_is_not_out_of_use(fill: Fill, join: Join) -> None:
    topic = fill(0, 0)
    waiting = join(topic, max_poll_interval_ms=400, consumer_timeout_ms=1500)
    assert waiting.consume() is None
    assert len(waiting.partitions) == 2


# -- in ZooKeeper ----------------------------------------------------------------------


@only_zookeeper
@pytest.mark.parametrize("where", ["zookeeper", "both"])
def test_offsets_may_be_in_zookeeper(
    fill: Fill, join: Join, kafka: EmbeddedKafka, client: KafkaClient, group: str, where: str
) -> None:
    topic = fill(30, 30)
    seen = Seen()
    options: dict[str, Any] = {"offsets_storage": where, "auto_commit_enable": True}
    first, second = join(topic, **options), join(topic, **options)
    shared(first, second, among=2)
    seen.take(30, first, second)
    second.stop()
    shared(first, among=2)
    seen.take(30, first)
    assert seen.is_exactly(p0=30, p1=30)
    first.stop()
    everything = {0: 30, 1: 30}
    with ZookeeperGroup(kafka.zookeeper or "", group) as state:
        assert {id_: offset for (_, id_), offset in state.committed().items()} == everything
    assert committed(client, topic, group) == (everything if where == "both" else {})


@only_zookeeper
@one_release
def test_an_offset_in_zookeeper_that_is_no_number_is_named(
    fill: Fill, join: Join, kafka: EmbeddedKafka, group: str
) -> None:
    topic = fill(10, 10)
    path = f"/consumers/{group}/offsets/{topic.name.decode()}/1"
    zookeeper = KazooClient(kafka.zookeeper)
    zookeeper.start(10)
    zookeeper.create(path, b"twelve", makepath=True)
    at = time.monotonic()
    with pytest.raises(InvalidOffsetError, match=path) as caught:
        join(topic, offsets_storage="zookeeper")
    assert "twelve" in str(caught.value)
    assert time.monotonic() - at < 5
    # And at consume(), where partitions with it come later.
    zookeeper.set(path, b"3")
    first, second = (join(topic, offsets_storage="zookeeper") for _ in range(2))
    shared(first, second, among=2)
    (stays, goes) = (first, second) if 0 in first.partitions else (second, first)
    goes.stop()
    shared(stays, among=2)
    zookeeper.stop()
    zookeeper.close()


@only_zookeeper
@one_release
def test_who_reads_elsewhere_than_the_group_commits_is_told(
    fill: Fill, join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fill(10)
    with join(topic, offsets_storage="zookeeper", auto_commit_enable=True) as member:
        Seen().take(10, member)
    join(topic)
    (line,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "offsets_storage='zookeeper'" in line
    assert f"{topic.name.decode()}/0 at 10" in line


@only_broker
@one_release
def test_a_session_time_out_that_brokers_refuse_is_named(fill: Fill, join: Join) -> None:
    topic = fill(1)
    at = time.monotonic()
    with pytest.raises(InvalidSessionTimeout, match="session_timeout_ms"):
        join(topic, session_timeout_ms=10)
    assert time.monotonic() - at < 5
