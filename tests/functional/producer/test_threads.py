"""Several threads, one producer: nothing is lost between them, nor on the way out."""

from __future__ import annotations

import itertools
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from functional.producer.scenario import MakeProducer, MakeTopic, Stored

from pykafka.exceptions import ProducerStoppedException
from pykafka.message import Message
from pykafka.topic import Topic


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads take turns often, so that a race has many chances."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """Run ``work(number)`` in so many threads that start at one moment; what they return."""
    start = threading.Barrier(count)

    def run(number: int) -> object:
        start.wait(10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [done.result(60) for done in [pool.submit(run, n) for n in range(count)]]


@pytest.mark.usefixtures("frequent_switches")
def test_each_threads_messages_keep_their_order(
    make_topic: MakeTopic, make_producer: MakeProducer, stored: Stored
) -> None:
    topic = make_topic(2)
    producer = make_producer(topic, linger_ms=1, max_queued_messages=500)

    def work(number: int) -> None:
        for n in range(2000):
            producer.produce(b"%d %d" % (number, n))

    together(8, work)
    producer.stop()
    for messages in stored(topic).values():
        for number in range(8):
            mine = [
                int(m.value.split()[1]) for m in messages if m.value.split()[0] == b"%d" % number
            ]
            assert mine == sorted(mine)
    values = Counter(m.value for messages in stored(topic).values() for m in messages)
    assert values == Counter(b"%d %d" % (number, n) for number in range(8) for n in range(2000))


def test_a_thread_gets_the_reports_of_its_own_messages(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic, delivery_reports=True, linger_ms=5)

    def work(number: int) -> None:
        mine = [producer.produce(b"%d %d" % (number, n)) for n in range(300)]
        reported = [producer.get_delivery_report(timeout=20)[0] for _ in mine]
        assert reported == mine
        with pytest.raises(queue.Empty):
            producer.get_delivery_report(block=False)

    together(6, work)
    with pytest.raises(queue.Empty):
        producer.get_delivery_report(block=False)


@pytest.mark.usefixtures("frequent_switches")
def test_sync_producing_from_many_threads(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, sync=True)

    def work(number: int) -> list[int]:
        return [producer.produce(b"%d %d" % (number, n)).offset for n in range(100)]

    offsets = [offset for offsets in together(8, work) for offset in offsets]  # type: ignore[attr-defined]
    assert sorted(offsets) == list(range(800))
    assert len(stored(topic)[0]) == 800


@pytest.mark.usefixtures("frequent_switches")
@pytest.mark.parametrize("round_", range(5))
def test_stopping_while_threads_produce_accounts_for_every_message(
    make_topic: MakeTopic, make_producer: MakeProducer, stored: Stored, round_: int
) -> None:
    """Whatever ``produce`` has returned is stored; what it has raised for is not."""
    topic = make_topic(3)
    producer = make_producer(topic, linger_ms=0 if round_ % 2 else 1000)
    well_under_way = threading.Event()

    def work(number: int) -> list[Message]:
        sent = []
        try:
            for n in itertools.count():
                sent.append(producer.produce(b"%d %d" % (number, n)))
                if n == 500:
                    well_under_way.set()
        except ProducerStoppedException:
            return sent
        raise AssertionError("it went on for ever")

    def stop() -> None:
        assert well_under_way.wait(20)
        begin = time.monotonic()
        producer.stop()
        took.append(time.monotonic() - begin)

    took: list[float] = []
    stopper = threading.Thread(target=stop)
    stopper.start()
    sent = [message for messages in together(6, work) for message in messages]  # type: ignore[attr-defined]
    stopper.join(20)
    assert took[0] < 3
    assert [message for message in sent if message.offset < 0] == []
    found = Counter(m.value for messages in stored(topic).values() for m in messages)
    assert found == Counter(message.value for message in sent)


@pytest.mark.usefixtures("frequent_switches")
def test_stopping_and_starting_while_threads_produce_loses_nothing(
    topic: Topic, make_producer: MakeProducer, stored: Stored
) -> None:
    producer = make_producer(topic, linger_ms=1)

    def work(number: int) -> list[bytes]:
        sent = []
        while len(sent) < 1000:
            value = b"%d %d" % (number, len(sent))
            try:
                producer.produce(value)
            except ProducerStoppedException:
                continue
            sent.append(value)
        return sent

    over = threading.Event()

    def stop_and_start() -> None:
        while not over.wait(0.02):
            producer.stop()
            producer.start()

    restarter = threading.Thread(target=stop_and_start)
    restarter.start()
    sent = [value for values in together(4, work) for value in values]  # type: ignore[attr-defined]
    over.set()
    restarter.join(20)
    producer.stop()
    assert Counter(m.value for m in stored(topic)[0]) == Counter(sent)


def test_threads_that_wait_for_room_are_let_go_by_stop(
    topic: Topic, make_producer: MakeProducer
) -> None:
    producer = make_producer(topic, max_queued_messages=10, linger_ms=60_000)
    blocked = threading.Barrier(5)

    def work(_: int) -> None:
        blocked.wait(10)
        with suppress(ProducerStoppedException):
            while True:
                producer.produce(b"x")

    def stop() -> None:
        blocked.wait(10)
        producer.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, n) for n in range(4)]:
            done.result(30)
    stopper.join(20)
    assert not stopper.is_alive()
