"""Commits that have to be tried again, with the I/O thread in the test's hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from pykafka import options
from pykafka.core.effects import Procedure, Sleep
from pykafka.core.membership.fixed import FixedMembership
from pykafka.core.partition_keys import PartitionKey
from pykafka.core.procedures.group_offsets import Committed
from pykafka.exceptions import RebalanceInProgress, ZookeeperConnectionError
from pykafka.runtime.consumer.commits import Commits
from pykafka.runtime.tasks import Resume, Task

KEY = ("lines", 0)


class Loop:
    """Runs calls at once, but those of later when the test says so; so do all waits end."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def call_soon(self, function: Callable[..., None], *args: Any) -> None:
        function(*args)

    def call_later(self, _: float, function: Callable[[], None]) -> None:
        self.due.append(function)

    def go_on(self) -> None:
        due, self.due = self.due, []
        for function in due:
            function()


class Client:
    """As much of a ClientCore as commits touch."""

    def __init__(self) -> None:
        self.loop = Loop()

    def spawn(self, procedure: Procedure[Any]) -> Task:
        return Task(procedure, self._perform).start()

    def run(self, procedure: Procedure[Any], timeout_s: float) -> Any:
        task = self.spawn(procedure)
        while not task.done:
            self.loop.go_on()
        if task.error is not None:
            raise task.error
        return task.result

    def _perform(self, effect: Any, resume: Resume) -> None:
        self.loop.due.append(lambda: resume(None, None))


class Store:
    """Stores what it was given after so many waits, as if the coordinator had been away."""

    timeout_s = 10.0

    def __init__(self) -> None:
        self.waits = 1
        self.stored: list[int] = []

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        for _ in range(self.waits):
            yield Sleep(1.0)
        self.stored.append(offsets[KEY])

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        raise NotImplementedError


class Member(FixedMembership):
    """One whose lease can end."""

    lapsed = False

    def check_commit(self) -> None:
        if self.lapsed:
            raise ZookeeperConnectionError("too long ago")


class Bench:
    """Commits of one partition that was read up to ``position``."""

    def __init__(self) -> None:
        self.position = 10
        self.client: Any = Client()
        self.store = Store()
        self.member = Member([KEY])
        settings = options.validated(options.CONSUMER, {"auto_commit_enable": True})
        self.commits = Commits(
            self.client,
            settings,
            self.store,
            self.member,
            lambda _: {KEY: self.position},
            lambda key: key == KEY,
        )

    def begin_to_commit(self) -> None:
        """The clock has a commit begin, which has to wait four times."""
        self.store.waits = 4
        self.commits.begin()
        self.client.loop.go_on()
        self.store.waits = 1


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_commit_by_the_clock_is_stored_when_its_waits_are_over(bench: Bench) -> None:
    bench.begin_to_commit()
    for _ in range(4):
        bench.client.loop.go_on()
    assert bench.store.stored == [10]


def test_a_newer_commit_takes_the_place_of_one_that_is_still_tried(bench: Bench) -> None:
    bench.begin_to_commit()
    bench.position = 20
    bench.commits.commit()
    for _ in range(5):
        bench.client.loop.go_on()
    assert set(bench.store.stored) == {20}


def test_a_commit_is_not_tried_again_when_partitions_have_gone(bench: Bench) -> None:
    bench.begin_to_commit()
    bench.commits.outdate()
    bench.client.loop.go_on()
    assert bench.store.stored == []
    assert isinstance(bench.commits.error, RebalanceInProgress)


def test_a_commit_is_not_tried_again_when_the_lease_is_over(bench: Bench) -> None:
    bench.begin_to_commit()
    bench.member.lapsed = True
    for _ in range(4):
        bench.client.loop.go_on()
    assert bench.store.stored == []
    assert isinstance(bench.commits.error, ZookeeperConnectionError)


def test_what_is_read_later_is_committed_at_the_next_time(bench: Bench) -> None:
    bench.begin_to_commit()
    bench.commits.outdate()
    bench.position = 30
    for _ in range(5):
        bench.client.loop.go_on()
    assert set(bench.store.stored) == {30}


def test_a_consumer_that_stops_while_partitions_go_commits_the_rest(bench: Bench) -> None:
    bench.client.loop.due.append(bench.commits.outdate)
    bench.store.waits = 2
    bench.commits.at_stop()
    assert bench.store.stored == [10]
