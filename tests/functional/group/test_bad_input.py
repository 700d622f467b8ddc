"""What cannot work says so at once, says why, and leaves nothing running."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from functional.consumer.filling import add, numbered
from functional.group.conftest import (
    ZOOKEEPER,
    Fill,
    Join,
    one_release,
    only_broker,
    only_zookeeper,
)
from functional.group.reading import Seen, eventually, shared

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    InvalidOptionError,
    UnicodeException,
    UnknownTopicOrPartition,
    UnsupportedVersion,
    ZookeeperConnectionError,
)


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


@one_release
def test_a_name_with_a_slash_is_no_node(fill: Fill, join: Join, kind: str, topic_name: str) -> None:
    topic = fill(10)
    before = threads()
    name = f"a/group/{topic_name}"
    if kind == ZOOKEEPER:
        with pytest.raises(InvalidOptionError, match="consumer_group: 'a/group/"):
            join(topic, group=name)
        for other in (".", ".."):
            with pytest.raises(InvalidOptionError, match="consumer_group"):
                join(topic, group=other)
        assert threads() <= before
    else:
        member = join(topic, group=name, auto_commit_enable=True)
        Seen().take(10, member)
        member.stop()
        assert join(topic, group=name).consume() is None


@one_release
@pytest.mark.parametrize("name", ["", b"", None])
def test_a_group_needs_a_name(fill: Fill, join: Join, name: Any) -> None:
    topic = fill(1)
    with pytest.raises(InvalidOptionError, match="consumer_group"):
        join(topic, group=name)


@one_release
def test_a_name_that_is_not_ascii_is_refused(fill: Fill, join: Join) -> None:
    topic = fill(1)
    with pytest.raises(UnicodeException, match="consumer group"):
        join(topic, group="gruppé")


@pytest.fixture
def deaf() -> Any:
    """The address of somebody who accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@only_zookeeper
@one_release
@pytest.mark.parametrize("listens", [True, False])
def test_zookeeper_that_does_not_answer_is_named(
    fill: Fill, join: Join, deaf: str, listens: bool
) -> None:
    topic = fill(1)
    address = deaf if listens else "127.0.0.1:1"
    before, at = threads(), time.monotonic()
    options = {"zookeeper_connection_timeout_ms": 1000, "zookeeper_session_timeout_ms": 4000}
    with pytest.raises(ZookeeperConnectionError, match=address) as caught:
        join(topic, zookeeper_connect=address, **options)
    assert time.monotonic() - at < 3
    assert "zookeeper_connect" in str(caught.value)
    eventually(lambda: threads() <= before, f"nothing is left running: {threads() - before}")


@only_zookeeper
@one_release
def test_an_address_that_is_none_is_refused(fill: Fill, join: Join) -> None:
    topic = fill(1)
    with pytest.raises(InvalidOptionError, match="zookeeper_connect"):
        join(topic, zookeeper_connect="127.0.0.1:port")


@only_zookeeper
@one_release
def test_zookeeper_of_the_client_is_used_where_none_is_given(
    fill: Fill, join: Join, kafka: EmbeddedKafka
) -> None:
    topic = fill(10)
    with KafkaClient(zookeeper_hosts=kafka.zookeeper) as client:
        Seen().take(10, join(client.topics[topic.name], client=client, zookeeper_connect=None))


@pytest.mark.parametrize("kind", ["broker"])
@pytest.mark.kafka(until="0.8", why="later brokers coordinate groups")
def test_brokers_that_coordinate_no_groups_are_no_use(fill: Fill, join: Join) -> None:
    topic = fill(1)
    before, at = threads(), time.monotonic()
    with pytest.raises(UnsupportedVersion, match="BalancedConsumer") as caught:
        join(topic)
    assert "0.9" in str(caught.value)
    assert time.monotonic() - at < 5
    eventually(lambda: threads() <= before, f"nothing is left running: {threads() - before}")


@only_broker
@one_release
def test_a_start_that_fails_can_be_tried_again(
    fill: Fill, join: Join, kafka: EmbeddedKafka
) -> None:
    topic = fill(10)
    name = topic.name.decode()
    member = join(topic, auto_start=False)
    kafka.delete_topic(name)
    at = time.monotonic()
    with pytest.raises(UnknownTopicOrPartition, match=name):
        member.start()
    assert time.monotonic() - at < 10
    assert not member.health().running
    kafka.create_topic(name)
    add(topic, 0, numbered(10))
    member.start()
    Seen().take(10, member)


@only_broker
@one_release
def test_a_refused_member_is_no_burden_to_the_group(fill: Fill, join: Join) -> None:
    topic = fill(10, 10)
    member = join(topic)
    with pytest.raises(Exception, match="session_timeout_ms"):
        join(topic, session_timeout_ms=2**31 - 1)
    shared(member, among=2)
    Seen().take(20, member)
