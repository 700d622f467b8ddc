"""What becomes of a message is the same whether somebody keeps what ``produce`` returned or not."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from functional.producer.scenario import MakeProducer, MakeTopic, Stored

from pykafka.exceptions import ProduceFailureError
from pykafka.message import Message
from pykafka.producer import Producer
from pykafka.topic import Topic

has_times = pytest.mark.kafka(since="0.10", why="timestamps came with 0.10")
#: More than are handed over at a time.
MANY = 3000
_WITHIN_S = 20.0


def contents(message: Message) -> tuple[Any, ...]:
    return message.partition_id, message.offset, message.value, message.partition_key


def in_order(found: dict[int, list[Message]]) -> list[Message]:
    return [message for id_ in sorted(found) for message in found[id_]]


def reported(producer: Producer, count: int) -> list[Message]:
    found: list[Message] = []
    deadline = time.monotonic() + _WITHIN_S
    while len(found) < count:
        for messages, error in producer.get_delivery_reports():
            assert error is None
            found += messages
        assert time.monotonic() < deadline, f"{count - len(found)} were not reported"
    return found


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_message_that_is_kept_among_others_gets_its_own_offset(
    make_topic: MakeTopic, make_producer: MakeProducer, stored: Stored, partitions: int
) -> None:
    topic = make_topic(partitions)
    producer = make_producer(topic, linger_ms=10)
    kept = []
    for number in range(MANY):
        message = producer.produce(b"%d" % number)
        if number % 700 == 5 or number > MANY - 500:
            kept.append(message)
    producer.flush()
    found = stored(topic)
    assert sorted(int(message.value) for message in in_order(found)) == list(range(MANY))
    for message in kept:
        assert found[message.partition_id][message.offset].value == message.value


@has_times
def test_a_kept_message_has_the_timestamp_that_is_stored(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, linger_ms=10)
    looked_at = producer.produce(b"looked at")
    seen = looked_at.timestamp
    kept = [producer.produce(b"%d" % number) for number in range(MANY)]
    producer.flush()
    assert seen == looked_at.timestamp
    times = [message.timestamp for message in stored(topic)[0]]
    assert times == [message.timestamp for message in [looked_at, *kept]]


@has_times
@pytest.mark.parametrize("use", ["dropped", "kept", "with a key"])
def test_timestamps_are_of_the_call_however_long_a_message_lingers(
    topic: Topic, make_producer: MakeProducer, stored: Stored, use: str
) -> None:
    producer = make_producer(topic, linger_ms=2000)
    kept: list[Message] = []
    begin = time.time()
    message = producer.produce(b"x", b"key" if use == "with a key" else None)
    if use == "kept":
        kept.append(message)
    del message
    end = time.time()
    deadline = time.monotonic() + _WITHIN_S
    while topic.partitions[0].latest_available_offset() < 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert time.time() - end > 1.5, "it did not linger"
    [found] = stored(topic)[0]
    assert int(begin * 1000) <= found.timestamp < end * 1000 + 1000
    assert [one.timestamp for one in kept] == [found.timestamp] * len(kept)


@pytest.mark.parametrize("keys", [False, True], ids=["no keys", "keys"])
def test_reports_of_dropped_messages_say_what_was_stored(
    make_topic: MakeTopic, make_producer: MakeProducer, stored: Stored, keys: bool
) -> None:
    topic = make_topic(2)
    producer = make_producer(topic, delivery_reports=True, linger_ms=10)
    for number in range(MANY):
        producer.produce(b"%d" % number, b"k%d" % number if keys else None)
    producer.flush()
    told = sorted(reported(producer, MANY), key=lambda one: (one.partition_id, one.offset))
    found = in_order(stored(topic))
    assert [contents(one) for one in told] == [contents(one) for one in found]
    if found[0].protocol_version:
        assert [one.timestamp for one in told] == [one.timestamp for one in found]


def test_each_thread_has_reports_of_what_it_dropped(
    make_topic: MakeTopic, make_producer: MakeProducer
) -> None:
    producer = make_producer(make_topic(2), delivery_reports=True, linger_ms=10)

    def work(thread: int) -> tuple[list[bytes], list[bytes]]:
        sent = [b"%d of %d" % (number, thread) for number in range(MANY)]
        for value in sent:
            producer.produce(value)
        return sent, [message.value for message in reported(producer, MANY)]

    with ThreadPoolExecutor(3) as pool:
        for sent, told in pool.map(work, range(3)):
            assert sorted(sent) == sorted(told)


def test_an_error_has_the_messages_that_nobody_kept(
    make_topic: MakeTopic, make_producer: MakeProducer
) -> None:
    topic = make_topic(1, **{"max.message.bytes": 1000})
    producer = make_producer(topic, linger_ms=60_000)
    values = [bytes([letter]) * 2000 for letter in b"ab"]
    for value in values:
        producer.produce(value)
    with pytest.raises(ProduceFailureError) as caught:
        producer.flush()
    assert [message.value for message in caught.value.messages] == values
    assert {message.partition_id for message in caught.value.messages} == {0}


def _changed(message: Message) -> None:
    message.value = b"changed"


def _looked_at(message: Message) -> None:
    assert (message.offset, message.partition_key, message.headers) == (-1, None, [])
    assert message.partition_id == 0


@pytest.mark.parametrize("use", [_changed, _looked_at])
def test_a_message_may_be_used_before_it_is_sent(
    topic: Topic, make_producer: MakeProducer, stored: Stored, use: Callable[[Message], None]
) -> None:
    producer = make_producer(topic, linger_ms=60_000)
    messages = [producer.produce(b"%d" % number) for number in range(10)]
    use(messages[3])
    producer.flush()
    assert [message.value for message in stored(topic)[0]] == [one.value for one in messages]
    assert [message.offset for message in messages] == list(range(10))
