"""Messages that cannot be read: damaged on disk, too large, too much when unpacked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import add, numbered
from functional.librdkafka import asks_for_more, unpacks_without_bound
from services import Clusters

from pykafka import KafkaClient
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import CorruptRecordError, InvalidMessageError, MessageSetDecodeFailure
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic

VICTIM = b"the message that the disk will lose a bit of"
Damage = Callable[[Topic], None]


@pytest.fixture(scope="module")
def kafka(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """A broker that only these tests use: on a log like theirs some releases do not start again."""
    return embedded_kafka(kafka_release, 1, {"log.segment.bytes": 1 << 29})


@pytest.fixture(scope="module")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


def segment_of(kafka: EmbeddedKafka, topic: Topic, partition: int = 0) -> Path:
    """The file with all that a partition holds."""
    folder = kafka.brokers[0].log_dir / f"{topic.name.decode()}-{partition}"
    (segment,) = folder.glob("*.log")
    return segment


def flip(segment: Path, place: int, bits: int) -> None:
    """Change bits of the byte at a place of a file."""
    with segment.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ bits]))


@pytest.fixture
def damage(kafka: EmbeddedKafka) -> Damage:
    """``damage(topic)``: flip a byte of the only :data:`VICTIM` in its partition 0, on disk."""

    def damage(topic: Topic) -> None:
        segment = segment_of(kafka, topic)
        flip(segment, segment.read_bytes().index(VICTIM) + len(VICTIM) // 2, 0x20)

    return damage


def surround_victim(topic: Topic, first: int, behind: list[bytes], partition: int = 0) -> None:
    """Fill an empty partition: numbers, and in a batch of its own the victim, and what follows."""
    for values in (numbered(first), [VICTIM], behind):
        add(topic, partition, values)


def all_there_is(
    consumer: SimpleConsumer, count: int
) -> tuple[list[tuple[int, int]], CorruptRecordError | MessageSetDecodeFailure]:
    """So many messages, as (partition, offset), and the error that comes when none is left."""
    got: list[tuple[int, int]] = []
    deadline = time.monotonic() + 20
    while True:
        assert time.monotonic() < deadline, f"only {len(got)} messages, and no error"
        try:
            message = consumer.consume()
        except (CorruptRecordError, MessageSetDecodeFailure) as error:
            # Raised whenever nothing else is here, and so maybe before other partitions are.
            if len(got) == count:
                return got, error
        else:
            assert message is not None, "time passed and no error came"
            got.append((message.partition_id, message.offset))


def test_damage_is_an_error_behind_the_rows_before_it(
    fill: Fill, consume: Consume, damage: Damage
) -> None:
    topic = fill([], numbered(500))
    surround_victim(topic, 30, numbered(30, 31))
    damage(topic)
    consumer = consume(topic, consumer_timeout_ms=5000)
    got, error = all_there_is(consumer, 530)
    assert sorted(got) == [*((0, n) for n in range(30)), *((1, n) for n in range(500))]
    assert isinstance(error, CorruptRecordError)
    assert (error.topic, error.partition) == (topic.name.decode(), 0)
    assert (error.offset, error.next_offset) == (30, 31)
    assert f"{topic.name.decode()}/0" in str(error)
    assert consumer.held_offsets == {0: 29, 1: 499}


def test_damage_stalls_its_partition_only_and_can_be_skipped(
    fill: Fill, consume: Consume, damage: Damage
) -> None:
    topic = fill([], numbered(5))
    surround_victim(topic, 1, [b"2"])
    damage(topic)
    consumer = consume(topic, consumer_timeout_ms=5000)
    all_there_is(consumer, 6)
    add(topic, 1, numbered(5))
    got, error = all_there_is(consumer, 5)
    assert got == [(1, offset) for offset in range(5, 10)]
    for _ in range(2):
        with pytest.raises(CorruptRecordError):
            consumer.consume()
    assert isinstance(error, CorruptRecordError)
    assert error.next_offset is not None
    consumer.reset_offsets([(topic.partitions[0], error.next_offset - 1)])
    message = consumer.consume()
    assert message is not None
    assert (message.partition_id, message.value) == (0, b"2")


def test_a_group_does_not_commit_past_damage(
    fill: Fill, consume: Consume, damage: Damage, topic_name: str
) -> None:
    topic = fill([])
    surround_victim(topic, 2, [b"3"])
    damage(topic)
    consumer = consume(topic, consumer_group=topic_name, consumer_timeout_ms=5000)
    all_there_is(consumer, 2)
    consumer.commit_offsets()
    assert dict(consumer.fetch_offsets())[0].offset == 2
    again = consume(topic, consumer_group=topic_name, consumer_timeout_ms=5000)
    with pytest.raises(CorruptRecordError):
        again.consume()


@pytest.mark.parametrize("codec", [CompressionType.GZIP, CompressionType.SNAPPY])
def test_damage_inside_a_compressed_message_is_one_error_for_all_of_it(
    fill: Fill, consume: Consume, kafka: EmbeddedKafka, codec: int
) -> None:
    topic = fill(numbered(3))
    packed = [b"%d of many that go together" % number for number in range(200)]
    with topic.get_producer(compression=codec, linger_ms=60_000) as producer:
        for value in packed:
            producer.produce(value)
    add(topic, 0, [b"behind"])
    segment = segment_of(kafka, topic)
    flip(segment, segment.stat().st_size - 200, 0xFF)
    consumer = consume(topic, consumer_timeout_ms=5000)
    got, error = all_there_is(consumer, 3)
    assert got == [(0, 0), (0, 1), (0, 2)]
    assert isinstance(error, CorruptRecordError)
    assert (error.offset, error.next_offset) == (3, 203)
    consumer.reset_offsets([(topic.partitions[0], 202)])
    message = consumer.consume()
    assert message is not None
    assert message.value == b"behind"


#: KIP-74.
small_answers = pytest.mark.kafka(
    until="0.10.0", why="from 0.10.1 on an answer holds one batch at least, whatever its size"
)


@asks_for_more
@small_answers
def test_a_message_over_the_fetch_size_is_an_error_that_says_what_to_raise(
    fill: Fill, consume: Consume
) -> None:
    topic = fill([*numbered(10), bytes(50_000), b"behind"], numbered(3000))
    consumer = consume(topic, consumer_timeout_ms=5000, fetch_message_max_bytes=10_000)
    got, error = all_there_is(consumer, 3010)
    assert sorted(got) == [*((0, n) for n in range(10)), *((1, n) for n in range(3000))]
    assert isinstance(error, MessageSetDecodeFailure)
    for part in (f"{topic.name.decode()}/0", "offset 10 ", "50026", "fetch_message_max_bytes"):
        assert part in str(error)
    with pytest.raises(MessageSetDecodeFailure):
        consumer.consume(block=False)


@asks_for_more
@small_answers
def test_a_message_over_the_fetch_size_can_be_skipped_or_fetched_with_more(
    fill: Fill, consume: Consume
) -> None:
    topic = fill([b"0", bytes(50_000), b"2"])
    small = consume(topic, consumer_timeout_ms=5000, fetch_message_max_bytes=10_000)
    all_there_is(small, 1)
    small.reset_offsets([(topic.partitions[0], 1)])
    message = small.consume()
    assert message is not None
    assert message.value == b"2"
    large = consume(topic, consumer_timeout_ms=5000, fetch_message_max_bytes=60_000)
    assert [len(found.value or b"") for found in islice(large, 3)] == [1, 50_000, 1]


@asks_for_more
@small_answers
@pytest.mark.parametrize("size", [1, 11, 12, 20])
def test_a_fetch_size_that_no_message_fits_in_is_the_same_error(
    fill: Fill, consume: Consume, size: int
) -> None:
    consumer = consume(fill([b"x"]), consumer_timeout_ms=5000, fetch_message_max_bytes=size)
    with pytest.raises(MessageSetDecodeFailure, match=f"fetch_message_max_bytes is {size}"):
        consumer.consume()


@pytest.mark.kafka(since="0.10.1", why="older brokers cut off what is over the fetch size")
@pytest.mark.parametrize("size", [1, 20, 10_000])
def test_a_message_over_the_fetch_size_comes_all_the_same(
    fill: Fill, consume: Consume, size: int
) -> None:
    topic = fill([b"0", bytes(50_000), b"2"], numbered(300))
    consumer = consume(topic, consumer_timeout_ms=2000, fetch_message_max_bytes=size)
    sizes = {0: [1, 50_000, 1], 1: [len(value) for value in numbered(300)]}
    got: dict[int, list[int]] = {0: [], 1: []}
    for message in consumer:
        got[message.partition_id].append(len(message.value or b""))
    assert got == sizes


@unpacks_without_bound
def test_a_message_that_unpacks_to_more_than_it_may_is_an_error(
    fill: Fill, consume: Consume
) -> None:
    topic = fill([b"0"])
    with topic.get_sync_producer(compression=CompressionType.GZIP, max_request_size=9_000_000) as p:
        p.produce(bytes(5_000_000))
    add(topic, 0, [b"2"])
    consumer = consume(topic, consumer_timeout_ms=5000, decompressed_max_bytes=1_000_000)
    got, error = all_there_is(consumer, 1)
    assert got == [(0, 0)]
    assert "1000000" in str(error)
    assert isinstance(error, CorruptRecordError)
    assert error.next_offset == 2
    consumer.reset_offsets([(topic.partitions[0], 1)])
    message = consumer.consume()
    assert message is not None
    assert message.value == b"2"


def head_of_victim(log: bytes) -> tuple[int, int]:
    """Where in a log the head of the victim's message or batch begins, and where it ends."""
    end = log.index(VICTIM)
    begin = 0
    while (following := begin + 12 + int.from_bytes(log[begin + 8 : begin + 12], "big")) < end:
        begin = following
    return begin, end


#: The shortest head (magic 0): offset, size, CRC, magic, attributes, key length, value length.
_HEAD = 26


@pytest.mark.parametrize("place", range(_HEAD), ids=lambda place: f"byte {place}")
def test_no_damaged_byte_of_a_messages_head_hangs_or_crashes(
    fill: Fill,
    consume: Consume,
    kafka: EmbeddedKafka,
    place: int,
) -> None:
    # One partition for each byte that this test is about: longer heads have three of them.
    topic = fill([], [], [])
    for partition in topic.partitions.values():
        surround_victim(topic, 5, numbered(5, 6), partition.id)
        segment = segment_of(kafka, topic, partition.id)
        begin, end = head_of_victim(segment.read_bytes())
        at = begin + place + partition.id * _HEAD
        if at >= end:
            break
        flip(segment, at, 0x40)
        consumer = consume(
            topic, partitions=[partition], consumer_timeout_ms=2000, fetch_error_backoff_ms=50
        )
        got = []
        raised: Exception | None = None
        try:
            while (message := consumer.consume()) is not None:
                got.append(message.value)
        except (InvalidMessageError, MessageSetDecodeFailure) as error:
            raised = error
        # Kafka 0.10 and 0.11 refuse to send any of it where a size is wrong.
        refused = type(raised) is InvalidMessageError
        assert got[:5] == numbered(5) or refused
        assert raised is None or f"{topic.name.decode()}/{partition.id}" in str(raised)
        assert set(got) <= {VICTIM, *numbered(11)}
