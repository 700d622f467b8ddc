"""The I/O loop and the runner of procedures."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pykafka.exceptions import KafkaException, SocketDisconnectedError
from pykafka.runtime.backend import ThreadBackend
from pykafka.runtime.loop import Loop
from pykafka.runtime.tasks import Signal, Task

BOUND_S = 10.0


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop(ThreadBackend(), "test")
    yield made
    made.stop(BOUND_S)


def test_calls_run_in_order_on_the_loops_thread(loop):
    seen: queue.Queue[Any] = queue.Queue()
    for number in range(100):
        loop.call_soon(lambda n=number: seen.put((n, loop.on_loop())))
    assert [seen.get(timeout=BOUND_S) for _ in range(100)] == [(n, True) for n in range(100)]
    assert not loop.on_loop()


def test_no_call_from_many_threads_is_lost(loop):
    seen: queue.Queue[int] = queue.Queue()

    def post() -> None:
        for number in range(2000):
            loop.call_soon(seen.put, number)

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND_S)
    assert sum(seen.get(timeout=BOUND_S) for _ in range(8000)) == 4 * sum(range(2000))


def test_timers_run_when_due_and_not_when_cancelled(loop):
    seen: queue.Queue[str] = queue.Queue()

    def arm() -> None:
        loop.call_later(0.06, seen.put, "later")
        loop.call_later(0.01, seen.put, "soon")
        loop.call_later(0.02, seen.put, "never").cancel()

    start = time.monotonic()
    loop.call_soon(arm)
    assert [seen.get(timeout=BOUND_S) for _ in range(2)] == ["soon", "later"]
    assert time.monotonic() - start >= 0.06
    assert seen.empty()


def test_a_callback_that_fails_is_logged_and_the_loop_goes_on(loop, caplog):
    seen: queue.Queue[str] = queue.Queue()
    with caplog.at_level(logging.ERROR, "pykafka.runtime"):
        loop.call_soon(lambda: 1 / 0)
        loop.call_soon(seen.put, "alive")
        assert seen.get(timeout=BOUND_S) == "alive"
    assert "ZeroDivisionError" in caplog.text


def test_stopping_twice_is_harmless_and_ends_the_thread():
    loop = Loop(ThreadBackend(), "ends")
    loop.stop(BOUND_S)
    loop.stop(BOUND_S)
    assert not any(thread.name == "pykafka ends" for thread in threading.enumerate())


class Performer:
    """Answers effects now, or when told to."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def __call__(self, effect, resume):
        if effect == "now":
            resume("answer", None)
        elif effect == "refuse":
            raise KafkaException("refused")
        else:
            self.waiting.append(resume)


def run(procedure, performer=None):
    return Task(procedure, performer or Performer()).start()


def test_a_long_row_of_answers_that_are_all_there_does_not_recurse():
    def procedure():
        for _ in range(5000):
            assert (yield "now") == "answer"
        return "end"

    assert run(procedure()).result == "end"


def test_an_effect_that_is_refused_is_an_error_in_the_procedure():
    def procedure():
        with pytest.raises(KafkaException):
            yield "refuse"
        return (yield "now")

    assert run(procedure()).result == "answer"


def test_an_answer_that_comes_later_resumes_and_a_second_one_is_ignored():
    performer = Performer()

    def procedure():
        first = yield "later"
        second = yield "later"
        return first, second

    task = run(procedure(), performer)
    first = performer.waiting[0]
    first(1, None)
    first(99, None)
    performer.waiting[1](2, None)
    assert task.result == (1, 2)


def test_what_a_procedure_raises_goes_to_whoever_waits():
    def procedure():
        yield "later"

    performer = Performer()
    task = run(procedure(), performer)
    ended: list[Task] = []
    task.when_done(ended.append)
    performer.waiting[0](None, SocketDisconnectedError("gone"))
    assert ended == [task]
    assert isinstance(task.error, SocketDisconnectedError)
    task.when_done(ended.append)
    assert ended == [task, task]


def test_a_task_that_is_cancelled_closes_its_procedure_and_hears_no_answer():
    performer = Performer()
    closed = []

    def procedure():
        try:
            yield "later"
        finally:
            closed.append(True)

    task = run(procedure(), performer)
    task.cancel(KafkaException("stopped"))
    task.cancel(KafkaException("again"))
    performer.waiting[0](1, None)
    assert closed == [True]
    assert str(task.error) == "stopped"


def test_a_signal_that_was_set_before_is_not_waited_for():
    signal = Signal()
    woken: list[bool] = []
    signal.set()
    assert signal.wait(lambda: woken.append(True))
    assert not signal.wait(lambda: woken.append(True))
    signal.set()
    assert woken == [True]
    signal.wait(lambda: woken.append(False))
    signal.forget()
    signal.set()
    assert woken == [True]
