"""When messages are handed over by the thread that produces; loop, clock and sink are a script."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from unit.producer.scripted import Backend, Loop

from pykafka.core.producing import Lane
from pykafka.options import PRODUCER, validated
from pykafka.runtime.producer.departures import Pushed
from pykafka.runtime.producer.permits import Permits
from pykafka.runtime.producer.produced import Produced


class Sink:
    """Takes what it is pushed, and notes when."""

    def __init__(self, lanes: dict[int, Lane]) -> None:
        self.lanes = lanes
        self.taken: list[int] = []
        self.stamped = 0

    def push(self, at_least: int = 1) -> None:
        for lane in self.lanes.values():
            if len(lane.queue) >= at_least:
                self.taken.append(len(lane.take_all()))

    def stamp(self) -> None:
        self.stamped += 1


class Producing:
    """What a producer does of these: accounts, and the long way of a message."""

    def __init__(self, lanes: int = 1, **options: Any) -> None:
        self.loop = Loop()
        client: Any = SimpleNamespace(loop=self.loop, backend=Backend(self.loop))
        parts = [SimpleNamespace(id=number) for number in range(lanes)]
        self.lanes = {part.id: Lane(part, 0, 1_000_000) for part in parts}
        self.permits = Permits()
        self.permits.share_among(list(self.lanes.values()))
        self.sink: Any = Sink(self.lanes)
        self.pushed = Pushed(client, validated(PRODUCER, options), self, self.sink)
        self.queued = 0
        #: How often a message had no permit.
        self.looks = 0

    def permit(self, most: int) -> None:
        self.permits.give(most)

    def take_permits_back(self) -> None:
        self.permits.take_back()

    def produce(self, count: int = 1) -> None:
        for _ in range(count):
            take: Any = self.permits.take
            try:
                lane = take()
            except StopIteration:
                take = None
                self.looks += 1
                self.pushed.before()
                lane = self.permits.use_one()
            lane.queue.append(Produced())
            if take is not self.permits.take:
                self.pushed.after()
        self.loop.run()

    def wait(self, seconds: float) -> None:
        self.loop.advance(seconds)


def test_windows_leave_one_after_another_without_the_loop() -> None:
    producing = Producing(linger_ms=60_000, min_queued_messages=100_000)
    producing.produce(5000)
    windows = producing.sink.taken
    assert len(windows) >= 5
    assert max(windows) - min(windows) <= 1
    assert sum(windows) + len(producing.lanes[0].queue) == 5000
    assert producing.looks == len(windows) + 1


def test_a_window_is_of_each_lane() -> None:
    one, three = (Producing(lanes, linger_ms=60_000, min_queued_messages=9**9) for lanes in (1, 3))
    one.produce(2000)
    three.produce(6000)
    assert max(three.sink.taken) <= max(one.sink.taken) + 1
    assert len(three.sink.taken) == 3 * len(one.sink.taken)


def test_a_few_messages_leave_when_they_have_lingered() -> None:
    producing = Producing(linger_ms=1000)
    producing.produce(3)
    producing.wait(0.9)
    producing.produce(2)
    assert producing.sink.taken == []
    producing.wait(0.2)
    assert producing.sink.taken == [5]


def test_what_comes_after_a_window_lingers_no_longer() -> None:
    producing = Producing(linger_ms=1000, min_queued_messages=100_000)
    for _ in range(30):
        producing.produce(100)
        producing.wait(0.09)
    producing.wait(2)
    assert sum(producing.sink.taken) == 3000


def test_as_many_as_asked_leave_at_once() -> None:
    producing = Producing(linger_ms=60_000, min_queued_messages=50)
    producing.produce(49)
    assert producing.sink.taken == []
    producing.produce(1)
    producing.produce(50)
    assert producing.sink.taken == [50, 50]


def test_without_lingering_the_loop_takes_what_there_is() -> None:
    producing = Producing(linger_ms=0)
    producing.produce(7)
    assert producing.sink.taken == [7]
    producing.produce(2)
    assert producing.sink.taken == [7, 2]


def test_sync_messages_leave_in_their_own_thread() -> None:
    producing = Producing(linger_ms=60_000, sync=True)
    producing.loop.run = lambda: None  # type: ignore[method-assign]
    producing.produce(1)
    assert producing.sink.taken == [1]


def test_a_lingering_message_is_stamped_soon() -> None:
    producing = Producing(linger_ms=60_000)
    producing.produce(1)
    assert not producing.sink.stamped
    producing.wait(0.011)
    assert producing.sink.stamped
    producing.wait(60)
    stamped = producing.sink.stamped
    producing.produce(1)
    producing.wait(0.011)
    assert producing.sink.stamped > stamped


def test_lanes_are_looked_at_while_windows_end_and_rest_afterwards() -> None:
    producing = Producing(linger_ms=60_000, min_queued_messages=100_000)
    for _ in range(20):
        producing.produce(700)
        producing.wait(0.005)
    assert 15 <= producing.sink.stamped <= 21
    producing.wait(1)
    stamped = producing.sink.stamped
    producing.wait(30)
    assert producing.sink.stamped == stamped
