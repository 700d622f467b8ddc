"""How programs end: without stop(), interrupted, forked, on greenlets; nothing just vanishes."""

from __future__ import annotations

import os
import signal
import time

import pytest
from functional.producer.rogue import SAY_NOTHING, RogueBroker
from functional.producer.scenario import MakeTopic, Program, Stored

from pykafka.topic import Topic

_HUNDRED = """
producer = topic.get_producer(linger_ms=60_000, **options)
for n in range(100):
    producer.produce(b"%d" % n)
"""
HUNDRED = [b"%d" % n for n in range(100)]


def values_of(stored: Stored, topic: Topic) -> list[bytes | None]:
    return [message.value for message in stored(topic)[0]]


# -- without stop() -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "status"),
    [("", 0), ("sys.exit(3)", 3), ("raise RuntimeError('mine')", 1)],
    ids=["the last line", "sys.exit", "an exception"],
)
def test_what_is_queued_when_the_program_ends_is_sent(
    topic: Topic, program: Program, stored: Stored, end: str, status: int
) -> None:
    """2.8 stored none of them."""
    begin = time.monotonic()
    ended, _, err = program.run(f"{_HUNDRED}\n{end}\n")
    assert ended == status, err
    assert time.monotonic() - begin < 5
    assert values_of(stored, topic) == HUNDRED


def test_what_the_locals_of_a_function_leave_behind_is_sent(
    topic: Topic, program: Program, stored: Stored
) -> None:
    status, _, err = program.run(
        """
        name, client, topic = topic.name, None, None
        def main():
            client = pykafka.KafkaClient(hosts)
            producer = client.topics[name].get_producer(linger_ms=60_000, **options)
            for n in range(100):
                producer.produce(b"%d" % n)
        main()
        import gc
        gc.collect()
        """
    )
    assert (status, err) == (0, "")
    assert values_of(stored, topic) == HUNDRED


def test_what_is_dropped_is_sent_while_the_program_goes_on(
    topic: Topic, program: Program, stored: Stored
) -> None:
    process = program.start(
        _HUNDRED
        + """
producer = topic = client = None
import gc
gc.collect()
print("dropped", flush=True)
sys.stdin.readline()
os._exit(0)
"""
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "dropped\n"
    _wait_until_stored(topic, 100)
    process.communicate("\n", timeout=10)
    assert values_of(stored, topic) == HUNDRED


def _wait_until_stored(topic: Topic, count: int) -> None:
    deadline = time.monotonic() + 10
    while topic.partitions[0].latest_available_offset() < count:
        assert time.monotonic() < deadline, f"{count} messages were not stored"
        time.sleep(0.01)


@pytest.mark.parametrize("reports", [False, True], ids=["plain", "with reports"])
def test_what_cannot_be_sent_when_the_program_ends_is_counted_on_standard_error(
    program: Program, reports: bool
) -> None:
    with RogueBroker(SAY_NOTHING) as broker:
        begin = time.monotonic()
        status, _, err = program.run(
            f"""
            topic = (client := pykafka.KafkaClient({broker.address!r})).topics["rogue"]
            producer = topic.get_producer(
                linger_ms=60_000, pending_timeout_ms=60_000, delivery_reports={reports}, **options
            )
            for n in range(100):
                producer.produce(b"%d" % n)
            """
        )
    assert status == 0
    assert "100 messages" in err
    assert "Traceback" not in err
    # 5 s for the messages, the rest for a busy machine to start and end a program.
    assert time.monotonic() - begin < 20


# -- interrupted --------------------------------------------------------------------------

_ON_A_SILENT_BROKER = """
client = pykafka.KafkaClient({address!r})
topic = client.topics["rogue"]
producer = topic.get_producer(
    max_queued_messages=10, linger_ms=0, pending_timeout_ms=60_000, sync={sync}, **options
)
def blocked_produce():
    while True:
        producer.produce(b"x")
def blocked_flush():
    producer.produce(b"x")
    producer.flush()
def blocked_stop():
    producer.produce(b"x")
    producer.stop()
print("ready", flush=True)
began = time.monotonic()
try:
    {call}()
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(
    ("call", "sync"),
    [
        ("blocked_produce", False),
        ("blocked_produce", True),
        ("blocked_flush", False),
        ("blocked_stop", False),
    ],
    ids=["produce on a full queue", "sync produce", "flush", "stop"],
)
def test_control_c_ends_every_blocking_call(program: Program, call: str, sync: bool) -> None:
    with RogueBroker(SAY_NOTHING) as broker:
        code = _ON_A_SILENT_BROKER.format(address=broker.address, call=call, sync=sync)
        process = program.start(code)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 10
        while not broker.received:  # then the call has begun to wait
            assert time.monotonic() < deadline
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 1
        program.end(process)


def test_after_control_c_the_end_of_the_program_still_sends(
    topic: Topic, program: Program, stored: Stored
) -> None:
    process = program.start(_HUNDRED + 'print("ready", flush=True)\ntime.sleep(30)\n')
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    program.end(process, within_s=6)
    assert values_of(stored, topic) == HUNDRED


# -- forked -------------------------------------------------------------------------------

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@needs_fork
def test_a_fork_leaves_the_parent_alone_and_sends_nothing_twice(
    topic: Topic, program: Program, stored: Stored
) -> None:
    status, out, err = program.run(
        _HUNDRED
        + """
from pykafka.exceptions import ForkedProcessError
pid = os.fork()
if not pid:
    for call in (lambda: producer.produce(b"child"), producer.flush, producer.start):
        try:
            call()
        except ForkedProcessError as error:
            print("refused:", error, flush=True)
    producer.stop()
    sys.exit(7)
print("child:", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
producer.produce(b"parent")
producer.stop()
"""
    )
    assert status == 0, err
    assert out.count("refused") == 3, out + err
    assert "child: 7" in out
    assert values_of(stored, topic) == [*HUNDRED, b"parent"]


@needs_fork
def test_reports_are_not_waited_for_in_a_forked_child(program: Program) -> None:
    status, out, err = program.run(
        """
        from pykafka.exceptions import ForkedProcessError
        producer = topic.get_producer(delivery_reports=True, linger_ms=60_000, **options)
        producer.produce(b"parent")
        pid = os.fork()
        if not pid:
            try:
                producer.get_delivery_report()
            except ForkedProcessError as error:
                print("refused:", error, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        """,
        within_s=10,
    )
    assert status == 0, err
    assert "refused" in out


@needs_fork
def test_a_forked_child_makes_a_producer_of_its_own(
    topic: Topic, program: Program, stored: Stored
) -> None:
    status, out, err = program.run(
        """
        producer = topic.get_producer(linger_ms=0, **options)
        producer.produce(b"parent")
        producer.flush()
        pid = os.fork()
        if not pid:
            with topic.get_producer(**options) as own:
                own.produce(b"child")
            sys.exit(0)
        print("child:", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert status == 0, err
    assert "child: 0" in out, err
    assert values_of(stored, topic) == [b"parent", b"child"]


@needs_fork
def test_what_a_multiprocessing_child_has_queued_when_it_ends_is_sent(
    topic: Topic, program: Program, stored: Stored
) -> None:
    status, _, err = program.run(
        """
        import multiprocessing
        def work():
            own = pykafka.KafkaClient(hosts)
            producer = own.topics[topic.name].get_producer(linger_ms=60_000, **options)
            for n in range(100):
                producer.produce(b"%d" % n)
            globals().update(kept=producer)
        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join(20)
        print(child.exitcode)
        """
    )
    assert status == 0, err
    assert values_of(stored, topic) == HUNDRED


# -- greenlets ----------------------------------------------------------------------------


def test_a_producer_on_greenlets_sends_waits_and_stops(
    make_topic: MakeTopic, program: Program, stored: Stored
) -> None:
    pytest.importorskip("gevent")
    topic = make_topic(1)
    status, out, err = program.run(
        """
        import gevent
        from pykafka.exceptions import ProducerStoppedException
        producer = topic.get_producer(linger_ms=60_000, max_queued_messages=50, **options)
        for n in range(100):
            producer.produce(b"%d" % n)  # waits for room
        def other():
            for n in range(100, 120):
                producer.produce(b"%d" % n)
        jobs = [gevent.spawn(other)]
        gevent.joinall(jobs, raise_error=True)
        producer.flush(timeout_ms=10_000)
        print("threads:", threading.active_count())
        with topic.get_sync_producer(**options) as sync:
            assert sync.produce(b"120").offset == 120
        with topic.get_producer(delivery_reports=True, linger_ms=0, **options) as reporting:
            reporting.produce(b"121")
            message, error = reporting.get_delivery_report(timeout=10)
            assert (message.offset, error) == (121, None), error
        producer.produce(b"122")
        """,
        before='client_options = {"use_greenlets": True}\n',
    )
    assert status == 0, err
    assert "threads: 1" in out
    assert values_of(stored, topic) == [b"%d" % n for n in range(123)]


def test_killed_programs_leave_whole_batches_or_nothing(
    topic: Topic, program: Program, stored: Stored
) -> None:
    """SIGKILL loses what was not sent, but what is in the log is in order and whole."""
    process = program.start(
        """
        producer = topic.get_producer(linger_ms=1, **options)
        print("ready", flush=True)
        n = 0
        while True:
            producer.produce(b"%d" % n)
            n += 1
        """
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    _wait_until_stored(topic, 1000)
    process.kill()
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL
    found = values_of(stored, topic)
    assert found == [b"%d" % n for n in range(len(found))]
