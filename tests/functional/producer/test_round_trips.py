"""What is produced is stored: contents, keys, codecs, acknowledgements, partitioners."""

from __future__ import annotations

import queue
import random
import time
from hashlib import sha1

import pytest
from functional.producer.scenario import MakeProducer, MakeTopic, Stored

from pykafka.common import CompressionType
from pykafka.exceptions import KafkaException
from pykafka.partitioners import HashingPartitioner
from pykafka.topic import Topic

CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
}
codecs = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)


def values_of(stored: Stored, topic: Topic) -> list[bytes | None]:
    return [message.value for message in stored(topic)[0]]


def test_a_sync_producer_returns_the_message_with_its_offset(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, sync=True)
    assert [producer.produce(b"%d" % n).offset for n in range(5)] == [0, 1, 2, 3, 4]
    assert values_of(stored, topic) == [b"0", b"1", b"2", b"3", b"4"]


def test_an_async_producer_fills_offsets_in_once_acknowledged(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, linger_ms=60_000)
    messages = [producer.produce(b"%d" % n) for n in range(500)]
    assert {message.offset for message in messages} == {-1}
    producer.flush()
    assert [message.offset for message in messages] == list(range(500))
    assert {message.partition_id for message in messages} == {0}
    assert values_of(stored, topic) == [b"%d" % n for n in range(500)]


@codecs
def test_null_empty_and_every_byte_value_arrive_as_they_left(
    topic: Topic, make_producer: MakeProducer, stored: Stored, codec: int
) -> None:
    every_byte = bytes(range(256))
    contents = [None, b"", b"\0", every_byte, every_byte * 40]
    pairs = [(value, key) for value in contents for key in contents]
    producer = make_producer(topic, compression=codec)
    for value, key in pairs:
        producer.produce(value, key)
    producer.stop()
    assert [(m.value, m.partition_key) for m in stored(topic)[0]] == pairs


@codecs
@pytest.mark.parametrize("kind", ["repetitive", "random"])
def test_large_values_pass_every_codec(
    topic: Topic,
    make_producer: MakeProducer,
    stored: Stored,
    codec: int,
    kind: str,
    rng: random.Random,
) -> None:
    """160 KB and more: more than one block of lz4, which 2.8 made unreadable for 0.8.2."""
    text = b"the quick brown fox " if kind == "repetitive" else rng.randbytes(20)
    values = [
        (text * (size // 20 + 1))[:size] if kind == "repetitive" else rng.randbytes(size)
        for size in (65_535, 65_536, 65_537, 160_000, 400_000, 900_000)
    ]
    producer = make_producer(topic, compression=codec, sync=True)
    for value in values:
        producer.produce(value)
    assert values_of(stored, topic) == values


@pytest.mark.parametrize("acks", [1, -1])
def test_acknowledged_messages_are_stored(
    topic: Topic, make_producer: MakeProducer, stored: Stored, acks: int
) -> None:
    producer = make_producer(topic, required_acks=acks, sync=True)
    assert producer.produce(b"x").offset == 0
    assert values_of(stored, topic) == [b"x"]


def test_without_acknowledgements_messages_arrive_and_have_no_offset(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, required_acks=0, delivery_reports=True, linger_ms=0)
    messages = [producer.produce(b"%d" % n) for n in range(100)]
    producer.flush()
    assert [producer.get_delivery_report(block=False)[1] for _ in messages] == [None] * 100
    assert {message.offset for message in messages} == {-1}
    deadline = time.monotonic() + 10
    while topic.partitions[0].latest_available_offset() < 100:
        assert time.monotonic() < deadline, "they did not arrive"
    assert values_of(stored, topic) == [b"%d" % n for n in range(100)]


def test_nothing_is_sent_before_min_queued_messages_and_all_of_it_then(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic, min_queued_messages=50, linger_ms=60_000)
    early = [producer.produce(b"x") for _ in range(49)]
    # The broker answers this later than it would have stored what was sent before.
    assert topic.partitions[0].latest_available_offset() == 0
    producer.produce(b"x")
    deadline = time.monotonic() + 10
    while early[0].offset < 0:
        assert time.monotonic() < deadline, "50 messages were not sent"
        time.sleep(0.001)
    assert topic.partitions[0].latest_available_offset() == 50


def test_a_lone_message_is_sent_after_lingering(topic: Topic, make_producer: MakeProducer) -> None:
    producer = make_producer(topic, linger_ms=300, delivery_reports=True)
    begin = time.monotonic()
    producer.produce(b"x")
    _, error = producer.get_delivery_report(timeout=10)
    took = time.monotonic() - begin
    assert error is None
    assert 0.3 <= took < 2


def test_batches_keep_to_max_request_size(
    topic: Topic, make_producer: MakeProducer, stored: Stored, rng: random.Random
) -> None:
    producer = make_producer(topic, max_request_size=20_000, linger_ms=0)
    values = [rng.randbytes(rng.randrange(1, 15_000)) for _ in range(300)]
    for value in values:
        producer.produce(value)
    producer.flush()
    assert values_of(stored, topic) == values


def test_a_serializer_makes_bytes_of_anything(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(
        topic, serializer=lambda value, key: (repr(value).encode(), str(key).encode()), sync=True
    )
    message = producer.produce({"a": [1, 2]}, 17)
    assert (message.value, message.partition_key) == (b"{'a': [1, 2]}", b"17")
    (found,) = stored(topic)[0]
    assert (found.value, found.partition_key) == (b"{'a': [1, 2]}", b"17")


def test_the_default_partitioner_goes_round_robin_from_the_second_partition(
    make_topic: MakeTopic, make_producer: MakeProducer
) -> None:
    producer = make_producer(make_topic(4), linger_ms=60_000)
    placed = [producer.produce(b"x", b"same key").partition_id for _ in range(10)]
    assert placed == [1, 2, 3, 0, 1, 2, 3, 0, 1, 2]


def test_hashing_places_keys_where_2x_does(
    make_topic: MakeTopic, make_producer: MakeProducer, stored: Stored
) -> None:
    topic = make_topic(4)
    producer = make_producer(topic, partitioner=HashingPartitioner(), sync=True)
    # Observed with pykafka 2.8.0 over four partitions.
    observed = {b"key": 2, b"a": 0, b"b": 0, b"": 1}
    keys = [*observed, *(b"%d" % n for n in range(40))]
    for key in keys:
        producer.produce(b"v", key)
    found = {m.partition_key: m.partition_id for part in stored(topic).values() for m in part}
    expected = {key: int(sha1(key).hexdigest(), 16) % 4 for key in keys}
    assert found == expected
    assert observed.items() <= found.items()


def test_a_partitioner_is_any_function(
    make_topic: MakeTopic, make_producer: MakeProducer, stored: Stored
) -> None:
    topic = make_topic(3)
    producer = make_producer(topic, partitioner=lambda partitions, key: partitions[int(key)])
    for n in range(30):
        producer.produce(b"%d" % n, b"%d" % (n % 3))
    producer.stop()
    for id_, messages in stored(topic).items():
        assert [m.value for m in messages] == [b"%d" % n for n in range(id_, 30, 3)]


def test_leaving_the_with_block_sends_what_is_queued_at_once(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    """2.8 took ten seconds for this, and with a longer linger it stored nothing."""
    begin = time.monotonic()
    with make_producer(topic, linger_ms=5000) as producer:
        for n in range(100):
            producer.produce(b"%d" % n)
    assert time.monotonic() - begin < 1
    assert values_of(stored, topic) == [b"%d" % n for n in range(100)]


def test_a_stopped_producer_starts_again(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, linger_ms=60_000)
    for n in range(3):
        producer.produce(b"%d" % n)
        producer.stop()
        producer.stop()
        producer.start()
    producer.produce(b"3")
    producer.flush()
    assert values_of(stored, topic) == [b"0", b"1", b"2", b"3"]


def test_a_producer_that_does_not_start_by_itself_starts_when_told(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic, auto_start=False, sync=True)
    with pytest.raises(KafkaException):
        producer.produce(b"x")
    producer.start()
    assert producer.produce(b"x").offset == 0


def test_reports_tell_of_every_message_in_order(topic: Topic, make_producer: MakeProducer) -> None:
    producer = make_producer(topic, delivery_reports=True, linger_ms=10)
    messages = [producer.produce(b"%d" % n) for n in range(500)]
    reports = [producer.get_delivery_report(timeout=10) for _ in messages]
    assert [message for message, _ in reports] == messages
    assert {error for _, error in reports} == {None}
    with pytest.raises(queue.Empty):
        producer.get_delivery_report(block=False)
    begin = time.monotonic()
    with pytest.raises(queue.Empty):
        producer.get_delivery_report(timeout=0.2)
    assert 0.19 <= time.monotonic() - begin < 2


def test_a_topic_may_have_several_producers_of_one_client(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producers = [make_producer(topic, linger_ms=5) for _ in range(4)]
    for n in range(100):
        for number, producer in enumerate(producers):
            producer.produce(b"%d %d" % (number, n))
    for producer in producers:
        producer.flush()
    found = values_of(stored, topic)
    for number in range(4):
        mine = [value for value in found if value and value.startswith(b"%d " % number)]
        assert mine == [b"%d %d" % (number, n) for n in range(100)]
