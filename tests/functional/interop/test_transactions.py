"""Transactions that confluent-kafka writes: what is delivered of them, and where readers stand."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any

import pytest
from functional.interop.transactions import Log, Row, Transactional
from services import Implementation, end_because_missing

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.simpleconsumer import SimpleConsumer

COMMITTED = "read_committed"
#: Long enough for a busy machine to fetch what is there; tests wait for it where iterating ends.
ENDS_MS = 1200
WITHIN_S = 30.0

pytestmark = pytest.mark.kafka(since="0.11", why="transactions came with 0.11")

MakeLog = Callable[..., Log]
Consume = Callable[..., SimpleConsumer]


@pytest.fixture(scope="module")
def transactional(kafka: EmbeddedKafka, pytestconfig: pytest.Config) -> Iterator[Transactional]:
    try:
        import confluent_kafka  # noqa: F401 - whether it is there
    except ModuleNotFoundError:
        end_because_missing(pytestconfig, "confluent-kafka, to write transactions")
    with Transactional(kafka) as producers:
        yield producers


@pytest.fixture
def make_log(
    kafka: EmbeddedKafka, client: KafkaClient, topic_name: str, transactional: Transactional
) -> Iterator[MakeLog]:
    """``make_log(codec)``: an empty log."""

    def make(codec: str = "none") -> Log:
        kafka.create_topic(topic_name, 1)
        return Log(client.topics[topic_name], transactional, codec)

    yield make
    transactional.abort_all()


@pytest.fixture
def log(make_log: MakeLog) -> Log:
    """An empty log."""
    return make_log()


@pytest.fixture
def consume(implementation: Implementation) -> Iterator[Consume]:
    """``consume(log, **options)``: a consumer that iterates to the end, stopped after the test."""
    with ExitStack() as stack:

        def make(log: Log, **options: Any) -> SimpleConsumer:
            settings = {"consumer_timeout_ms": ENDS_MS, "fetch_wait_max_ms": 20}
            consumer = log.topic.get_simple_consumer(
                **{**settings, **implementation.options, **options}
            )
            stack.callback(consumer.cleanup)
            return consumer

        yield make


def rows(consumer: SimpleConsumer, count: int | None = None) -> list[Row]:
    """So many messages, or all until none comes in time."""
    return [(message.offset, message.value) for message in islice(consumer, count)]


def await_the_end(consumer: SimpleConsumer, committed: Callable[[], int], end: int) -> None:
    """Ask for messages, of which there is none, until the group has committed the end."""
    deadline = time.monotonic() + WITHIN_S
    while (found := committed()) != end:
        assert consumer.consume(block=False) is None
        assert time.monotonic() < deadline, f"{found} is committed, the end is {end}"
        time.sleep(0.005)


def committed_offset(consume: Consume, log: Log, group: str) -> int:
    """What the group has stored."""
    asks = consume(log, consumer_group=group, auto_start=False)
    return dict(asks.fetch_offsets())[0].offset


def mixed(log: Log) -> Log:
    """Committed, aborted, interleaved with each other and with messages outside of them."""
    log.plain(b"before")
    log.begin("a")
    log.send("a", b"a0", b"a1", b"a2")
    log.commit("a")
    log.begin("a")
    log.send("a", b"a3: aborted", b"a4: aborted")
    log.plain(b"amid an aborted one")
    log.send("a", b"a5: aborted")
    log.abort("a")
    log.begin("a")
    log.begin("b")
    log.send("a", b"a6")
    log.send("b", b"b0: aborted")
    log.plain(b"amid two")
    log.send("a", b"a7")
    log.abort("b")
    log.begin("b")
    log.send("b", b"b1")
    log.commit("a")
    log.send("b", b"b2")
    log.commit("b")
    return log


@pytest.mark.parametrize("codec", ["none", "gzip"])
def test_committed_messages_come_in_order_and_at_their_offsets(
    make_log: MakeLog, consume: Consume, codec: str
) -> None:
    log = mixed(make_log(codec))
    committed = consume(log, isolation_level=COMMITTED)
    assert rows(committed, len(log.committed)) == log.committed
    assert committed.held_offsets == {0: log.committed[-1][0]}


def test_by_default_what_was_aborted_comes_too(log: Log, consume: Consume) -> None:
    mixed(log)
    log.plain(b"behind the last marker")
    uncommitted = consume(log)
    assert rows(uncommitted, len(log.rows)) == log.rows
    assert uncommitted.held_offsets == {0: log.end - 1}


def test_any_order_of_events_is_read_as_librdkafka_reads_it(
    log: Log, consume: Consume, kafka: EmbeddedKafka, rng: random.Random
) -> None:
    for number in range(40):
        letter = rng.choice("abc")
        if letter not in log.letters():
            log.begin(letter)
        act = rng.choice(["send", "send", "send", "commit", "abort", "plain"])
        values = [b"%d: %d" % (number, part) for part in range(rng.randrange(1, 4))]
        if act == "plain":
            log.plain(*values)
        elif act == "send":
            log.send(letter, *values)
        else:
            getattr(log, act)(letter)
    for letter in log.letters():
        log.abort(letter)
    log.plain(b"the end")
    found = rows(consume(log, isolation_level=COMMITTED), len(log.committed))
    assert found == log.committed
    assert found == as_librdkafka_reads(kafka, log, len(log.committed))


def as_librdkafka_reads(kafka: EmbeddedKafka, log: Log, count: int) -> list[Row]:
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": "interop",
            "isolation.level": COMMITTED,
            "enable.auto.commit": False,
        }
    )
    try:
        consumer.assign([TopicPartition(log.topic.name.decode(), 0, OFFSET_BEGINNING)])
        return [(one.offset(), one.value()) for one in consumer.consume(count, 30)]
    finally:
        consumer.close()


@pytest.mark.parametrize("isolation_level", [COMMITTED, "read_uncommitted"])
def test_a_group_that_read_all_has_committed_the_end_behind_the_last_marker(
    log: Log, consume: Consume, topic_name: str, isolation_level: str
) -> None:
    mixed(log)
    options = {"consumer_group": topic_name, "isolation_level": isolation_level}
    first = consume(log, **options)
    wanted = log.committed if isolation_level == COMMITTED else log.rows
    assert rows(first) == wanted
    first.commit_offsets()
    assert committed_offset(consume, log, topic_name) == log.end
    log.plain(b"later")
    assert rows(consume(log, **options), 1) == [log.rows[-1]]


@pytest.mark.parametrize("when", ["regularly", "at the end"])
def test_auto_commit_stores_the_end_behind_the_last_marker(
    log: Log, consume: Consume, topic_name: str, when: str
) -> None:
    mixed(log)
    consumer = consume(
        log,
        consumer_group=topic_name,
        isolation_level=COMMITTED,
        auto_commit_enable=True,
        auto_commit_interval_ms=50 if when == "regularly" else 60_000,
    )
    if when == "regularly":
        assert rows(consumer, len(log.committed)) == log.committed
        await_the_end(consumer, lambda: committed_offset(consume, log, topic_name), log.end)
    else:
        assert rows(consumer) == log.committed
        consumer.stop()
        assert committed_offset(consume, log, topic_name) == log.end


def test_a_group_goes_on_in_the_middle_of_a_transaction(
    log: Log, consume: Consume, topic_name: str
) -> None:
    log.begin("a")
    log.send("a", b"0", b"1", b"2", b"3")
    log.commit("a")
    log.begin("a")
    log.send("a", b"aborted")
    log.abort("a")
    log.plain(b"behind")
    options = {"consumer_group": topic_name, "isolation_level": COMMITTED}
    first = consume(log, **options)
    assert rows(first, 2) == log.committed[:2]
    assert first.held_offsets == {0: 1}
    first.commit_offsets()
    assert committed_offset(consume, log, topic_name) == 2
    assert rows(consume(log, **options), 3) == log.committed[2:]


@pytest.mark.parametrize("ending", ["commit", "abort"])
def test_an_open_transaction_holds_back_all_behind_it(
    log: Log, consume: Consume, topic_name: str, ending: str
) -> None:
    log.plain(b"before")
    log.begin("a")
    log.send("a", b"a0", b"a1")
    log.plain(b"behind")
    consumer = consume(log, consumer_group=topic_name, isolation_level=COMMITTED)
    assert rows(consumer) == [(0, b"before")]
    assert consumer.held_offsets == {0: 0}
    consumer.commit_offsets()
    assert committed_offset(consume, log, topic_name) == log.stable_end == 1
    assert rows(consume(log), len(log.rows)) == log.rows
    getattr(log, ending)("a")
    assert rows(consumer, len(log.committed) - 1) == log.committed[1:]


def test_the_end_of_a_log_is_where_the_first_open_transaction_begins(
    log: Log, consume: Consume
) -> None:
    log.plain(b"before")
    log.begin("a")
    log.send("a", b"a0")
    at_end = {"auto_offset_reset": OffsetType.LATEST, "reset_offset_on_start": True}
    committed, uncommitted = (
        consume(log, isolation_level=COMMITTED, **at_end),
        consume(log, **at_end),
    )
    log.commit("a")
    log.plain(b"behind")
    assert rows(committed, 2) == log.committed[1:]
    assert rows(uncommitted, 1) == log.committed[2:]


def test_a_log_of_aborted_messages_alone_is_passed(
    log: Log, consume: Consume, topic_name: str
) -> None:
    log.begin("a")
    log.send("a", *[b"aborted"] * 50)
    log.abort("a")
    consumer = consume(log, consumer_group=topic_name, isolation_level=COMMITTED)

    def commit() -> int:
        consumer.commit_offsets()
        return committed_offset(consume, log, topic_name)

    assert log.end == 51
    await_the_end(consumer, commit, log.end)
    assert consumer.held_offsets == {0: OffsetType.EARLIEST}
    log.plain(b"behind")
    assert rows(consumer, 1) == [(51, b"behind")]
