"""Headers and timestamps that a caller gives: kept exactly, or refused with a typed error."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from functional.librdkafka import knows_no_time_zero
from functional.producer.scenario import MakeProducer, Stored

from pykafka.exceptions import InvalidMessageTypeError, UnsupportedVersion
from pykafka.topic import Topic

has_headers = pytest.mark.kafka(since="0.11", why="record headers came with 0.11")
has_times = pytest.mark.kafka(since="0.10", why="timestamps came with 0.10")
lacks_headers = pytest.mark.kafka(until="0.10", why="record headers came with 0.11")
lacks_times = pytest.mark.kafka(until="0.9", why="timestamps came with 0.10")

NO_HEADERS: list[Any] = [
    5,
    "text",
    [("key",)],
    [(b"key", b"value")],
    [("key", "value")],
    [("key", 5)],
    {"key": "value"},
    [("no UTF-8: \ud800", b"value")],
]


@has_headers
@pytest.mark.parametrize("headers", NO_HEADERS, ids=ascii)
def test_what_is_no_header_is_refused_and_nothing_is_sent(
    topic: Topic, make_producer: MakeProducer, stored: Stored, headers: Any
) -> None:
    producer = make_producer(topic)
    with pytest.raises(InvalidMessageTypeError, match="header"):
        producer.produce(b"refused", headers=headers)
    producer.produce(b"taken", headers={})
    producer.stop()
    assert [message.value for message in stored(topic)[0]] == [b"taken"]


@has_headers
def test_headers_are_taken_as_pairs_or_as_a_mapping(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    pairs = [("b", b"1"), ("a", None), ("b", b"")]
    given = [pairs, iter(pairs), dict(pairs), [], None]
    with make_producer(topic) as producer:
        for headers in given:
            producer.produce(b"x", headers=headers)
    kept = [pairs, pairs, list(dict(pairs).items()), [], []]
    assert [message.headers for message in stored(topic)[0]] == kept


@lacks_headers
def test_a_broker_that_knows_no_headers_is_told_none(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic)
    with pytest.raises(UnsupportedVersion, match=r"0\.11"):
        producer.produce(b"x", headers=[("key", b"value")])


@has_times
@pytest.mark.parametrize(
    "timestamp",
    [-1, 2**63, float("nan"), float("inf"), "now", b"1", dt.datetime(1969, 12, 31)],
    ids=ascii,
)
def test_what_is_no_time_is_refused(
    topic: Topic, make_producer: MakeProducer, timestamp: Any
) -> None:
    producer = make_producer(topic)
    with pytest.raises(InvalidMessageTypeError, match="timestamp"):
        producer.produce(b"x", timestamp=timestamp)


@has_times
def test_times_are_kept_to_the_millisecond(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    times = [1, 1_500_000_000_123, 1_500_000_000_123.9]
    naive = dt.datetime(2017, 7, 14, 2, 40, 0, 123_999)
    with make_producer(topic) as producer:
        for timestamp in [*times, naive]:
            producer.produce(b"x", timestamp=timestamp)
    found = [message.timestamp for message in stored(topic)[0]]
    assert found == [1, *[1_500_000_000_123] * 3]


@has_times
@knows_no_time_zero
def test_the_beginning_of_time_is_kept(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    with make_producer(topic) as producer:
        producer.produce(b"x", timestamp=0)
    assert [message.timestamp for message in stored(topic)[0]] == [0]


@lacks_times
def test_a_broker_that_knows_no_times_is_told_none(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic)
    with pytest.raises(UnsupportedVersion, match=r"0\.10"):
        producer.produce(b"x", timestamp=1)
