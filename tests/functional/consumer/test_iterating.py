"""Getting messages out of a consumer: iteration, consume(), time-outs, stops, threads."""

from __future__ import annotations

import threading
import time
from itertools import islice

import pytest
from background import in_background
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import add, numbered

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import ConsumerStoppedException

#: Seconds in which what should come at once has come, however busy the machine.
_SOON = 20.0


def test_iteration_gives_every_message_of_every_partition_in_its_order(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(numbered(300), numbered(200), [], numbered(1))
    got: dict[int, list[bytes | None]] = {}
    for message in consume(topic, consumer_timeout_ms=500):
        values = got.setdefault(message.partition_id, [])
        assert message.offset == len(values)
        assert message.partition is topic.partitions[message.partition_id]
        values.append(message.value)
    assert got == {0: numbered(300), 1: numbered(200), 3: numbered(1)}


def test_messages_look_as_they_did_in_2x(
    fill: Fill, consume: Consume, kafka: EmbeddedKafka
) -> None:
    topic = fill([])
    begin = time.time()
    with topic.get_sync_producer() as producer:
        producer.produce(b"value", partition_key=b"key")
        producer.produce(None)
        producer.produce(b"")
    first, null, empty = islice(consume(topic, consumer_timeout_ms=20_000), 3)
    assert (first.value, first.partition_key, first.offset, first.partition_id) == (
        b"value",
        b"key",
        0,
        0,
    )
    magic = sum(kafka.release.number >= since for since in ((0, 10), (0, 11)))
    assert (first.protocol_version, first.compression_type) == (magic, 0)
    if magic == 0:
        assert first.timestamp == 0
    else:
        assert begin - 1 <= first.timestamp / 1000 <= time.time() + 1
    assert (null.value, null.partition_key) == (None, None)
    assert empty.value == b""


def test_the_first_message_may_have_neither_key_nor_value(fill: Fill, consume: Consume) -> None:
    topic = fill([])
    with topic.get_producer(linger_ms=0) as producer:
        producer.produce(None)
        producer.produce(b"after")
    messages = islice(consume(topic, consumer_timeout_ms=20_000), 2)
    assert [(one.partition_key, one.value) for one in messages] == [(None, None), (None, b"after")]


@pytest.mark.parametrize("timeout_ms", [1, 300])
def test_consume_gives_none_when_nothing_comes_in_time(
    fill: Fill, consume: Consume, timeout_ms: int
) -> None:
    consumer = consume(fill([]), consumer_timeout_ms=timeout_ms)
    begin = time.monotonic()
    assert consumer.consume() is None
    assert timeout_ms / 1000 <= time.monotonic() - begin < timeout_ms / 1000 + _SOON


def test_consume_without_blocking_gives_what_is_here(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(2))
    consumer = consume(topic)
    first = consumer.consume()
    assert first is not None
    second = consumer.consume(block=False)
    assert second is not None
    assert (first.value, second.value) == (b"0", b"1")
    begin = time.monotonic()
    assert consumer.consume(block=False) is None
    assert time.monotonic() - begin < 1.0


@pytest.mark.parametrize("timeout_ms", [-1, 0])
def test_consume_without_a_time_out_waits_for_what_is_produced_later(
    fill: Fill, consume: Consume, timeout_ms: int
) -> None:
    topic = fill([])
    consumer = consume(topic, consumer_timeout_ms=timeout_ms)
    waiting = in_background(consumer.consume)
    add(topic, 0, [b"late"])
    message = waiting.result(_SOON)
    assert message is not None
    assert message.value == b"late"


def test_an_unblock_event_ends_the_wait(fill: Fill, consume: Consume) -> None:
    consumer = consume(fill([]))
    event = threading.Event()
    waiting = in_background(consumer.consume, unblock_event=event)
    event.set()
    assert waiting.result(_SOON) is None


def test_an_unblock_event_that_is_set_does_not_hide_messages(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(2))
    consumer = consume(topic)
    assert consumer.consume() is not None
    event = threading.Event()
    event.set()
    message = consumer.consume(unblock_event=event)
    assert message is not None
    assert message.value == b"1"
    assert consumer.consume(unblock_event=event) is None


def test_stop_ends_a_blocking_consume_in_another_thread_at_once(
    fill: Fill, consume: Consume
) -> None:
    consumer = consume(fill([]))
    waiting = [in_background(consumer.consume) for _ in range(3)]
    begin = time.monotonic()
    consumer.stop()
    for future in waiting:
        with pytest.raises(ConsumerStoppedException):
            future.result(_SOON)
    assert time.monotonic() - begin < 2.0


def test_a_stopped_consumer_gives_nothing_and_says_so(fill: Fill, consume: Consume) -> None:
    consumer = consume(fill(numbered(5)))
    assert consumer.consume() is not None
    consumer.stop()
    consumer.stop()
    with pytest.raises(ConsumerStoppedException):
        consumer.consume()
    with pytest.raises(ConsumerStoppedException):
        consumer.consume(block=False)
    with pytest.raises(ConsumerStoppedException):
        next(iter(consumer))


def test_a_start_after_a_stop_goes_on_where_it_stopped(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(2000), numbered(2000))
    consumer = consume(topic, consumer_timeout_ms=500)
    got = [message.value for message in islice(consumer, 700)]
    consumer.stop()
    consumer.start()
    got += [message.value for message in islice(consumer, 1)]
    consumer.stop()
    consumer.start()
    got += [message.value for message in consumer]
    assert sorted(got) == sorted(numbered(2000) * 2)


def test_one_made_without_a_start_can_be_started(fill: Fill, consume: Consume) -> None:
    consumer = consume(fill(numbered(1)), auto_start=False)
    with pytest.raises(ConsumerStoppedException):
        consumer.consume()
    consumer.start()
    assert consumer.consume() is not None


def test_many_threads_get_each_message_once(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(5000), numbered(5000), numbered(5000))
    consumer = consume(topic, consumer_timeout_ms=1000)

    def iterate() -> list[tuple[int, int]]:
        return [(message.partition_id, message.offset) for message in consumer]

    def call() -> list[tuple[int, int]]:
        found = []
        while (message := consumer.consume()) is not None:
            found.append((message.partition_id, message.offset))
        return found

    parts = [in_background(work) for work in (iterate, call, iterate, call)]
    got = [where for part in parts for where in part.result(60)]
    assert sorted(got) == [(p, offset) for p in range(3) for offset in range(5000)]


def test_loops_that_are_left_strand_no_message(fill: Fill, consume: Consume) -> None:
    consumer = consume(fill(numbered(1500)), consumer_timeout_ms=500)
    got = []
    for loop in range(4):
        for count, message in enumerate(consumer, 1):
            got.append(message.value)
            if count == 100 * (loop + 1):
                break
    given_up = iter(consumer)
    got.append(next(given_up).value)
    del given_up
    message = consumer.consume()
    assert message is not None
    got.append(message.value)
    got += [message.value for message in consumer]
    assert got == numbered(1500)


def test_a_for_loop_alone_keeps_its_consumer(fill: Fill, implementation: object) -> None:
    topic = fill(numbered(3000))
    got = [m.value for m in topic.get_simple_consumer(consumer_timeout_ms=500)]
    assert got == numbered(3000)


def test_a_topic_alone_keeps_its_client(
    fill: Fill, implementation: object, kafka: EmbeddedKafka
) -> None:
    name = fill(numbered(10)).name
    client = KafkaClient(kafka.bootstrap)
    topic = client.topics[name]
    del client
    with topic.get_simple_consumer(consumer_timeout_ms=500) as consumer:
        assert [message.value for message in consumer] == numbered(10)
    topic.cluster.close()


def test_partitions_take_turns(fill: Fill, consume: Consume) -> None:
    # Each takes several fetches, so that none is read to its end before something has come of all.
    topic = fill(*[numbered(20_000) for _ in range(4)], batch_bytes=20_000)
    consumer = consume(topic, consumer_timeout_ms=1000, fetch_message_max_bytes=50_000)
    order = [message.partition_id for message in consumer]
    assert len(order) == 80_000
    # Nobody waits until another one is read to its end.
    assert set(order[:40_000]) == {0, 1, 2, 3}


def test_a_deserializer_makes_what_messages_carry(fill: Fill, consume: Consume) -> None:
    topic = fill([b"7", b"8"])
    consumer = consume(
        topic,
        consumer_timeout_ms=300,
        deserializer=lambda value, key: (int(value), ("key", key)),
    )
    assert [(m.value, m.partition_key) for m in consumer] == [
        (7, ("key", None)),
        (8, ("key", None)),
    ]
    # 2.8 called it with None for a time-out, too.
    assert consumer.consume() is None
    assert consumer.consume(block=False) is None


def test_what_a_deserializer_raises_passes_through_and_the_message_counts_as_consumed(
    fill: Fill, consume: Consume
) -> None:
    def strict(value: bytes, key: bytes | None) -> tuple[int, bytes | None]:
        return int(value), key

    topic = fill([b"1", b"two", b"3", b"four", b"5"])
    consumer = consume(topic, consumer_timeout_ms=500, deserializer=strict)
    got: list[int | str] = []
    while True:
        try:
            message = consumer.consume()
        except ValueError:
            got.append("failed")
            assert consumer.held_offsets[0] == len(got) - 1
            continue
        if message is None:
            break
        got.append(message.value)
    assert got == [1, "failed", 3, "failed", 5]
    consumer.reset_offsets([(topic.partitions[0], OffsetType.EARLIEST)])
    with pytest.raises(ValueError, match="two"):
        list(consumer)
    assert [message.value for message in islice(consumer, 1)] == [3]
