"""The Kafka bolt by itself: what it decides before any broker has answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import SocketDisconnectedError
from pykafka.storm import KafkaBolt, Tuple

#: Seconds for a thread to do its part.
_WITHIN = 20.0


class Told:
    """What the bolt says to Storm."""

    def __init__(self) -> None:
        self.acked: list[Any] = []
        self.failed: list[Any] = []
        self.errors: list[str] = []

    def ack(self, tup_id: Any) -> None:
        self.acked.append(tup_id)

    def fail(self, tup_id: Any) -> None:
        self.failed.append(tup_id)

    def report_error(self, message: str) -> None:
        self.errors.append(message)

    def log(self, message: str, level: int) -> None:
        self.errors.append(message)


class Nowhere(KafkaBolt):
    """Looks for Kafka where there is none.

    :ivar looks: how often it has looked.
    """

    topic_field = "topic"
    value_field = "value"

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.go_on = threading.Event()

    def make_client(self, settings: Any) -> Any:
        self.go_on.wait(_WITHIN)
        self.looks += 1
        raise SocketDisconnectedError("nobody is there")


Start = Callable[..., tuple[Nowhere, Told]]


@pytest.fixture
def start() -> Iterator[Start]:
    """``start(**options)``: a bolt, and what it tells."""
    begun: list[Nowhere] = []

    def started(**options: Any) -> tuple[Nowhere, Told]:
        bolt, told = Nowhere(), Told()
        begun.append(bolt)
        conf = {f"pykafka.bolt.{name}": value for name, value in options.items()}
        context = {
            "taskid": 1,
            "componentid": "results",
            "source->stream->fields": {"source": {"default": ["topic", "value"]}},
        }
        bolt.storm_start(conf, context, told)  # type: ignore[arg-type]  # emits nothing
        return bolt, told

    yield started
    for bolt in begun:
        bolt.go_on.set()
        bolt.close()


def deliver(bolt: Nowhere, *ids: int, topic: str = "results") -> None:
    """Hand over tuples."""
    for id_ in ids:
        bolt.storm_deliver(Tuple(str(id_), "source", "default", 7, (topic, f"value {id_}")))


@pytest.mark.parametrize("bound", [{"max_in_flight": 3}, {"max_in_flight_bytes": 3 * 200}])
def test_it_is_full_with_the_tuple_that_fills_it(start: Start, bound: dict[str, int]) -> None:
    bolt, _ = start(**bound)
    deliver(bolt, 1, 2)
    assert not bolt.storm_full
    deliver(bolt, 3)
    assert bolt.storm_full


def test_after_each_look_there_is_a_time_for_the_next_one(start: Start) -> None:
    """Else the loop that runs it would look, and look, and do nothing else."""
    bolt, _ = start()
    deliver(bolt, 1)
    pauses = []
    for _ in range(8):
        bolt.storm_flush()
        deadline = bolt.storm_deadline
        assert deadline is not None
        pauses.append(deadline - time.monotonic())
    assert all(pause > 0 for pause in pauses)
    # It looks more and more rarely while nothing comes.
    assert pauses[-1] > 2 * pauses[0]


def test_with_nothing_under_way_it_looks_no_more(start: Start) -> None:
    bolt, told = start(delivery_timeout_ms=100)
    deliver(bolt, 1)
    _flush_until(bolt, lambda: told.failed == ["1"])
    assert bolt.storm_deadline is None
    assert any("not sent within 0.1 s" in text for text in told.errors)


def test_nothing_is_looked_for_that_no_tuple_waits_for(start: Start) -> None:
    """A topic's name may come from data, and be wrong."""
    bolt, told = start(delivery_timeout_ms=1000)
    deliver(bolt, 1, topic="lost")
    # The first look hangs until its tuple has failed.
    _flush_until(bolt, lambda: told.failed == ["1"])
    looked = _note_topics(bolt)
    deliver(bolt, 2, topic="wanted")
    bolt.go_on.set()
    # Topics take turns.
    _flush_until(bolt, lambda: looked.count("wanted") == 2)
    assert set(looked) == {"wanted"}


def _note_topics(bolt: Nowhere) -> list[str]:
    """What is looked for from now on."""
    looked: list[str] = []
    producers = bolt._outbox._makers
    grant = producers._grant

    def noting(topic: str) -> Any:
        looked.append(topic)
        return grant(topic)

    producers._grant = noting  # type: ignore[method-assign]  # a thread's work has no other view
    return looked


def _flush_until(bolt: Nowhere, done: Callable[[], bool]) -> None:
    def look() -> bool:
        bolt.storm_flush()
        return done()

    wait_until(look, _WITHIN, "an outcome")
