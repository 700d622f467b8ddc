"""Groups of both kinds whose members have librdkafka fetch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from functional.consumer.filling import add, numbered
from functional.group.conftest import BROKER, ZOOKEEPER, broker_groups, options_of, zookeeper_groups

from pykafka import KafkaClient
from pykafka.balancedconsumer import BalancedConsumer
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException
from pykafka.topic import Topic

_PARTITIONS, _COUNT = 4, 50
_WITHIN_S = 60.0

Join = Callable[..., BalancedConsumer]


@pytest.fixture(params=[zookeeper_groups, broker_groups])
def kind(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def topic(client: KafkaClient, kafka: EmbeddedKafka, topic_name: str) -> Topic:
    kafka.create_topic(topic_name, _PARTITIONS)
    topic = client.topics[topic_name]
    for partition in range(_PARTITIONS):
        add(topic, partition, numbered(_COUNT))
    return topic


@pytest.fixture
def join(kind: str, kafka: EmbeddedKafka, topic: Topic) -> Iterator[Join]:
    """``join(**options)``: a member, stopped when the test ends."""
    assert kind in {ZOOKEEPER, BROKER}
    with ExitStack() as ends:

        def make(**options: Any) -> BalancedConsumer:
            chosen = {**options_of(kind, kafka), "use_rdkafka": True, **options}
            member = topic.get_balanced_consumer(f"group-{topic.name.decode()}", **chosen)
            ends.callback(_stop, member)
            return member

        yield make


def _stop(member: BalancedConsumer) -> None:
    with suppress(KafkaException):
        member.stop()


def read(members: list[BalancedConsumer], count: int) -> list[tuple[int, int]]:
    """Partition and offset of so many messages, from all of them in turn."""
    found: list[tuple[int, int]] = []
    deadline = time.monotonic() + _WITHIN_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} came"
        for member in members:
            message = member.consume()
            if message is not None:
                found.append((message.partition_id, message.offset))
    return found


def shared(members: list[BalancedConsumer], each: int) -> None:
    """Wait until each has so many partitions; they take part in rebalances meanwhile."""
    deadline = time.monotonic() + _WITHIN_S
    while [len(member.partitions) for member in members] != [each] * len(members):
        assert time.monotonic() < deadline, [member.partitions for member in members]
        time.sleep(0.05)


@pytest.mark.slow
def test_members_share_leave_and_go_on_where_others_were(topic: Topic, join: Join) -> None:
    one, other = join(), join()
    shared([one, other], _PARTITIONS // 2)
    everything = {(p, offset) for p in range(_PARTITIONS) for offset in range(_COUNT)}
    found = read([one, other], len(everything) // 2)
    other.commit_offsets()
    other.stop()
    shared([one], _PARTITIONS)
    found += read([one], len(everything) - len(found))
    assert set(found) == everything
    assert len(found) == len(everything)
    one.commit_offsets()
    assert set(one.held_offsets.values()) == {_COUNT - 1}
