"""What is not acked comes again, and nothing behind it is committed."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from typing import Any

import pytest
from spout_runs import SOON, SpoutRun, committed, drive
from storm.kafka.conftest import Fill, Start

from pykafka import KafkaClient
from pykafka.storm.exceptions import StormWentAwayError


def everything(*counts: int) -> list[tuple[int, int]]:
    """(partition, offset) of all messages of a topic that was filled so."""
    return [(partition, n) for partition, count in enumerate(counts) for n in range(count)]


def test_all_is_emitted_once_and_committed(client: KafkaClient, fill: Fill, start: Start) -> None:
    topic = fill(700, 300, 0)
    run = start()
    drive([run], lambda: len(run.emits) == 1000)
    drive([run], lambda: committed(client, topic, topic) == {0: 700, 1: 300, 2: 0})
    assert run.offsets == everything(700, 300, 0)
    assert run.emits.total() == 1000
    assert {values[0] for _, values, _ in run.values} == {
        f"{partition}:{n}" for partition, n in run.offsets
    }
    assert run.errors == []


def test_what_fails_comes_again_until_it_is_acked(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    seed = random.randrange(1000)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    chance = random.Random(seed)
    topic = fill(600, 600)
    run, failures = start(), 0

    def settle(*_: object) -> bool:
        nonlocal failures
        failed = chance.random() < 0.2
        failures += failed
        return not failed

    drive([run], lambda: len(run.emits) == 1200 and not run.spout.engine.tracker.pending, settle)
    drive([run], lambda: committed(client, topic, topic) == {0: 600, 1: 600})
    assert run.offsets == everything(600, 600)
    assert run.emits.total() == 1200 + failures
    assert failures > 100


def test_nothing_is_committed_past_what_is_open(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(400)
    run = start()
    open_ = f"{topic}/0/123"
    drive([run], lambda: len(run.emits) == 400, lambda id_, _: None if id_ == open_ else True)
    drive([run], lambda: committed(client, topic, topic) == {0: 123})
    run.spout.engine.deactivate()
    drive([run], lambda: committed(client, topic, topic) == {0: 123})
    run.ack(open_)
    drive([run], lambda: committed(client, topic, topic) == {0: 400})
    assert run.emits.total() == 400


def test_what_was_not_acked_comes_again_after_a_restart(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(300)
    run = start()
    drive([run], lambda: len(run.emits) == 300, lambda id_, _: int(id_.rpartition("/")[2]) < 200)
    run.close()
    assert committed(client, topic, topic) == {0: 200}
    again = start()
    drive([again], lambda: len(again.emits) == 100)
    assert again.offsets == [(0, n) for n in range(200, 300)]


def test_a_partition_at_its_bound_stops_and_the_others_go_on(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(500, 500)
    run = start(max_uncommitted=100)
    first = f"{topic}/0/0"
    drive([run], lambda: len(run.emits) >= 600, lambda id_, _: None if id_ == first else True)
    for _ in range(20):
        run.turn(lambda id_, _: None if id_ == first else True)
    stopped = [n for partition, n in run.offsets if partition == 0]
    assert 100 <= len(stopped) < 100 + 64
    assert [n for partition, n in run.offsets if partition == 1] == list(range(500))
    # A retry is admitted though the partition is at its bound; then it goes on.
    run.fail(first)
    drive([run], lambda: run.emits[first] == 2)
    drive([run], lambda: committed(client, topic, topic) == {0: 500, 1: 500})
    assert run.emits.total() == 1001


@pytest.mark.parametrize("kept", [0, 2000, 67_108_864])
def test_what_is_not_kept_is_fetched_again(
    client: KafkaClient, fill: Fill, start: Start, write: Callable[..., None], kept: int
) -> None:
    topic = fill(0)
    write(topic, 0, [b"v%d" % n for n in range(300)], partition_key=b"key")
    run = start(replay_buffer_bytes=kept, fields=["value", "key", "offset", "partition", "topic"])
    failed = {f"{topic}/0/{n}" for n in (0, 17, 150, 299)}
    drive(
        [run],
        lambda: sum(run.emits[id_] == 2 for id_ in failed) == 4,
        lambda id_, _: not (id_ in failed and run.emits[id_] == 1),
    )
    drive([run], lambda: committed(client, topic, topic) == {0: 300})
    assert {id_ for id_, times in run.emits.items() if times > 1} == failed
    for id_, values, _ in run.values:
        assert id_ is not None
        n = int(id_.rpartition("/")[2])
        assert values == [f"v{n}", "key", n, 0, topic]


def test_acks_of_partitions_that_are_gone_count_for_nothing(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(50, 50)
    run = start()
    drive([run], lambda: len(run.emits) == 100, lambda *_: None)
    run.spout.engine.tracks.gone([(topic, 0)])
    drive([run], lambda: run.partitions == [(topic, 1)])
    for id_ in list(run.in_flight):
        (run.fail if id_.endswith("7") else run.ack)(id_)
    again = {f"{topic}/1/{n}" for n in range(7, 50, 10)}
    drive([run], lambda: {id_ for id_, times in run.emits.items() if times > 1} == again)
    drive([run], lambda: committed(client, topic, topic)[1] == 50)
    assert committed(client, topic, topic)[0] <= 0


def test_no_more_is_in_flight_than_may_be(fill: Fill, start: Start) -> None:
    fill(1000)
    run = start(conf={"topology.max.spout.pending": 70})
    drive([run], lambda: len(run.in_flight) == 70, lambda *_: None)
    for _ in range(10):
        assert run.turn() == 0
    for id_ in list(run.in_flight)[:30]:
        run.ack(id_)
    drive([run], lambda: len(run.emits) == 100, lambda *_: None)
    assert len(run.in_flight) == 70


def test_deactivation_commits_at_once_and_the_end_within_its_bound(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(200)
    run = start(commit_interval_ms=3_600_000)
    drive([run], lambda: len(run.emits) == 200, lambda id_, _: not id_.endswith("/150") or None)
    run.deactivate()
    drive([], lambda: committed(client, topic, topic) == {0: 150})
    run.ack(f"{topic}/0/150")
    run.close()
    assert committed(client, topic, topic) == {0: 200}


def test_each_call_returns_soon_whatever_there_is_to_read(fill: Fill, start: Start) -> None:
    fill(20_000)
    run = start()
    gc.disable()  # what this test collects is not the spout's
    try:
        drive([run], lambda: len(run.emits) == 20_000)
    finally:
        gc.enable()
    assert run.slowest < SOON


def test_two_tasks_share_and_hand_over(client: KafkaClient, fill: Fill, start: Start) -> None:
    topic = fill(*[100] * 6)
    first = start(0, 2)
    drive([first], lambda: len(first.emits) == 600)
    second = start(1, 2)
    both: list[SpoutRun] = [first, second]
    drive(both, lambda: len(first.partitions) == 3 == len(second.partitions))
    assert not set(first.partitions) & set(second.partitions)
    # What was acked before it was handed over does not come again.
    drive(both, lambda: committed(client, topic, topic) == dict.fromkeys(range(6), 100))
    assert second.emits.total() == 0
    second.close()
    # A static member may come back for as long as its session lasts.
    drive([first], lambda: len(first.partitions) == 6, within=60)


def test_a_partition_goes_when_its_acks_have_come(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    """They are waited for, for a while; what comes in time is not emitted twice."""
    topic = fill(40, 40)
    first = start(0, 2, revoke_drain_ms=15_000)
    drive([first], lambda: len(first.emits) == 80, lambda *_: None)
    second = start(1, 2)
    engine = first.spout.engine
    drive([first, second], lambda: engine.draining, lambda *_: None)
    for id_ in list(first.in_flight):
        first.ack(id_)
    drive([first, second], lambda: len(second.partitions) == 1 == len(first.partitions))
    drive([first, second], lambda: committed(client, topic, topic) == {0: 40, 1: 40})
    assert second.emits.total() == 0


def test_what_fails_while_its_partition_is_about_to_go_is_tried_again(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    """Nothing behind it could be committed, and all that would come twice."""
    topic = fill(40, 40)
    first = start(0, 2, revoke_drain_ms=30_000, retry_backoff_ms=10)
    drive([first], lambda: len(first.emits) == 80, settle_nothing)
    second = start(1, 2)
    engine = first.spout.engine
    drive([first, second], lambda: engine.draining, settle_nothing)
    failing = {f"{topic}/{partition}/0" for partition in (0, 1)}
    for id_ in list(first.in_flight):
        (first.fail if id_ in failing else first.ack)(id_)
    drive([first, second], lambda: committed(client, topic, topic) == {0: 40, 1: 40}, within=20)
    assert second.emits.total() == 0
    assert {id_: n for id_, n in first.emits.items() if n != 1} == dict.fromkeys(failing, 2)


def settle_nothing(*_: Any) -> None:
    """Leave everything in flight."""


def test_a_partition_that_goes_with_tuples_in_flight_comes_again_elsewhere(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(40, 40)
    first = start(0, 2, revoke_drain_ms=200)
    drive([first], lambda: len(first.emits) == 80, settle_nothing)
    second = start(1, 2)
    drive([first, second], lambda: len(second.emits) == 40, lambda id_, _: id_ in second.emits)
    (gone,) = second.partitions
    (kept,) = first.partitions
    for id_ in list(first.in_flight):
        (first.ack if f"/{gone[1]}/" in id_ else first.fail)(id_)
    drive([first, second], lambda: committed(client, topic, topic) == {0: 40, 1: 40})
    assert first.emits.total() == 80 + 40
    assert second.offsets == [(gone[1], n) for n in range(40)]
    assert kept != gone


def test_what_was_taken_and_not_emitted_is_not_committed(
    client: KafkaClient, fill: Fill, start: Start, write: Callable[..., None]
) -> None:
    """The worker ends while tuples are written to it."""
    topic = fill(100)
    run = start()
    drive([run], lambda: len(run.emits) == 100)
    drive([run], lambda: committed(client, topic, topic) == {0: 100})
    emit = run.emit

    def break_at(values: list[Any], *others: Any) -> None:
        if values == ["110"]:
            raise StormWentAwayError("Storm's end is closed")
        emit(values, *others)

    run.emit = break_at  # type: ignore[method-assign]  # what an outlet may do
    write(topic, 0, [b"%d" % n for n in range(100, 140)])
    with pytest.raises(StormWentAwayError):
        drive([run], lambda: len(run.emits) > 110)
    # What came before in slices of its own is acked.
    first_open = min([110, *(int(id_.rsplit("/")[-1]) for id_ in run.in_flight)])
    run.close()
    assert committed(client, topic, topic) == {0: first_open}


def test_an_emit_that_raises_loses_nothing(client: KafkaClient, fill: Fill, start: Start) -> None:
    """Of a spout that goes on after exceptions."""
    topic = fill(300)
    run = start(exit_on_exception=False)
    emit = run.spout.emit
    raising = {f"{topic}/0/{n}": 2 for n in (0, 70, 71, 200, 299)}

    def broken(tup: Any, tup_id: Any = None, *args: Any) -> Any:
        if raising.get(tup_id, 0):
            raising[tup_id] -= 1
            raise ValueError("mine")
        return emit(tup, tup_id, *args)

    run.spout.emit = broken  # type: ignore[method-assign]  # as a subclass would
    failed: set[str] = set()

    def settle(id_: str, _: Any) -> bool:
        first = id_ in raising and id_ not in failed
        failed.add(id_)
        return not first

    # Those that are emitted at last fail once, and raise once more when they come again.
    drive([run], lambda: len(run.emits) == 300, settle)
    raising.update(dict.fromkeys(raising, 1))
    drive([run], lambda: committed(client, topic, topic) == {0: 300}, settle)
    assert run.offsets == [(0, n) for n in range(300)]
    assert len([text for text in run.errors if "mine" in text]) >= 10
