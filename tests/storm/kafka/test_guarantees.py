"""At most once, and no guarantee at all."""

from __future__ import annotations

from spout_runs import committed, drive
from storm.kafka.conftest import Fill, Start

from pykafka import KafkaClient


def test_at_most_once_is_committed_before_it_is_emitted(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(3000, 2000)
    run = start(guarantee="at_most_once")
    looked = 0

    def complete() -> bool:
        nonlocal looked
        if len(run.values) >= looked + 500:
            looked = len(run.values)
            done = committed(client, topic, topic)
            emitted = [tuple(map(int, value.split(":"))) for value in run.numbers]
            assert all(offset < done[partition] for partition, offset in emitted)
        return len(run.values) == 5000

    drive([run], complete)
    assert looked
    assert len(set(run.numbers)) == 5000
    assert not run.emits  # nothing has an id: nobody waits for acks
    assert run.spout.engine.tracker.in_flight == 0


def test_at_most_once_emits_nothing_twice_when_a_worker_ends(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(3000)
    first = start(guarantee="at_most_once")
    drive([first], lambda: len(first.values) >= 500)
    # As SIGKILL does: no last commit, no goodbye; what was committed and not emitted is lost.
    first.spout.engine._intake.consumption.abandon()
    second = start(guarantee="at_most_once")
    drive([second], lambda: "0:2999" in second.numbers, within=60)
    both = first.numbers + second.numbers
    assert len(both) == len(set(both))
    assert 3000 - len(both) <= 4000
    assert committed(client, topic, topic) == {0: 3000}


def test_without_a_guarantee_the_clock_commits(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(500)
    run = start(guarantee="none")
    drive([run], lambda: len(run.values) == 500)
    drive([run], lambda: committed(client, topic, topic) == {0: 500})
    assert not run.emits
    assert len(set(run.numbers)) == 500
