"""However slow the reader: what waits for it is bounded, and no partition waits for another."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import add, numbered
from services import Implementation

from pykafka.common import CompressionType
from pykafka.simpleconsumer import SimpleConsumer


def queued(consumer: SimpleConsumer) -> int:
    """Bytes that were fetched and wait."""
    return int(consumer._core._source._fetcher._queued_bytes)  # type: ignore[attr-defined]


def highest_queued(consumer: SimpleConsumer, quiet_s: float = 0.5) -> int:
    """The most bytes that ever waited, looked at until nothing has changed for a while."""
    highest = last = queued(consumer)
    since = time.monotonic()
    deadline = since + 20
    while time.monotonic() - since < quiet_s or not last:
        now = queued(consumer)
        if now != last:
            last, since = now, time.monotonic()
        highest = max(highest, now)
        assert time.monotonic() < deadline, "it goes on fetching"
        time.sleep(0.001)
    return highest


@pytest.fixture(autouse=True)
def ours(implementation: Implementation) -> None:
    if implementation.name == "rdkafka":
        pytest.skip("looks into the queue of the Python implementation")


def test_queued_max_bytes_bounds_what_waits_over_all_partitions(
    fill: Fill, consume: Consume
) -> None:
    big = [bytes(1000)] * 500
    topic = fill(*[big] * 6, batch_bytes=10_000)
    options: dict[str, Any] = {
        "queued_max_bytes": 200_000,
        "fetch_message_max_bytes": 50_000,
        "fetch_max_bytes": 100_000,
        "queued_max_messages": 1_000_000,
    }
    consumer = consume(topic, consumer_timeout_ms=1000, **options)
    # So that it knows how many messages a byte is: no partition reaches its own limit.
    for _ in range(600):
        assert consumer.consume() is not None
    # One request may be under way when the limit is not yet reached.
    assert 200_000 <= highest_queued(consumer) <= 300_000
    assert len(list(consumer)) == 2400


def test_fetch_max_bytes_bounds_what_one_request_brings(fill: Fill, consume: Consume) -> None:
    topic = fill(*[[bytes(1000)] * 100] * 6, batch_bytes=5000)
    consumer = consume(
        topic,
        consumer_timeout_ms=1000,
        fetch_message_max_bytes=20_000,
        fetch_max_bytes=45_000,
        queued_max_bytes=25_000,  # one request more than that
    )
    assert highest_queued(consumer) <= 70_000
    assert len(list(consumer)) == 600


def test_queued_max_messages_bounds_what_waits_of_a_partition(fill: Fill, consume: Consume) -> None:
    topic = fill(*[[bytes(1000)] * 500] * 4, batch_bytes=10_000)
    consumer = consume(
        topic, consumer_timeout_ms=1000, queued_max_messages=60, fetch_message_max_bytes=50_000
    )
    assert highest_queued(consumer) <= 4 * 50_000
    first = consumer.consume()
    assert first is not None
    # Now it knows how many messages a byte is: two fetches are more than 60.
    assert highest_queued(consumer) <= 4 * 2 * 50_000
    assert len(list(consumer)) == 1999


def test_a_fetch_that_cannot_ask_for_all_partitions_takes_them_in_turn(
    fill: Fill, consume: Consume, rng: random.Random
) -> None:
    topic = fill(*[[]] * 12)
    # Compressed: where a fetch ends is known at once, and no partition waits to be decoded.
    for partition in range(8):
        values = [rng.randbytes(100) for _ in range(1000)]
        add(topic, partition, values, compression=CompressionType.GZIP, batch_bytes=5000)
    consumer = consume(
        topic,
        consumer_timeout_ms=1000,
        fetch_message_max_bytes=20_000,
        fetch_max_bytes=20_000,
        queued_max_messages=1_000_000,
    )
    order = [message.partition_id for message in consumer]
    assert len(order) == 8000
    assert max(order.index(partition) for partition in range(8)) < 2000


def test_a_fetch_max_bytes_under_that_of_one_partition_still_asks_for_one(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(*[numbered(100)] * 3)
    consumer = consume(topic, consumer_timeout_ms=1000, fetch_max_bytes=1)
    assert len(list(consumer)) == 300


def test_one_busy_partition_among_many_idle_ones_is_not_slowed_down(
    fill: Fill, consume: Consume
) -> None:
    count = 60_000
    topic = fill([bytes(100)] * count, *[[]] * 30, batch_bytes=20_000)
    consumer = consume(topic, fetch_message_max_bytes=40_000, consumer_timeout_ms=5000)
    begin = time.monotonic()
    for _ in range(count):
        assert consumer.consume() is not None
    # Some 190 fetches; if the broker waited 100 ms for the idle ones, it would be 19 s.
    assert time.monotonic() - begin < 8
