"""A member's thread: what it does with what its coordination raises."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from background import in_background

from pykafka.core.membership import Owner
from pykafka.core.partition_keys import PartitionKey
from pykafka.core.retry import Backoff
from pykafka.exceptions import (
    GroupLoadInProgress,
    InconsistentGroupProtocol,
    InvalidOffsetError,
    PartitionOwnedError,
    SocketDisconnectedError,
    WaitTimedOutError,
)
from pykafka.runtime.backend import ThreadBackend
from pykafka.runtime.membership.member import CallbackFailed, Member, MemberOptions

A = ("t", 0)
_SOON = 10.0


class Scripted:
    """A coordination whose turns a test writes; each is a function or an error.

    After the last one every turn only waits.
    """

    group = "g"
    member_id = "m"
    generation = 1
    lease_until = 0.0
    first_s = _SOON

    def __init__(self, *turns: Exception | Callable[[Owner], None]) -> None:
        self.turns = deque(turns)
        self.begun: Exception | None = None
        self.called: list[str] = []

    def begin(self, owner: Owner, news: Callable[[], None]) -> None:
        self.owner, self.news = owner, news
        self.called.append("begin")
        if self.begun is not None:
            raise self.begun

    def turn(self) -> float:
        self.called.append("turn")
        if self.turns:
            turn = self.turns.popleft()
            if isinstance(turn, Exception):
                raise turn
            turn(self.owner)
        return 60.0

    def retire(self) -> None:
        self.called.append("retire")

    def end(self) -> None:
        self.called.append("end")

    def interrupt(self) -> None:
        self.called.append("interrupt")

    def check_commit(self) -> None: ...


class Told:
    """An owner that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.used: Any = None
        self.looked = threading.Event()

    def assigned(self, keys: Collection[PartitionKey], keep: bool = True) -> None:
        self.told.append(("assigned", sorted(keys)))

    def will_revoke(self, keys: Collection[PartitionKey]) -> None:
        self.told.append(("will_revoke", sorted(keys)))

    def lost(self, keys: Collection[PartitionKey]) -> None:
        self.told.append(("lost", sorted(keys)))

    def activity(self) -> Any:
        return self.used

    def suspend(self) -> None:
        pass

    def ready(self) -> None:
        self.looked.set()


class _IdleLoop:
    """Calls nothing."""

    def call_soon(self, call: Any, *arguments: Any) -> None:
        pass


class _Client:
    backend = ThreadBackend()
    loop = _IdleLoop()


Make = Callable[..., Member]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Member] = []

    def make(coordination: Scripted, retries: int = 2, idle_s: float | None = None) -> Member:
        client: Any = _Client()
        options = MemberOptions(retries, Backoff(0.001, 0.01), idle_s)
        made.append(Member(client, coordination, options))
        return made[-1]

    yield make
    for member in made:
        member.stop()


def gives(owner: Owner) -> None:
    owner.assigned([A])


def test_start_returns_with_the_first_partitions(make: Make) -> None:
    owner = Told()
    member = make(Scripted(gives))
    member.start(owner)
    assert (owner.told, member.epoch, member.error) == ([("assigned", [A])], 1, None)


def test_stop_leaves_and_a_new_start_joins_again(make: Make) -> None:
    coordination = Scripted(gives)
    member = make(coordination)
    member.start(Told())
    member.stop()
    member.stop()
    assert coordination.called[-1] == "end"
    coordination.turns.append(gives)
    member.start(Told())
    assert member.epoch == 1
    assert coordination.called.count("begin") == 2


def test_what_passes_is_tried_again_at_start(make: Make) -> None:
    coordination = Scripted(SocketDisconnectedError("1"), SocketDisconnectedError("2"), gives)
    make(coordination).start(Told())
    assert coordination.called.count("turn") == 3


def test_a_start_that_fails_again_and_again_raises_the_last_error(make: Make) -> None:
    coordination = Scripted(*(SocketDisconnectedError(str(n)) for n in range(3)))
    with pytest.raises(SocketDisconnectedError, match="2"):
        make(coordination).start(Told())


def test_a_coordinator_that_begins_to_be_one_has_as_long_as_a_start_may_take(make: Make) -> None:
    make(Scripted(*[GroupLoadInProgress("loading")] * 8, gives)).start(Told())


def test_a_group_that_assigns_nothing_in_time_is_an_error(make: Make) -> None:
    coordination = Scripted(*[GroupLoadInProgress("loading")] * 10_000)
    coordination.first_s = 0.05
    with pytest.raises(WaitTimedOutError, match="'g'"):
        make(coordination).start(Told())


@pytest.mark.parametrize(
    "error", [InconsistentGroupProtocol("other assignors"), InvalidOffsetError("no number")]
)
def test_what_no_attempt_can_mend_is_raised_at_once(make: Make, error: Exception) -> None:
    coordination = Scripted(error)
    with pytest.raises(type(error)):
        make(coordination).start(Told())
    assert coordination.called.count("turn") == 1


def test_what_connecting_raises_start_raises(make: Make) -> None:
    coordination = Scripted()
    coordination.begun = SocketDisconnectedError("nobody there")
    with pytest.raises(SocketDisconnectedError):
        make(coordination).start(Told())
    assert "turn" not in coordination.called


def test_trouble_later_is_told_when_it_lasts_and_forgotten_when_it_ends(make: Make) -> None:
    member = make(Scripted(gives))
    owner = Told()
    member.start(owner)
    coordination: Any = member.coordination
    stay = threading.Event()

    def mends(_: Owner) -> None:
        stay.wait(_SOON)

    coordination.turns.extend([*(SocketDisconnectedError(str(n)) for n in range(3)), mends])
    coordination.news()
    assert owner.looked.wait(_SOON)
    assert isinstance(member.error, SocketDisconnectedError)
    stay.set()
    _until(lambda: member.error is None)


def test_an_owner_that_does_not_let_go_is_told_beside_the_other_partitions(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    member = make(Scripted(*[PartitionOwnedError("t/1", "t/1 is owned by x")] * 4))
    member.start(Told())
    _until(lambda: member.error is None)
    levels = [record.levelno for record in caplog.records if "owned by x" in record.message]
    assert levels == [logging.INFO] * 2 + [logging.WARNING] * 2


def test_what_a_callback_raises_ends_the_membership_and_is_told_as_it_is(make: Make) -> None:
    def raises(_: Owner) -> None:
        try:
            raise ZeroDivisionError("the user's")
        except ZeroDivisionError as error:
            raise CallbackFailed("post_rebalance_callback raised") from error

    coordination = Scripted(gives, raises)
    member = make(coordination)
    member.start(Told())
    coordination.news()
    _until(lambda: coordination.called[-1] == "end")
    assert isinstance(member.error, ZeroDivisionError)
    # Others get its partitions.
    assert "retire" in coordination.called


def test_who_waits_for_the_end_of_a_rebalance_is_woken_by_it(make: Make) -> None:
    coordination = Scripted(gives)
    member = make(coordination)
    member.start(Told())
    waiting = in_background(member.settled, 1, _SOON)
    coordination.turns.append(gives)
    coordination.news()
    assert waiting.result(_SOON) is True
    assert member.settled(1, 0.0) is True
    assert member.settled(2, 0.01) is False
    member.stop()
    assert member.settled(2, _SOON) is False


def test_nobody_waits_for_a_rebalance_on_the_thread_that_carries_it_out(make: Make) -> None:
    answers: list[bool] = []
    member = make(Scripted(lambda owner: answers.append(member.settled(0, _SOON)), gives))
    member.start(Told())
    assert answers == [False]


def test_a_consumer_that_nobody_uses_loses_its_partitions_until_somebody_does(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    owner = Told()
    owner.used = ("the same", "as before")
    coordination = Scripted(gives)
    member = make(coordination, idle_s=0.05)
    member.start(owner)
    _until(lambda: "retire" in coordination.called)
    assert "max_poll_interval_ms=50" in caplog.text
    turns = coordination.called.count("turn")
    coordination.turns.append(gives)
    owner.used = None  # somebody waits for a message
    _until(lambda: coordination.called.count("turn") > turns)
    assert coordination.called.count("retire") == 1


def test_stop_does_not_wait_on_the_thread_itself(make: Make) -> None:
    def stops(_: Owner) -> None:
        member.stop()

    coordination = Scripted(gives, stops)
    member = make(coordination)
    member.start(Told())
    coordination.news()
    _until(lambda: coordination.called[-1] == "end")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
