"""2.x's handlers, over the runtime's backends."""

from __future__ import annotations

import importlib.util
import queue
import threading

import pytest

from pykafka.exceptions import UsageError, WaitTimedOutError
from pykafka.handlers import GEventHandler, Handler, ResponseFuture, ThreadingHandler

NO_GEVENT = importlib.util.find_spec("gevent") is None


@pytest.fixture(params=["threads", "greenlets"])
def handler(request: pytest.FixtureRequest) -> Handler:
    if request.param == "threads":
        return ThreadingHandler()
    if NO_GEVENT:
        pytest.skip("gevent is not installed")
    return GEventHandler()


def test_the_primitives_work_together(handler: Handler) -> None:
    queue_, event, lock = handler.Queue(), handler.Event(), handler.Lock()

    def work(item: str, end: str) -> None:
        with lock:
            queue_.put(item + end)
        event.set()

    worker = handler.spawn(work, "a", end="b", name="test")
    assert event.wait(10)
    worker.join(10)
    assert queue_.get(timeout=1) == "ab"
    with pytest.raises(queue.Empty):
        queue_.get(block=False)


def test_a_spawned_thread_has_its_name() -> None:
    names: list[str] = []
    ThreadingHandler().spawn(
        lambda: names.append(threading.current_thread().name), name="fetcher"
    ).join(10)
    assert names == ["pykafka fetcher"]


@pytest.mark.skipif(not NO_GEVENT, reason="gevent is installed")
def test_greenlets_without_gevent_say_what_to_install() -> None:
    with pytest.raises(UsageError, match=r"pip install pykafka\[gevent\]"):
        GEventHandler()


def test_a_future_gives_what_was_set(handler: Handler) -> None:
    future = ResponseFuture(handler)
    handler.spawn(future.set_response, b"answer")
    assert future.get(timeout=10) == b"answer"
    assert future.get(lambda answer, times: answer * times, times=2) == b"answeranswer"


def test_a_future_raises_the_error_that_was_set(handler: Handler) -> None:
    future = ResponseFuture(handler)
    future.set_error(LookupError("lost"))
    with pytest.raises(LookupError, match="lost"):
        future.get()


def test_a_future_does_not_wait_longer_than_told(handler: Handler) -> None:
    with pytest.raises(WaitTimedOutError, match=r"0\.01 s"):
        ResponseFuture(handler).get(timeout=0.01)
