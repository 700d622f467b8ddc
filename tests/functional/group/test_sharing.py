"""Members that come and go: each message is delivered, once and in order."""

from __future__ import annotations

import gc
import threading
import time

import pytest
from background import in_background
from functional.consumer.filling import add, numbered
from functional.group.conftest import Fill, Join, one_release, options_of
from functional.group.reading import Seen, committed, shared

from pykafka import KafkaClient
from pykafka.balancedconsumer import BalancedConsumer
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import ConsumerStoppedException


@pytest.mark.parametrize("auto_commit", [True, False])
def test_a_member_that_stops_is_taken_over_from_where_it_was(
    fill: Fill, join: Join, client: KafkaClient, group: str, auto_commit: bool
) -> None:
    topic = fill(300, 300, 300)
    seen = Seen()
    # Without auto-commit a stop commits nothing: what was read since comes again.
    first = join(topic, auto_commit_enable=auto_commit)
    shared(first, among=3)
    seen.take(250, first)
    second = join(topic, auto_commit_enable=auto_commit)
    shared(first, second, among=3)
    seen.take(250, first, second)
    if not auto_commit:
        first.commit_offsets()
        second.commit_offsets()
    second.stop()
    shared(first, among=3)
    seen.take(400, first)
    assert seen.is_exactly(p0=300, p1=300, p2=300), seen
    assert first.consume() is None
    first.commit_offsets()
    assert committed(client, topic, group) == {0: 300, 1: 300, 2: 300}


def test_what_was_not_committed_before_a_stop_comes_again(
    fill: Fill, join: Join, client: KafkaClient, group: str
) -> None:
    topic = fill(50)
    first = join(topic)
    seen = Seen()
    seen.take(20, first)
    first.commit_offsets()
    seen.take(20, first)
    first.stop()
    assert committed(client, topic, group) == {0: 20}
    again = Seen()
    again.take(30, join(topic))
    assert again.offsets[topic.name.decode(), 0] == list(range(20, 50))


@one_release
def test_a_stopped_member_can_be_started_again(fill: Fill, join: Join) -> None:
    topic = fill(100, 100)
    first, second = join(topic, auto_commit_enable=True), join(topic, auto_commit_enable=True)
    shared(first, second, among=2)
    seen = Seen()
    seen.take(60, first, second)
    for _ in range(2):
        second.stop()
        second.stop()
        with pytest.raises(ConsumerStoppedException):
            second.consume()
        shared(first, among=2)
        seen.take(20, first)
        second.start()
        second.start()
        shared(first, second, among=2)
        seen.take(20, first, second)
    seen.take(60, first, second)
    assert seen.is_exactly(p0=100, p1=100)


@one_release
def test_with_ends_membership(fill: Fill, join: Join) -> None:
    topic = fill(40, 40)
    other = join(topic)
    seen = Seen()
    with join(topic, auto_commit_enable=True) as member:
        shared(other, member, among=2)
        seen.take(30, member)
    assert not member.health().running
    shared(other, among=2)
    seen.take(50, other)
    assert seen.is_exactly(p0=40, p1=40)


@one_release
def test_a_member_that_is_dropped_leaves(
    fill: Fill, join: Join, kind: str, kafka: EmbeddedKafka, client: KafkaClient, group: str
) -> None:
    topic = fill(40, 40)
    other = join(topic)
    dropped = topic.get_balanced_consumer(group, **options_of(kind, kafka))
    shared(other, dropped, among=2)
    at = time.monotonic()
    del dropped
    gc.collect()
    shared(other, among=2)
    # Not at the end of its session.
    assert time.monotonic() - at < 4
    Seen().take(80, other)


@one_release
def test_closing_the_client_stops_its_members(fill: Fill, join: Join, kafka: EmbeddedKafka) -> None:
    topic = fill(40, 40)
    other = join(topic)
    seen = Seen()
    with KafkaClient(kafka.bootstrap) as client:
        member = join(client.topics[topic.name], client=client, auto_commit_enable=True)
        shared(other, member, among=2)
        seen.take(30, member)
        idle = join(fill(0, suffix="-empty"), client=client, consumer_timeout_ms=-1)
        waiting = in_background(idle.consume)
    assert not member.health().running
    with pytest.raises(ConsumerStoppedException):
        member.consume()
    with pytest.raises(ConsumerStoppedException):
        waiting.result(20)
    shared(other, among=2)
    seen.take(50, other)
    assert seen.is_exactly(p0=40, p1=40)


def test_more_members_than_partitions_are_idle_until_they_are_needed(
    fill: Fill, join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fill(60)
    members = [join(topic, auto_commit_enable=True) for _ in range(3)]
    shared(*members, among=1)
    seen = Seen()
    for count in (3, 2, 1):
        seen.take(20, *members)
        # Which one has it depends on how the group calls them.
        (busy,) = (member for member in members if member.partitions)
        for idle in members:
            if idle is not busy:
                at = time.monotonic()
                assert idle.consume() is None
                assert 0.15 < time.monotonic() - at < 2
                assert idle.held_offsets == {}
                assert idle.lag() == {}
        busy.stop()
        members.remove(busy)
        if members:
            shared(*members, among=1)
        assert len(members) == count - 1
    assert seen.is_exactly(p0=60)
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


@one_release
def test_members_without_a_time_out_wait_for_partitions_and_for_messages(
    fill: Fill, join: Join
) -> None:
    topic = fill(0)
    first, second = join(topic, consumer_timeout_ms=-1), join(topic, consumer_timeout_ms=-1)
    shared(first, second, among=1)
    idle, busy = (second, first) if first.partitions else (first, second)
    waiting = in_background(idle.consume)
    busy.stop()
    shared(idle, among=1)
    add(topic, 0, numbered(1))
    message = waiting.result(20)
    assert message is not None
    assert message.value == b"0"


@one_release
def test_a_stop_wakes_who_waits(fill: Fill, join: Join) -> None:
    member = join(fill(0), consumer_timeout_ms=-1)
    waiting = in_background(member.consume)
    time.sleep(0.2)
    member.stop()
    with pytest.raises(ConsumerStoppedException):
        waiting.result(5)


@one_release
def test_several_threads_share_a_member_while_the_group_rebalances(fill: Fill, join: Join) -> None:
    topic = fill(1500, 1500, 1500, 1500)
    seen, lock, total = Seen(), threading.Lock(), 6000

    def read(member: BalancedConsumer) -> None:
        while sum(map(len, seen.offsets.values())) < total:
            try:
                # Under a lock, as the order is that of the hand-over; the wait is not.
                with lock:
                    message = member.consume(block=False)
                    if message is not None:
                        seen.add(message)
            except ConsumerStoppedException:
                return
            time.sleep(0.0005 if message is not None else 0.01)

    steady = join(topic, auto_commit_enable=True)
    reading = [in_background(read, steady) for _ in range(4)]
    for _ in range(3):
        passing = join(topic, auto_commit_enable=True)
        reading += [in_background(read, passing) for _ in range(2)]
        shared(steady, passing, among=4)
        passing.stop()
        shared(steady, among=4)
    for reader in reading:
        reader.result(60)
    assert seen.is_exactly(p0=1500, p1=1500, p2=1500, p3=1500), seen
