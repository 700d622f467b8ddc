"""What a consumer's threads get, and when: the core over a source without brokers."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import islice

import pytest
from background import in_background
from unit.consumer.fakes import KEY, ScriptedSource, consumption, take

from pykafka.exceptions import (
    ClientClosedError,
    ConsumerStoppedException,
    CorruptRecordError,
    KafkaException,
)
from pykafka.message import Message
from pykafka.runtime.consumer.consumption import Consumption
from pykafka.runtime.consumer.handover import iterate

#: Seconds; what is waited for comes at once or never.
_SOON = 10.0


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture
def core(source: ScriptedSource) -> Iterator[Consumption]:
    core = consumption(source)
    core.start()
    yield core
    core.stop()


def offsets(messages: list[Message | None]) -> list[int | None]:
    return [None if message is None else message.offset for message in messages]


def test_a_run_wakes_every_thread_that_waits_for_rows(
    source: ScriptedSource, core: Consumption
) -> None:
    waiting = [in_background(take, core) for _ in range(4)]
    source.bring(0, 4)
    assert sorted(offsets([f.result(_SOON) for f in waiting])) == [0, 1, 2, 3]


def test_a_thread_that_waited_gets_rows_of_a_run_that_another_thread_made_current(
    source: ScriptedSource, core: Consumption
) -> None:
    decoding, go_on = threading.Event(), threading.Event()
    waiting: Future[Message | None]

    def hold() -> None:
        decoding.set()
        assert go_on.wait(_SOON)

    # One thread is in the middle of decoding the only run, another begins to wait.
    source.while_decoding = hold
    source.bring(0, 2)
    first = in_background(take, core)
    assert decoding.wait(_SOON)
    waiting = in_background(take, core)
    source.while_decoding = lambda: None
    go_on.set()
    assert sorted(offsets([first.result(_SOON), waiting.result(_SOON)])) == [0, 1]


def test_an_error_reaches_every_thread_that_waits(
    source: ScriptedSource, core: Consumption
) -> None:
    waiting = [in_background(take, core) for _ in range(3)]
    source.fail(CorruptRecordError("damaged"))
    for future in waiting:
        with pytest.raises(CorruptRecordError):
            future.result(_SOON)


def test_stop_ends_every_wait(core: Consumption) -> None:
    waiting = [in_background(take, core) for _ in range(4)]
    core.stop()
    for future in waiting:
        with pytest.raises(ConsumerStoppedException):
            future.result(_SOON)


def test_rows_come_before_the_error_behind_them(source: ScriptedSource, core: Consumption) -> None:
    source.bring(0, 2)
    source.fail(CorruptRecordError("damaged"))
    assert offsets([take(core), take(core)]) == [0, 1]
    for _ in range(2):
        with pytest.raises(CorruptRecordError):
            take(core)


def test_threads_share_rows_without_losing_or_doubling_one(source: ScriptedSource) -> None:
    core = consumption(source, consumer_timeout_ms=200)
    core.start()
    for first in range(0, 20_000, 500):
        source.bring(first, 500)

    def read() -> list[int]:
        return [message.offset for message in iterate(core, None, None)]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        got = [future.result(_SOON) for future in [in_background(read) for _ in range(4)]]
    finally:
        sys.setswitchinterval(interval)
    assert sorted(offset for part in got for offset in part) == list(range(20_000))
    assert core.positions() == {KEY: 20_000}


def test_iterators_given_up_strand_nothing(source: ScriptedSource, core: Consumption) -> None:
    source.bring(0, 6)
    first = iterate(core, None, None)
    second = iterate(core, None, None)
    got = [next(first).offset, next(second).offset]
    first.close()  # type: ignore[attr-defined]  # it is a generator
    got.append(next(second).offset)
    del second
    got += [message.offset for message in islice(iterate(core, None, None), 3)]
    assert got == [0, 1, 2, 3, 4, 5]


def test_what_was_taken_of_a_run_is_what_is_committed(
    source: ScriptedSource, core: Consumption
) -> None:
    source.bring(0, 5)
    take(core)
    take(core)
    assert core.positions() == {KEY: 2}
    assert core.held() == {KEY: 1}


def test_a_start_after_a_stop_in_the_middle_of_a_run_goes_on_behind_what_was_taken(
    source: ScriptedSource, core: Consumption
) -> None:
    source.bring(0, 5)
    take(core)
    take(core)
    core.stop()
    core.start()
    assert source.started_at == [{KEY: 0}, {KEY: 2}]


def test_a_stop_while_a_thread_decodes_leaves_no_row_to_be_taken(
    source: ScriptedSource, core: Consumption
) -> None:
    decoding, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        decoding.set()
        assert go_on.wait(_SOON)

    source.while_decoding = hold
    source.bring(0, 5)
    taking = in_background(take, core)
    assert decoding.wait(_SOON)
    stopping = in_background(core.stop)
    go_on.set()
    stopping.result(_SOON)
    # It came before the stop, or it did not come; then it is not counted as delivered either.
    try:
        taken = 1 if taking.result(_SOON) else 0
    except ConsumerStoppedException:
        taken = 0
    assert core.run.left() == 0
    assert core.positions() == ({KEY: taken} if taken else {})


def test_a_signal_handler_may_stop_the_consumer_in_the_thread_that_decodes(
    source: ScriptedSource, core: Consumption
) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: core.stop())
    try:
        source.while_decoding = lambda: signal.raise_signal(signal.SIGUSR1)
        source.bring(0, 5)
        with pytest.raises(ConsumerStoppedException):
            take(core)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert core.positions() == {}


def test_a_wait_of_a_thousand_years_is_a_wait(source: ScriptedSource) -> None:
    core = consumption(source, consumer_timeout_ms=sys.maxsize)
    core.start()
    waiting = in_background(take, core)
    source.bring(7, 1)
    assert offsets([waiting.result(_SOON)]) == [7]


def test_moving_one_that_was_never_started_sets_where_it_starts(source: ScriptedSource) -> None:
    core = consumption(source)
    core.move({KEY: 40})
    core.start()
    assert source.started_at == [{KEY: 40}]
    core.stop()


def test_starting_over_a_closed_client_says_so(source: ScriptedSource) -> None:
    core = consumption(source)
    core._client.closed = True  # type: ignore[misc]
    with pytest.raises(ClientClosedError):
        core.start()


def test_a_commit_without_a_group_says_what_is_missing(core: Consumption) -> None:
    with pytest.raises(KafkaException, match="consumer_group"):
        core.commits.commit()


def test_a_position_that_others_may_have_passed_is_not_committed(
    source: ScriptedSource, core: Consumption
) -> None:
    """Where it goes on is looked up, which takes its time; commits by the clock go on meanwhile."""
    source.bring(0, 2)
    assert offsets([take(core)]) == [0]
    assert core.positions() == {KEY: 1}
    seen = []
    core._hooks = core._hooks._replace(set_out=lambda core, _: seen.append(core.positions()))
    core.assigned([KEY], keep=False)
    assert seen == [{}]
