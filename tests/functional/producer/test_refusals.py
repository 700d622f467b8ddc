"""Bad input, and brokers that refuse or misbehave: a typed error that names the thing, in time."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from functional.librdkafka import counts_what_it_has_written, tells_no_attempts
from functional.producer.rogue import HANG_UP, SAY_NOTHING, RogueBroker, refuse
from functional.producer.scenario import MakeProducer, MakeTopic, Program, Stored

from pykafka import KafkaClient
from pykafka.common import CompressionType
from pykafka.exceptions import (
    InvalidMessageTypeError,
    InvalidOptionError,
    InvalidOptionTypeError,
    KafkaException,
    MessageSizeTooLarge,
    ProduceFailureError,
    ProducerQueueFullError,
    ProducerStoppedException,
    ProtocolClientError,
    SocketDisconnectedError,
    UnknownOptionError,
    UnsupportedVersion,
    WaitTimedOutError,
)
from pykafka.producer import Producer
from pykafka.topic import Topic

#: What brokers admit where a test is about that.
BROKER_LIMIT = 1_000_012


# -- the caller's mistakes ----------------------------------------------------------------


@pytest.mark.parametrize("value", ["text", bytearray(b"x"), 5, ["x"]], ids=repr)
def test_a_value_that_is_no_bytes_is_refused(
    topic: Topic, make_producer: MakeProducer, value: Any
) -> None:
    producer = make_producer(topic)
    with pytest.raises(TypeError) as caught:
        producer.produce(value)
    assert isinstance(caught.value, InvalidMessageTypeError)
    assert len(caught.value.args) == 2  # as in 2.8
    assert type(value).__name__ in str(caught.value)
    with pytest.raises(InvalidMessageTypeError, match="key"):
        producer.produce(b"x", partition_key=value)


def test_what_a_serializer_makes_must_be_bytes(topic: Topic, make_producer: MakeProducer) -> None:
    producer = make_producer(topic, serializer=lambda value, key: (value, key))
    with pytest.raises(InvalidMessageTypeError):
        producer.produce("text")


def test_an_error_of_a_serializer_or_partitioner_passes_and_loses_nothing(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    def partitioner(partitions: list[Any], key: bytes | None) -> Any:
        if key == b"bad":
            raise RuntimeError("mine")
        return partitions[0]

    producer = make_producer(topic, partitioner=partitioner, linger_ms=60_000)
    producer.produce(b"before")
    with pytest.raises(RuntimeError, match="mine"):
        producer.produce(b"x", b"bad")
    producer.produce(b"after")
    producer.stop()
    assert [m.value for m in stored(topic)[0]] == [b"before", b"after"]


def test_a_message_larger_than_a_request_is_refused_before_it_is_queued(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic, max_request_size=1000, linger_ms=60_000)
    with pytest.raises(MessageSizeTooLarge, match="max_request_size"):
        producer.produce(b"x" * 1000)
    producer.stop()
    assert topic.partitions[0].latest_available_offset() == 0


def test_an_unknown_option_is_named_with_the_one_that_was_meant(
    topic: Topic, make_producer: MakeProducer
) -> None:
    with pytest.raises(UnknownOptionError, match=r"linger_sm.*linger_ms"):
        make_producer(topic, linger_sm=5)


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"max_queued_messages": 0}, InvalidOptionError),
        ({"linger_ms": -1}, InvalidOptionError),
        ({"required_acks": -2}, InvalidOptionError),
        ({"compression": 9}, InvalidOptionError),
        ({"linger_ms": "5"}, InvalidOptionTypeError),
    ],
    ids=repr,
)
def test_an_option_out_of_its_bounds_is_named(
    topic: Topic,
    make_producer: MakeProducer,
    option: dict[str, Any],
    error: type[KafkaException],
) -> None:
    with pytest.raises(error, match=next(iter(option))):
        make_producer(topic, **option)


@pytest.mark.kafka(until="0.9", why="from 0.10 on brokers store timestamps")
def test_a_timestamp_needs_brokers_that_store_it(topic: Topic, make_producer: MakeProducer) -> None:
    with pytest.raises(UnsupportedVersion, match="timestamp"):
        make_producer(topic).produce(b"x", timestamp=1_500_000_000_000)


@pytest.mark.parametrize(("codec", "package"), [("SNAPPY", "cramjam"), ("LZ4", "lz4")])
def test_a_codec_whose_package_is_missing_is_refused_when_the_producer_is_made(
    program: Program, codec: str, package: str
) -> None:
    status, out, err = program.run(
        f"""
        from pykafka.common import CompressionType
        from pykafka.exceptions import CodecNotAvailableError
        try:
            topic.get_producer(compression=CompressionType.{codec})
        except CodecNotAvailableError as error:
            print(error)
        with topic.get_producer() as producer:
            producer.produce(b"without")
        """,
        before="""
            import sys
            sys.modules.update(cramjam=None, lz4=None)
            """,
    )
    assert status == 0, err
    assert package in out


def test_use_after_stop_is_refused(topic: Topic, make_producer: MakeProducer) -> None:
    producer = make_producer(topic)
    producer.stop()
    for use in (lambda: producer.produce(b"x"), producer.flush):
        with pytest.raises(ProducerStoppedException, match="start"):
            use()


def test_reports_have_to_be_asked_for(topic: Topic, make_producer: MakeProducer) -> None:
    with pytest.raises(KafkaException, match="delivery_reports"):
        make_producer(topic).get_delivery_report()


# -- full queues --------------------------------------------------------------------------


def test_a_full_queue_is_an_error_where_blocking_is_off(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(
        topic, max_queued_messages=10, block_on_queue_full=False, linger_ms=60_000
    )
    sent = [producer.produce(b"%d" % n) for n in range(10)]
    with pytest.raises(ProducerQueueFullError, match="max_queued_messages=10"):
        producer.produce(b"one more")
    producer.stop()
    assert [m.value for m in stored(topic)[0]] == [m.value for m in sent]


@pytest.mark.parametrize(
    "bound", [{"max_queued_messages": 10}, {"max_queued_bytes": 1000}], ids=repr
)
def test_a_full_queue_makes_produce_wait_until_there_is_room(
    topic: Topic, make_producer: MakeProducer, stored: Stored, bound: dict[str, int]
) -> None:
    producer = make_producer(topic, linger_ms=60_000, **bound)
    for n in range(500):
        producer.produce(b"%d" % n)
    producer.stop()
    assert [m.value for m in stored(topic)[0]] == [b"%d" % n for n in range(500)]


# -- a broker's refusals ------------------------------------------------------------------


@pytest.fixture
def limited(make_topic: MakeTopic) -> Topic:
    """A topic whose messages brokers admit up to :data:`BROKER_LIMIT`."""
    return make_topic(1, **{"max.message.bytes": BROKER_LIMIT})


@pytest.fixture
def too_large(make_producer: MakeProducer, limited: Topic) -> Callable[..., Any]:
    """A producer that sends more than the broker admits."""
    return lambda **options: make_producer(limited, max_request_size=BROKER_LIMIT * 2, **options)


def test_a_message_over_the_brokers_limit_is_raised_to_a_sync_producer(too_large: Any) -> None:
    producer = too_large(sync=True)
    with pytest.raises(MessageSizeTooLarge):
        producer.produce(b"x" * BROKER_LIMIT)
    assert producer.produce(b"small").offset == 0


def test_a_message_over_the_brokers_limit_is_reported(too_large: Any) -> None:
    producer = too_large(delivery_reports=True, linger_ms=0)
    message = producer.produce(b"x" * BROKER_LIMIT)
    reported, error = producer.get_delivery_report(timeout=10)
    assert reported is message
    assert isinstance(error, MessageSizeTooLarge)


def _produce_until_it_raises(producer: Producer) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        producer.produce(b"small")


@pytest.mark.parametrize("where", ["produce", "flush", "stop"])
def test_a_message_over_the_brokers_limit_is_raised_where_nothing_else_tells(
    too_large: Any, limited: Topic, stored: Stored, where: str
) -> None:
    producer = too_large(linger_ms=0)
    lost = producer.produce(b"x" * BROKER_LIMIT)
    calls = {
        "produce": lambda: _produce_until_it_raises(producer),
        "flush": producer.flush,
        "stop": producer.stop,
    }
    with pytest.raises(ProduceFailureError) as caught:
        calls[where]()
    assert lost in caught.value.messages
    assert isinstance(caught.value.__cause__, MessageSizeTooLarge)
    producer.stop()
    assert {m.value for m in stored(limited)[0]} <= {b"small"}


# -- brokers that misbehave ---------------------------------------------------------------

Rogue = Callable[..., "tuple[RogueBroker, Topic]"]


@pytest.fixture
def rogue() -> Iterator[Rogue]:
    """``rogue(behaviour, ..., **client_options)``: such a broker and its topic."""
    with ExitStack() as ends:

        def make(*behaviours: Any, **options: Any) -> tuple[RogueBroker, Topic]:
            broker = ends.enter_context(RogueBroker(*behaviours))
            client = ends.enter_context(KafkaClient(broker.address, **options))
            return broker, client.topics[broker.topic]

        yield make


def test_an_error_code_that_nobody_knows_is_reported_with_its_number(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    _, topic = rogue(refuse(1234))
    with pytest.raises(ProtocolClientError, match="1234") as caught:
        make_producer(topic, sync=True).produce(b"x")
    assert caught.value.error_code == 1234


def test_a_broker_that_hangs_up_once_is_asked_again(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    broker, topic = rogue(HANG_UP, refuse(0))
    assert make_producer(topic, sync=True).produce(b"x").offset == 0
    assert len(broker.received) == 2


@tells_no_attempts
def test_a_broker_that_always_hangs_up_is_given_up_after_max_retries(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    broker, topic = rogue(HANG_UP)
    producer = make_producer(topic, sync=True, max_retries=2, retry_backoff_ms=10)
    with pytest.raises(ProduceFailureError, match="3 attempts") as caught:
        producer.produce(b"x")
    assert isinstance(caught.value.__cause__, SocketDisconnectedError)
    assert len(broker.received) == 3


def test_an_answer_that_is_garbage_is_an_error_of_the_package(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    _, topic = rogue(lambda _: b"\x00\x00\x00\x7fgarbage")
    producer = make_producer(topic, sync=True, max_retries=1, retry_backoff_ms=10)
    with pytest.raises(ProduceFailureError):
        producer.produce(b"x")


def test_a_broker_that_never_answers_does_not_hold_a_report_back(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    _, topic = rogue(SAY_NOTHING)
    producer = make_producer(topic, delivery_reports=True, linger_ms=0, delivery_timeout_ms=2000)
    begin = time.monotonic()
    producer.produce(b"x")
    _, error = producer.get_delivery_report(timeout=10)
    assert isinstance(error, ProduceFailureError)
    assert time.monotonic() - begin < 2.5


def test_a_sync_produce_waits_no_longer_than_pending_timeout(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    _, topic = rogue(SAY_NOTHING)
    producer = make_producer(topic, sync=True, pending_timeout_ms=300)
    begin = time.monotonic()
    with pytest.raises(ProduceFailureError, match="pending_timeout_ms"):
        producer.produce(b"x")
    assert time.monotonic() - begin < 1


def test_flush_gives_up_in_time_and_what_it_waited_for_stays_queued(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    broker, topic = rogue(SAY_NOTHING, refuse(0))
    producer = make_producer(topic, ack_timeout_ms=1, linger_ms=0)
    message = producer.produce(b"x")
    with pytest.raises(WaitTimedOutError, match="1 messages"):
        producer.flush(timeout_ms=300)
    assert message.offset == -1
    # Closing what the broker does not answer on makes the batch go again.
    broker.hang_up()
    producer.flush(timeout_ms=10_000)
    assert message.offset == 0


def test_stop_is_bounded_and_names_what_was_lost(rogue: Rogue, make_producer: MakeProducer) -> None:
    _, topic = rogue(SAY_NOTHING)
    producer = make_producer(topic, pending_timeout_ms=300)
    messages = [producer.produce(b"x") for _ in range(5)]
    begin = time.monotonic()
    with pytest.raises(ProduceFailureError, match="5 messages") as caught:
        producer.stop()
    assert time.monotonic() - begin < 2
    assert caught.value.messages == messages
    producer.stop()


@counts_what_it_has_written
def test_a_broken_connection_without_acknowledgements_is_reported_as_unknown(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    """A request larger than what the kernel buffers is under way when the broker hangs up."""
    _, topic = rogue(HANG_UP)
    producer = make_producer(
        topic,
        required_acks=0,
        delivery_reports=True,
        linger_ms=0,
        max_request_size=50_000_000,
    )
    outcomes = []
    deadline = time.monotonic() + 20
    while not any(error for _, error in outcomes):
        assert time.monotonic() < deadline
        producer.produce(b"x" * 20_000_000)
        outcomes.append(producer.get_delivery_report(timeout=10))
    assert "unknown" in str(outcomes[-1][1])


def test_a_broker_that_is_gone_fails_messages_within_delivery_timeout(
    rogue: Rogue, make_producer: MakeProducer
) -> None:
    broker, topic = rogue(refuse(0))
    producer = make_producer(topic, delivery_reports=True, linger_ms=0, delivery_timeout_ms=2000)
    broker.__exit__(None, None, None)
    begin = time.monotonic()
    for n in range(10):
        producer.produce(b"%d" % n)
    reports = [producer.get_delivery_report(timeout=10) for _ in range(10)]
    assert time.monotonic() - begin < 2.5
    assert [message.value for message, _ in reports] == [b"%d" % n for n in range(10)]
    assert all(isinstance(error, ProduceFailureError) for _, error in reports)
    with pytest.raises(queue.Empty):
        producer.get_delivery_report(block=False)


@pytest.mark.kafka(until="2.0", why="from 2.1 on brokers know every codec")
def test_a_codec_that_old_brokers_do_not_know_is_refused(
    topic: Topic, make_producer: MakeProducer
) -> None:
    with pytest.raises(UnsupportedVersion, match=r"ZSTD.*2\.1"):
        make_producer(topic, compression=CompressionType.ZSTD, sync=True).produce(b"x")
