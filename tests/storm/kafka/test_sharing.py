"""Tasks as processes share partitions: by group and by index; they die, hang, and topics grow."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from groups.owners import ZookeeperGroup, broker_ownership
from spout_runs import WITHIN, drive
from storm.kafka.conftest import Fill, Start
from storm_side import Task

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

TASKS, PARTITIONS = 4, 12
SESSION_MS = 6000

SOURCE = """
from pykafka.storm import KafkaSpout

class Subject(KafkaSpout):
    topics = {topic!r}
    group = {topic!r}
    hosts = {hosts!r}
    zookeeper_hosts = {zookeeper!r}
    fields = ["partition", "offset"]
    session_timeout_ms = {session_ms}
    commit_interval_ms = 100
    coordination = {coordination!r}
"""


class Spouts:
    """Processes of a component's tasks, driven by the test."""

    def __init__(self, source: str, folder: Path) -> None:
        self.tasks: list[Task] = []
        self.seen: list[set[int]] = []
        for number in range(TASKS):
            own = folder / str(number)
            own.mkdir()
            context = {
                "taskid": 10 + number,
                "componentid": "spout",
                "task->component": {str(10 + n): "spout" for n in range(TASKS)},
            }
            conf = {"storm.id": "test-1", "topology.max.spout.pending": 1000}
            self.tasks.append(Task(source, own, conf=conf, context=context))
            self.tasks[-1].query("activate")
            self.seen.append(set())

    def turn(self, *numbers: int) -> None:
        """One ``next`` of these tasks; all that they emit is acked."""
        for number in numbers:
            task = self.tasks[number]
            for said in task.query("next"):
                if said["command"] == "emit":
                    self.seen[number].add(said["tuple"][0])
                    task.query("ack", said["id"])

    def until(self, condition: Callable[[], bool], *numbers: int, within: float = WITHIN) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, self.seen
            self.turn(*numbers)


#: Starts the processes of all tasks.
Begin = Callable[..., Spouts]


@pytest.fixture
def spouts(
    kafka: EmbeddedKafka, topic_name: str, tmp_path: Path
) -> Iterator[Callable[..., Spouts]]:
    running: list[Task] = []

    def begin(coordination: str = "auto") -> Spouts:
        source = SOURCE.format(
            topic=topic_name,
            hosts=kafka.bootstrap,
            zookeeper=kafka.zookeeper,
            session_ms=SESSION_MS,
            coordination=coordination,
        )
        found = Spouts(source, tmp_path)
        running.extend(found.tasks)
        return found

    yield begin
    for task in running:
        task.process.send_signal(signal.SIGCONT)
        task.__exit__()


class Owners:
    """Who owns what, as the group's coordinator says, or ZooKeeper."""

    def __init__(self, kafka: EmbeddedKafka, client: KafkaClient, group: str) -> None:
        self._client = client
        self._group = group
        self._zookeeper = kafka.zookeeper if kafka.release.version.startswith("0.8") else None

    def __call__(self) -> dict[str, set[int]]:
        """Member -> partitions, of members that have any."""
        if self._zookeeper is not None:
            with ZookeeperGroup(self._zookeeper, self._group) as group:
                owners = group.ownership().owners
        else:
            owners = broker_ownership(self._client, self._group).owners
        found: dict[str, set[int]] = {}
        for (_, partition), members in owners.items():
            for member in members:
                found.setdefault(member, set()).add(partition)
        return found

    def sizes(self) -> list[int]:
        return sorted(map(len, self().values()))


def test_the_others_take_over_from_one_that_is_killed_and_one_that_hangs(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, spouts: Begin
) -> None:
    topic = fill(*[20] * PARTITIONS)
    running = spouts()
    owners = Owners(kafka, client, topic)
    running.until(lambda: owners.sizes() == [3] * TASKS, *range(TASKS))
    running.until(lambda: sum(map(len, running.seen)) >= PARTITIONS, *range(TASKS))
    before = owners()
    begin = time.monotonic()
    running.tasks[0].process.kill()
    running.tasks[1].process.send_signal(signal.SIGSTOP)
    running.until(lambda: owners.sizes() == [6, 6], 2, 3, within=60)
    took_s = time.monotonic() - begin
    print(f"2 tasks own all {PARTITIONS} partitions after {took_s:.1f} s")  # noqa: T201 - a figure
    after = owners()
    assert set.union(*after.values()) == set(range(PARTITIONS))
    # Those that stayed kept what they had.
    assert all(before[member] <= now for member, now in after.items()) or kafka.zookeeper


def test_partitions_go_by_the_task_s_index(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, spouts: Begin
) -> None:
    fill(*[20] * PARTITIONS)
    running = spouts("task")
    running.until(lambda: all(len(seen) == 3 for seen in running.seen), *range(TASKS))
    assert set.union(*running.seen) == set(range(PARTITIONS))
    running.tasks[0].process.kill()
    shares = [set(seen) for seen in running.seen]
    for _ in range(50):
        running.turn(1, 2, 3)
    assert running.seen == shares  # nobody takes over: its successor will


@pytest.mark.parametrize("coordination", ["auto", "task"])
def test_new_partitions_and_topics_are_read(
    kafka: EmbeddedKafka,
    fill: Fill,
    start: Start,
    write: Callable[..., None],
    topic_name: str,
    coordination: str,
) -> None:
    pattern = re.compile(re.escape(topic_name) + "-[ab]")
    fill(5, 5, name=f"{topic_name}-a")
    runs = [
        start(n, 2, topics=pattern, coordination=coordination, metadata_max_age_ms=500)
        for n in range(2)
    ]

    def seen() -> set[Any]:
        return {id_ for run in runs for id_ in run.emits}

    drive(runs, lambda: len(seen()) == 10)
    fill(7, name=f"{topic_name}-b")
    drive(runs, lambda: len(seen()) == 17)
    fill(7, name=f"{topic_name}-c")
    if not kafka.release.version.startswith("0.8"):
        grown = ["--alter", "--topic", f"{topic_name}-a", "--partitions", "3"]
        kafka.run_tool(
            "org.apache.kafka.tools.TopicCommand", ["--bootstrap-server", kafka.bootstrap, *grown]
        )
        kafka.await_topic(f"{topic_name}-a", 3)
        write(f"{topic_name}-a", 2, [b"new"])
        drive(runs, lambda: len(seen()) == 18)
    assert not any(f"{topic_name}-c" in id_ for id_ in seen())


@pytest.mark.parametrize("end", ["eof", "sigterm"])
def test_a_process_that_is_ended_commits(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, spouts: Begin, end: str
) -> None:
    topic = fill(*[20] * PARTITIONS)
    running = spouts("task")
    running.until(lambda: all(len(seen) == 3 for seen in running.seen), *range(TASKS))
    begin = time.monotonic()
    for task in running.tasks:
        if end == "eof":
            task.process.stdin.close()  # type: ignore[union-attr]  # a pipe
        else:
            task.process.terminate()
    assert {task.ended() for task in running.tasks} == {2 if end == "eof" else 143}
    assert time.monotonic() - begin < 10
    consumer = client.topics[topic].get_simple_consumer(consumer_group=topic, auto_start=False)
    assert {answer.offset for _, answer in consumer.fetch_offsets()} == {20}
