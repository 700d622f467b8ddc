"""Forks: the child's copies are harmless, a client works on, a consumer says what to do."""

from __future__ import annotations

import sys

import pytest
from functional.client.programs import run_program
from functional.consumer.filling import add, numbered

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="no fork on Windows"),
]

#: Runs child() in a child process, and fails if that does.
_FORK = """
    import os, sys, traceback, warnings
    from pykafka import KafkaClient
    from pykafka.exceptions import ForkedProcessError
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks with threads, from 3.12 on

    def in_child(child):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "the child failed"

    def refused(call):
        try:
            call()
        except ForkedProcessError:
            return
        raise AssertionError(f"{call} was not refused")

    client = KafkaClient(sys.argv[1])
    topic = client.topics[sys.argv[2]]
"""


@pytest.fixture
def name(kafka: EmbeddedKafka, topic_name: str) -> str:
    """A topic with b"0" to b"99"."""
    kafka.create_topic(topic_name)
    with KafkaClient(kafka.bootstrap) as client:
        add(client.topics[topic_name], 0, numbered(100))
    return topic_name


def test_a_started_consumer_is_refused_in_the_child_and_goes_on_in_the_parent(
    kafka: EmbeddedKafka, name: str
) -> None:
    out = run_program(
        _FORK
        + """
    consumer = topic.get_simple_consumer("group", consumer_timeout_ms=500)
    got = [consumer.consume().value for _ in range(40)]

    def child():
        refused(consumer.consume)
        refused(lambda: next(iter(consumer)))
        refused(consumer.commit_offsets)
        refused(consumer.fetch_offsets)
        refused(consumer.reset_offsets)
        refused(consumer.start)
        consumer.stop()
        client.close()

    in_child(child)
    got += [message.value for message in consumer]
    assert got == [b"%d" % number for number in range(100)], got
    consumer.commit_offsets()
    print("done")
    """,
        kafka.bootstrap,
        name,
    )
    assert out == "done\n"


def test_a_client_works_in_the_child_and_in_the_parent(kafka: EmbeddedKafka, name: str) -> None:
    out = run_program(
        _FORK
        + """
    def read(group):
        with topic.get_simple_consumer(group, consumer_timeout_ms=500) as consumer:
            found = len([message for message in consumer])
            consumer.commit_offsets()
        return found

    def child():
        assert read("child") == 100
        assert topic.latest_available_offsets()[0].offset == [100]
        with topic.get_sync_producer() as producer:
            producer.produce(b"from the child")
        client.close()

    for turn in range(3):
        assert read(f"parent {turn}") == 100 + turn
        in_child(lambda: None)
        if turn:
            child = lambda: topic.latest_available_offsets()
            in_child(child)
        with topic.get_sync_producer() as producer:
            producer.produce(b"more")
    print("done")
    """,
        kafka.bootstrap,
        name,
    )
    assert out == "done\n"


def test_a_client_that_is_used_in_the_child_alone_and_closed_there(
    kafka: EmbeddedKafka, name: str
) -> None:
    out = run_program(
        _FORK
        + """
    def child():
        with topic.get_simple_consumer(consumer_timeout_ms=500) as consumer:
            assert len([message for message in consumer]) == 100
        client.close()
        print("child done")

    in_child(child)
    in_child(child)
    print("done")
    """,
        kafka.bootstrap,
        name,
    )
    assert out == "child done\nchild done\ndone\n"


def test_a_fork_while_other_threads_use_the_client(kafka: EmbeddedKafka, name: str) -> None:
    out = run_program(
        _FORK
        + """
    import threading
    sys.setswitchinterval(1e-5)
    ending = threading.Event()

    def work():
        with topic.get_simple_consumer(consumer_timeout_ms=100) as consumer:
            while not ending.is_set():
                consumer.consume(block=False)
                consumer.held_offsets
                client.topics[sys.argv[2]].partitions
                if consumer.held_offsets[0] == 99:
                    consumer.reset_offsets()

    threads = [threading.Thread(target=work) for _ in range(3)]
    # A child inherits the lock of an import that another thread is in the middle of: Python's
    # own affair, so that what is imported late is imported now.
    topic.get_simple_consumer().stop()
    for thread in threads:
        thread.start()

    def child():
        with client.topics[sys.argv[2]].get_simple_consumer(consumer_timeout_ms=500) as consumer:
            assert len([message for message in consumer]) == 100

    for _ in range(8):
        in_child(child)
    ending.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    print("done")
    """,
        kafka.bootstrap,
        name,
    )
    assert out == "done\n"
