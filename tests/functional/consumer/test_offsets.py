"""Where a consumer stands, where it starts, and moving it."""

from __future__ import annotations

import datetime as dt
import logging
from itertools import islice

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import add, numbered

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import KafkaException, OffsetOutOfRangeError, RemoteError
from pykafka.partition import Partition
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic

EARLIEST, LATEST = OffsetType.EARLIEST, OffsetType.LATEST


def values(consumer: SimpleConsumer, count: int | None = None) -> list[bytes | None]:
    return [message.value for message in islice(consumer, count)]


def test_held_offsets_are_those_of_the_last_messages_delivered(
    fill: Fill, consume: Consume
) -> None:
    consumer = consume(fill(numbered(600), []), consumer_timeout_ms=500)
    assert consumer.held_offsets == {0: EARLIEST, 1: EARLIEST}
    consumer.consume()
    assert consumer.held_offsets == {0: 0, 1: EARLIEST}
    values(consumer, 300)
    assert consumer.held_offsets == {0: 300, 1: EARLIEST}
    values(consumer)
    assert consumer.held_offsets == {0: 599, 1: EARLIEST}


def test_without_a_group_it_starts_at_offset_0_whatever_auto_offset_reset_says(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(numbered(10))
    consumer = consume(topic, auto_offset_reset=LATEST, consumer_timeout_ms=500)
    assert values(consumer) == numbered(10)


def test_reset_offset_on_start_starts_by_auto_offset_reset(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(10))
    latest = consume(
        topic, auto_offset_reset=LATEST, reset_offset_on_start=True, consumer_timeout_ms=500
    )
    assert values(latest) == []
    assert latest.held_offsets == {0: 9}
    add(topic, 0, [b"new"])
    assert values(latest) == [b"new"]
    earliest = consume(topic, reset_offset_on_start=True, consumer_timeout_ms=500)
    assert values(earliest, 1) == [b"0"]


def test_resetting_to_an_offset_makes_it_the_last_consumed_one(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(numbered(2000))
    consumer = consume(topic, consumer_timeout_ms=500)
    values(consumer, 50)
    consumer.reset_offsets([(topic.partitions[0], 1499)])
    assert consumer.held_offsets == {0: 1499}
    assert values(consumer) == numbered(500, 1500)
    consumer.reset_offsets([(topic.partitions[0], 0)])
    assert values(consumer) == numbered(1999, 1)


def test_resetting_to_the_ends_of_the_log(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(20), numbered(30))
    consumer = consume(topic, consumer_timeout_ms=500)
    values(consumer, 3)
    consumer.reset_offsets([(topic.partitions[0], LATEST), (topic.partitions[1], EARLIEST)])
    assert consumer.held_offsets == {0: 19, 1: EARLIEST}
    assert values(consumer) == numbered(30)
    consumer.reset_offsets()
    assert sorted(values(consumer)) == sorted(numbered(20) + numbered(30))


def test_resetting_drops_what_was_fetched_and_what_a_loop_has_begun(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(numbered(3000))
    consumer = consume(topic, consumer_timeout_ms=500)
    loop = iter(consumer)
    assert next(loop).value == b"0"
    consumer.reset_offsets([(topic.partitions[0], 2989)])
    assert [message.value for message in loop] == numbered(10, 2990)


def test_resetting_by_time_knows_the_times_of_segments(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(20))
    consumer = consume(topic, consumer_timeout_ms=500)
    future = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=1)
    consumer.reset_offsets([(topic.partitions[0], future.replace(tzinfo=None))])
    # The last offset of which is known that it is not younger: the end of the log.
    assert consumer.held_offsets == {0: 19}
    consumer.reset_offsets([(topic.partitions[0], future)])
    assert consumer.held_offsets == {0: 19}


def test_resetting_to_a_time_before_everything_goes_to_the_earliest(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(numbered(20))
    consumer = consume(topic, consumer_timeout_ms=500)
    values(consumer, 5)
    consumer.reset_offsets([(topic.partitions[0], dt.datetime(1999, 12, 31))])
    assert values(consumer) == numbered(20)


@pytest.mark.kafka(until="0.10.0", why="from 0.10.1 on brokers know the times of messages")
def test_a_time_before_all_segments_is_warned_of(
    fill: Fill, consume: Consume, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fill(numbered(20))
    consumer = consume(topic, consumer_timeout_ms=500)
    with caplog.at_level(logging.WARNING, "pykafka.simpleconsumer"):
        consumer.reset_offsets([(topic.partitions[0], dt.datetime(1999, 12, 31))])
    assert f"{topic.name.decode()}/0" in caplog.text


@pytest.mark.parametrize("where", ["latest", None, 1.5, -3, 2**63, b"1"])
def test_resetting_to_what_is_no_offset_is_refused(
    fill: Fill, consume: Consume, where: object
) -> None:
    topic = fill(numbered(3))
    consumer = consume(topic, consumer_timeout_ms=500)
    with pytest.raises(ValueError, match=f"{topic.name.decode()}/0") as caught:
        consumer.reset_offsets([(topic.partitions[0], where)])  # type: ignore[list-item]
    assert isinstance(caught.value, KafkaException)
    assert values(consumer) == numbered(3)


def test_resetting_a_partition_of_another_topic_is_refused(
    fill: Fill, consume: Consume, client: KafkaClient, kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(f"{topic_name}-other", partitions=1)
    other = client.topics[f"{topic_name}-other"]
    consumer = consume(fill(numbered(3)), consumer_timeout_ms=500)
    for foreign in (other.partitions[0], Partition(consumer.topic, 9, None, [], [])):
        with pytest.raises(KafkaException, match="not one of the partitions"):
            consumer.reset_offsets([(foreign, 1)])
        with pytest.raises(KafkaException, match="not one of the partitions"):
            consume(consumer.topic, consumer_group="g", auto_start=False).commit_offsets(
                [(foreign, 1)]
            )


def test_one_that_was_never_started_can_be_moved(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(10))
    consumer = consume(topic, auto_start=False, consumer_timeout_ms=500)
    consumer.reset_offsets([(topic.partitions[0], 6)])
    assert consumer.held_offsets == {0: 6}
    consumer.start()
    assert values(consumer) == numbered(3, 7)


# -- offsets that the log does not hold ------------------------------------------------


def beyond_the_end(topic: Topic, consumer: SimpleConsumer) -> None:
    consumer.reset_offsets([(topic.partitions[0], 1000)])


def test_an_offset_out_of_range_goes_on_at_the_earliest(
    fill: Fill, consume: Consume, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fill(numbered(20))
    consumer = consume(topic, consumer_timeout_ms=2000)
    with caplog.at_level(logging.WARNING, "pykafka.simpleconsumer"):
        beyond_the_end(topic, consumer)
        assert values(consumer, 20) == numbered(20)
    assert f"{topic.name.decode()}/0 has no offset 1001" in caplog.text
    assert consumer.held_offsets == {0: 19}


def test_an_offset_out_of_range_goes_on_at_the_latest(fill: Fill, consume: Consume) -> None:
    topic = fill(numbered(20))
    consumer = consume(topic, auto_offset_reset=LATEST, consumer_timeout_ms=1000)
    beyond_the_end(topic, consumer)
    assert consumer.consume() is None
    assert consumer.held_offsets == {0: 19}
    add(topic, 0, [b"new"])
    assert values(consumer) == [b"new"]


def test_an_offset_out_of_range_is_an_error_where_no_reset_is_wanted(
    fill: Fill, consume: Consume
) -> None:
    topic = fill(numbered(20), numbered(5))
    consumer = consume(topic, auto_offset_reset=None, consumer_timeout_ms=5000)
    beyond_the_end(topic, consumer)
    with pytest.raises(OffsetOutOfRangeError, match=f"{topic.name.decode()}/0.*1001"):
        values(consumer)
    # The other partition is not held up.
    assert consumer.held_offsets[1] == 4
    with pytest.raises(OffsetOutOfRangeError):
        consumer.consume(block=False)
    consumer.reset_offsets([(topic.partitions[0], 17)])
    assert values(consumer, 2) == numbered(2, 18)


def test_a_log_that_lost_its_beginning_is_read_from_where_it_begins(
    kafka: EmbeddedKafka, fill: Fill, consume: Consume
) -> None:
    # Kafka 4.0 and newer have no smaller ones.
    topic = fill(numbered(10), **{"segment.bytes": 1 << 20})
    behind = consume(
        topic, queued_max_messages=1, fetch_message_max_bytes=40_000, consumer_timeout_ms=2000
    )
    assert values(behind, 1) == [b"0"]
    with topic.get_sync_producer() as producer:
        for number in range(10, 100):
            producer.produce(b"%d" % number + bytes(30_000))
    # What its retention does when the time has come, which 0.8.2 looks for after 30 s only.
    broker = kafka.brokers[0]
    broker.kill()
    for file in (broker.log_dir / f"{topic.name.decode()}-0").glob("00000000000000000000.*"):
        file.unlink()
    broker.restart()
    earliest = topic.partitions[0].earliest_available_offset()
    assert 10 < earliest < 50
    # Without a group it would begin at 0, which is not there any more.
    fresh = consume(topic, consumer_timeout_ms=2000)
    assert [message.offset for message in fresh] == list(range(earliest, 100))
    # What was held of the lost part is still delivered, and nothing comes twice.
    got = [message.offset for message in behind]
    assert got[0] == 1
    assert got[-(100 - earliest) :] == list(range(earliest, 100))
    assert len(set(got)) == len(got)


def test_a_group_without_offsets_is_an_error_where_no_reset_is_wanted(
    fill: Fill, consume: Consume, topic_name: str
) -> None:
    with pytest.raises(OffsetOutOfRangeError, match=topic_name):
        consume(fill(numbered(2)), consumer_group=topic_name, auto_offset_reset=None)


# -- limits ---------------------------------------------------------------------------


def test_the_ends_of_partitions_can_be_asked_for(fill: Fill) -> None:
    topic = fill(numbered(20), [])
    assert {p: found.offset for p, found in topic.latest_available_offsets().items()} == {
        0: [20],
        1: [0],
    }
    assert {p: found.offset for p, found in topic.earliest_available_offsets().items()} == {
        0: [0],
        1: [0],
    }
    partition = topic.partitions[0]
    assert (partition.earliest_available_offset(), partition.latest_available_offset()) == (0, 20)
    assert partition.fetch_offset_limit(LATEST) == [20]
    with pytest.raises(TypeError, match="datetime"):
        partition.fetch_offset_limit("yesterday")  # type: ignore[arg-type]


@pytest.mark.kafka(until="3", why="from 4.0 on brokers do not list their segments")
def test_the_beginnings_of_segments_can_be_asked_for(fill: Fill) -> None:
    partition = fill(numbered(20)).partitions[0]
    assert partition.fetch_offset_limit(dt.datetime(2100, 1, 1), max_offsets=5) == [20, 0]


def test_the_limits_of_a_partition_that_is_not_there_are_a_typed_error(
    fill: Fill, client: KafkaClient
) -> None:
    topic = fill([])
    missing = Partition(topic, 7, None, [], [])
    with pytest.raises(RemoteError, match=f"{topic.name.decode()}/7"):
        missing.latest_available_offset()
