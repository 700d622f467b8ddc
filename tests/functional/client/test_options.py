"""Options that cannot be meant, and values that do not fit: refused at once, by name."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from functional.client.conftest import Connect

from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    InvalidOptionError,
    InvalidOptionTypeError,
    KafkaException,
    UnknownOptionError,
    UsageError,
)
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic


@pytest.fixture
def topic(kafka: EmbeddedKafka, connect: Connect, topic_name: str) -> Topic:
    kafka.create_topic(topic_name)
    return connect(kafka.bootstrap).topics[topic_name]


@pytest.mark.parametrize(
    ("options", "nearest"),
    [({"socket_timeout": 5}, "socket_timeout_ms"), ({"host": "a:1"}, "hosts")],
)
def test_an_unknown_option_of_a_client_is_named_with_the_nearest(
    connect: Connect, options: dict[str, Any], nearest: str
) -> None:
    with pytest.raises(UnknownOptionError, match=nearest):
        connect(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"socket_timeout_ms": 0},
        {"socket_timeout_ms": -5},
        {"socket_timeout_ms": sys.maxsize},
        {"offsets_channel_socket_timeout_ms": 2**31},
        {"receive_max_bytes": 10},
        {"hosts": ""},
        {"hosts": "host:99999"},
        {"hosts": "a:b:c:d"},
        {"hosts": "127.0.0.1:port"},
        {"broker_version": "newest"},
        {"source_address": "1.2.3.4:port"},
    ],
)
def test_an_option_of_a_client_outside_its_bounds_is_named(
    connect: Connect, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOptionError, match=next(iter(options))):
        connect(**options)


@pytest.mark.parametrize("options", [{"socket_timeout_ms": "30000"}, {"hosts": 9092}])
def test_an_option_of_a_client_of_a_wrong_type_is_named(
    connect: Connect, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOptionTypeError, match=next(iter(options))):
        connect(**options)


@pytest.mark.parametrize(
    ("options", "nearest"),
    [
        ({"consumer_timeout": 5}, "consumer_timeout_ms"),
        ({"fetch_message_max_byte": 5}, "fetch_message_max_bytes"),
        ({"auto_offset_rest": -1}, "auto_offset_reset"),
    ],
)
def test_an_unknown_option_of_a_consumer_is_named_with_the_nearest(
    topic: Topic, options: dict[str, Any], nearest: str
) -> None:
    with pytest.raises(UnknownOptionError, match=nearest):
        topic.get_simple_consumer(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"fetch_message_max_bytes": 0},
        {"fetch_message_max_bytes": 2**31},
        {"queued_max_messages": 0},
        {"auto_offset_reset": 5},
        {"consumer_timeout_ms": -2},
        {"fetch_wait_max_ms": -1},
        {"fetch_wait_max_ms": float("inf")},
        {"consumer_timeout_ms": float("nan")},
        {"auto_commit_interval_ms": 0},
        {"generation_id": 2**31},
    ],
)
def test_an_option_of_a_consumer_outside_its_bounds_is_named(
    topic: Topic, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOptionError, match=next(iter(options))):
        topic.get_simple_consumer(**options)


@pytest.mark.parametrize("options", [{"fetch_min_bytes": "1"}, {"consumer_group": 1}])
def test_an_option_of_a_consumer_of_a_wrong_type_is_named(
    topic: Topic, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOptionTypeError, match=next(iter(options))):
        topic.get_simple_consumer(**options)


def test_numbers_may_be_floats(topic: Topic) -> None:
    with topic.get_sync_producer() as producer:
        producer.produce(b"value")
    floats: dict[str, Any] = {
        "fetch_message_max_bytes": 1e6,
        "fetch_min_bytes": 1.0,
        "fetch_wait_max_ms": 100.0,
        "consumer_timeout_ms": 5e3,
        "queued_max_messages": 2e3,
        "fetch_max_bytes": 5e7,
        "offsets_commit_max_retries": 5.0,
        "generation_id": -1.0,
    }
    consumer: SimpleConsumer
    with topic.get_simple_consumer("floats", **floats) as consumer:
        message = consumer.consume()
        assert message is not None
        assert message.value == b"value"
        consumer.commit_offsets()


def test_a_value_that_no_request_can_carry_is_refused_at_once(topic: Topic) -> None:
    begin = time.monotonic()
    with pytest.raises(UsageError, match="FindCoordinatorRequest") as caught:
        topic.get_simple_consumer("g" * 40_000)
    assert isinstance(caught.value, KafkaException)
    assert time.monotonic() - begin < 10
