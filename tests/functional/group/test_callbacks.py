"""What is called when partitions come and go, and what that may do."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import pytest
from background import in_background
from functional.consumer.filling import add, numbered
from functional.group.conftest import Fill, Join, one_release, only_broker
from functional.group.reading import Seen, committed, eventually, shared

from pykafka import KafkaClient
from pykafka.balancedconsumer import BalancedConsumer
from pykafka.common import OffsetType
from pykafka.exceptions import ConsumerStoppedException, KafkaException

EARLIEST, LATEST = OffsetType.EARLIEST, OffsetType.LATEST


class Calls:
    """Callbacks that write down what they were told."""

    def __init__(self) -> None:
        self.post: list[tuple[dict[Any, int], dict[Any, int]]] = []
        self.pre: list[dict[Any, int]] = []
        self.threads: set[str] = set()

    def rebalanced(self, _: Any, old: dict[Any, int], new: dict[Any, int]) -> None:
        self.post.append((old, new))
        self.threads.add(threading.current_thread().name)

    def revoking(self, _: Any, going: dict[Any, int]) -> None:
        self.pre.append(going)
        self.threads.add(threading.current_thread().name)

    @property
    def both(self) -> dict[str, Any]:
        return {
            "post_rebalance_callback": self.rebalanced,
            "pre_rebalance_callback": self.revoking,
        }


def test_they_are_told_offsets_by_partition(fill: Fill, join: Join, group: str) -> None:
    topic = fill(50, 50, 0)
    calls = Calls()
    member = join(topic, **calls.both)
    assert calls.post == [({}, {0: EARLIEST, 1: EARLIEST, 2: EARLIEST})]
    seen = Seen()
    seen.take(100, member)
    other = join(topic)
    shared(member, other, among=3)
    eventually(lambda: len(calls.post) == 2, "it is told what it has left")
    old, new = calls.post[1]
    assert old == {0: 49, 1: 49, 2: EARLIEST}
    assert new == {key: offset for key, offset in old.items() if key in member.partitions}
    assert 0 < len(new) < 3
    # Whatever may go; which of it does is not always known yet.
    (going,) = calls.pre
    assert going.keys() >= old.keys() - new.keys()
    assert going == {key: old[key] for key in going}
    other.stop()
    shared(member, among=3)
    eventually(lambda: calls.post[2:] == [(new, old)], "it is told of all of them")
    assert len(calls.threads) == 1
    assert group in calls.threads.pop()


@one_release
def test_they_are_told_partitions_where_several_topics_are_read(fill: Fill, join: Join) -> None:
    one, two = fill(10, 10, suffix="-one"), fill(10, 10, suffix="-two")
    calls = Calls()
    member = join([one, two], **calls.both)
    keys = [*one.partitions.values(), *two.partitions.values()]
    assert calls.post == [({}, dict.fromkeys(keys, EARLIEST))]
    Seen().take(40, member)
    other = join([one, two])
    eventually(lambda: calls.pre, "it is told")
    assert set(calls.pre[0]) <= set(keys)
    assert set(calls.pre[0].values()) == {9}
    other.stop()


@only_broker
@one_release
def test_a_rebalance_that_changes_nothing_is_told_to_who_was_asked(fill: Fill, join: Join) -> None:
    one, two = fill(10, suffix="-one"), fill(10, suffix="-two")
    unasked, asked = Calls(), Calls()
    member = join(one, post_rebalance_callback=unasked.rebalanced)
    generation = member.health().generation
    other = join(two, **asked.both)
    eventually(lambda: member.health().generation > generation, "the group has rebalanced")
    eventually(lambda: member.partitions and other.partitions, "all have theirs")
    join(one)
    # What the other was to keep might have gone: it was asked, and is told that it has not.
    eventually(lambda: len(asked.post) == 2, "it is told what it has")
    assert asked.pre == [{0: EARLIEST}]
    assert asked.post == [({}, {0: EARLIEST}), ({0: EARLIEST}, {0: EARLIEST})]
    # Its one partition may have gone to the third; to be told nothing new it was not.
    assert all(old.keys() != new.keys() for old, new in unasked.post)


@pytest.mark.kafka(since="0.11", why="before 0.10.1 brokers know the times of segments only")
def test_it_may_choose_where_to_go(fill: Fill, join: Join, client: KafkaClient, group: str) -> None:
    topic = fill(20, 20, 20, 20)
    # After the last message of all.
    time.sleep(0.01)
    later = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)
    time.sleep(0.01)
    add(topic, 3, numbered(5, 20))
    told = []

    def choose(consumer: BalancedConsumer, old: Any, new: Any) -> Any:
        told.append((old, new))
        return {0: 9, 1: LATEST, 2: EARLIEST, 3: later}

    member = join(topic, post_rebalance_callback=choose)
    assert committed(client, topic, group) == {0: 10, 1: 20, 2: 0, 3: 20}
    assert member.held_offsets == {0: 9, 1: 19, 2: EARLIEST, 3: 19}
    seen = Seen()
    seen.take(35, member)
    name = topic.name.decode()
    assert seen.offsets == {
        (name, 0): list(range(10, 20)),
        (name, 2): list(range(20)),
        (name, 3): list(range(20, 25)),
    }
    assert member.consume() is None
    assert len(told) == 1


@one_release
def test_what_it_returns_may_be_of_partitions_by_object(fill: Fill, join: Join) -> None:
    one, two = fill(20, suffix="-one"), fill(20, suffix="-two")

    def choose(consumer: BalancedConsumer, old: Any, new: Any) -> Any:
        return dict.fromkeys(new, 14)

    member = join([one, two], post_rebalance_callback=choose)
    seen = Seen()
    seen.take(10, member)
    assert all(offsets == list(range(15, 20)) for offsets in seen.offsets.values())


@one_release
def test_what_stays_is_the_members_own_when_it_is_told(
    fill: Fill, join: Join, client: KafkaClient, group: str
) -> None:
    topic = fill(20, 20)

    def post(consumer: BalancedConsumer, old: Any, new: Any) -> Any:
        assert consumer.partitions.keys() == new.keys()
        for id_ in new:
            consumer.commit_offsets([(topic.partitions[id_], 3)])
            consumer.reset_offsets([(topic.partitions[id_], 9)])
        consumer.commit_offsets()
        return None

    member = join(topic, post_rebalance_callback=post)
    other = join(topic, post_rebalance_callback=post)
    shared(member, other, among=2)
    seen = Seen()
    seen.take(20, member, other)
    assert all(offsets == list(range(10, 20)) for offsets in seen.offsets.values())
    assert committed(client, topic, group) == {0: 10, 1: 10}
    assert member.health().error is None


@one_release
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("ten", "'ten' is no place"),
        ({7: 3}, "offset for 7"),
        ({"0": 3}, "offset for '0'"),
        (5, "not 5"),
    ],
    ids=["no offset", "no partition", "text", "a number"],
)
def test_what_it_returns_and_cannot_be_is_told_at_consume(
    fill: Fill, join: Join, wanted: Any, said: str
) -> None:
    def choose(consumer: BalancedConsumer, old: Any, new: Any) -> Any:
        if not old:
            return None
        return dict.fromkeys(new, wanted) if wanted == "ten" else wanted

    topic = fill(20, 20)
    member = join(topic, post_rebalance_callback=choose)
    join(topic)
    eventually(lambda: member.health().error, "it is told")
    with pytest.raises(KafkaException, match=said):
        member.consume()


@one_release
def test_pre_comes_before_the_commit_and_both_may_commit(
    fill: Fill, join: Join, client: KafkaClient, group: str
) -> None:
    topic = fill(40, 40)
    found = []

    def pre(consumer: BalancedConsumer, going: Any) -> None:
        before = committed(client, topic, group)
        consumer.commit_offsets([(topic.partitions[id_], 7) for id_ in going])
        found.append((before, committed(client, topic, group), going))

    def post(consumer: BalancedConsumer, old: Any, new: Any) -> None:
        consumer.commit_offsets()

    member = join(topic, pre_rebalance_callback=pre, post_rebalance_callback=post)
    Seen().take(60, member)
    at = member.held_offsets
    other = join(topic)
    shared(member, other, among=2)
    before, after, going = found[0]
    assert before == {}
    assert after == dict.fromkeys(going, 7)
    # Afterwards that is done which is done without a callback: what was delivered is committed.
    gone = committed(client, topic, group)
    assert {id_: gone[id_] for id_ in going} == {
        id_: (at or {})[id_] + 1 for id_ in going if (at or {})[id_] >= 0
    }
    assert member.health().error is None


@one_release
@pytest.mark.parametrize("which", ["pre_rebalance_callback", "post_rebalance_callback"])
def test_one_that_raises_ends_the_member(
    fill: Fill, join: Join, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fill(60, 60)
    raising = True

    def callback(consumer: Any, old: Any, new: Any = None) -> None:
        if raising and not (new and not old):
            raise ZeroDivisionError("the callback's own")

    member = join(topic, **{which: callback})
    seen = Seen()
    seen.take(30, member)
    member.commit_offsets()
    other = join(topic)
    eventually(lambda: member.health().error, "the callback has raised")
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="the callback's own"):
            member.consume()
    assert any(record.levelname == "ERROR" and group_in(record) for record in caplog.records)
    # Its partitions go to the others, and nothing is lost.
    shared(other, among=2)
    seen.take(90, other)
    assert seen.is_exactly(p0=60, p1=60)
    member.stop()
    with pytest.raises(ConsumerStoppedException):
        member.consume()
    raising = False
    member.start()
    shared(member, other, among=2)


def group_in(record: Any) -> bool:
    return "group-" in record.getMessage()


@one_release
def test_one_that_raises_at_the_start_ends_the_start(fill: Fill, join: Join) -> None:
    def callback(consumer: Any, old: Any, new: Any) -> None:
        raise ZeroDivisionError("the callback's own")

    topic = fill(10)
    with pytest.raises(ZeroDivisionError, match="the callback's own"):
        join(topic, post_rebalance_callback=callback)
    # It has left: nobody waits for it.
    shared(join(topic), among=1)


@one_release
@pytest.mark.parametrize("which", ["pre_rebalance_callback", "post_rebalance_callback"])
def test_one_that_stops_the_member(fill: Fill, join: Join, which: str) -> None:
    topic = fill(40, 40)
    stopped = []

    def callback(consumer: BalancedConsumer, old: Any, new: Any = None) -> None:
        if not (new and not old):
            consumer.stop()
            stopped.append(True)

    member = join(topic, auto_commit_enable=True, **{which: callback})
    seen = Seen()
    seen.take(30, member)
    other = join(topic)
    eventually(lambda: stopped, "it has stopped itself")
    with pytest.raises(ConsumerStoppedException):
        member.consume()
    shared(other, among=2)
    seen.take(50, other)
    assert seen.is_exactly(p0=40, p1=40)


@one_release
def test_one_that_stops_the_member_at_its_first_assignment(fill: Fill, join: Join) -> None:
    topic = fill(10)

    def callback(consumer: BalancedConsumer, old: Any, new: Any) -> None:
        consumer.stop()

    member = join(topic, post_rebalance_callback=callback)
    with pytest.raises(ConsumerStoppedException):
        member.consume()
    shared(join(topic), among=1)


@one_release
def test_one_that_consumes_gets_no_deadlock(fill: Fill, join: Join) -> None:
    topic = fill(40, 40)
    got = []

    def callback(consumer: BalancedConsumer, old: Any, new: Any) -> None:
        got.append(consumer.consume(block=False))

    member = join(topic, post_rebalance_callback=callback)
    Seen().take(10, member)
    other = join(topic)
    shared(member, other, among=2)
    assert len(got) == 2


@one_release
def test_a_slow_one_does_not_cost_membership(fill: Fill, join: Join, kind: str) -> None:
    topic = fill(40, 40)
    slow_s = 0.0

    def callback(consumer: Any, old: Any, new: Any = None) -> None:
        time.sleep(slow_s)

    # Longer than many heartbeats, and than the session lasts.
    short = {"session_timeout_ms": 6000} if kind == "broker" else {}
    if kind == "zookeeper":
        short = {"zookeeper_session_timeout_ms": 1000}
    member = join(topic, pre_rebalance_callback=callback, auto_commit_enable=True, **short)
    seen = Seen()
    seen.take(30, member)
    identity = member.health().member_id
    slow_s = 7.0 if kind == "broker" else 2.5
    joining = in_background(join, topic)
    time.sleep(slow_s - 0.5)
    lease = member.health().lease_s
    assert lease is not None
    assert lease > 0
    slow_s = 0.0
    other = joining.result(20)
    shared(member, other, among=2)
    assert member.health().member_id == identity
    seen.take(50, member, other)
    assert seen.is_exactly(p0=40, p1=40)
