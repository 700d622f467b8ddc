"""Where a spout begins, when it was restarted and when it was submitted anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kazoo.client import KazooClient
from spout_runs import committed, drive
from storm.kafka.conftest import Fill, Start

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import InvalidOptionError

OLD, NEW = "test-1", "test-2"


@pytest.mark.parametrize(
    ("where", "first", "restarted", "anew"),
    [
        ("uncommitted_earliest", 0, 10, 10),
        ("uncommitted_latest", 20, 20, 20),
        ("earliest", 0, 10, 0),
        ("latest", 20, 20, 30),
    ],
)
def test_where_it_begins(
    client: KafkaClient,
    fill: Fill,
    start: Start,
    write: Callable[..., None],
    where: str,
    first: int,
    restarted: int,
    anew: int,
) -> None:
    """After the first run ten messages more are written, and ten of its own acked if it had any."""
    topic = fill(20)
    run = start(topology_id=OLD, start=where)
    drive([run], lambda: run.partitions != [])
    if first == 0:
        drive([run], lambda: len(run.emits) == 20, lambda id_, _: int(id_.split("/")[-1]) < 10)
    else:
        drive([run], lambda: committed(client, topic, topic) == {0: 20})
    run.close()
    write(topic, 0, [b"0:%d" % n for n in range(20, 30)])
    for topology, begin in ((OLD, restarted), (NEW, anew)):
        again = start(topology_id=topology, start=where)
        expected = [(0, n) for n in range(begin, 30)]
        drive([again], lambda again=again: again.partitions != [])
        drive(
            [again],
            lambda again=again, expected=expected: again.offsets == expected,
            lambda *_: None,
        )
        again.close()


@pytest.mark.kafka(since="0.10.1", why="brokers know the times of messages from 0.10.1 on")
def test_it_begins_at_a_time(fill: Fill, start: Start, write: Callable[..., None]) -> None:
    topic = fill(0)
    for n in range(10):
        write(topic, 0, [b"0:%d" % n], timestamp=1_700_000_000_000 + 1000 * n)
    run = start(start="timestamp", start_time_ms=1_700_000_004_500)
    drive([run], lambda: len(run.emits) == 5)
    assert run.offsets == [(0, n) for n in range(5, 10)]


@pytest.mark.parametrize(
    "options",
    [
        {"start": "earliest", "offsets_storage": "zookeeper"},
        {"start": "latest", "offsets_storage": "both"},
        {"start": "timestamp", "start_time_ms": 1, "offsets_storage": "zookeeper"},
    ],
)
def test_offsets_in_zookeeper_tell_no_topology(start: Start, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError, match=r"offsets in ZooKeeper do not tell which"):
        start(**options)


@pytest.mark.kafka(until="0.8", why="groups that are balanced through ZooKeeper, as 0.8's are")
def test_offsets_are_kept_in_zookeeper(kafka: EmbeddedKafka, fill: Fill, start: Start) -> None:
    topic = fill(100)
    run = start(offsets_storage="zookeeper")
    drive([run], lambda: len(run.emits) == 100, lambda id_, _: not id_.endswith("/60") or None)
    run.close()
    zookeeper = KazooClient(kafka.zookeeper)
    zookeeper.start()
    try:
        assert zookeeper.get(f"/consumers/{topic}/offsets/{topic}/0")[0] == b"60"
    finally:
        zookeeper.stop()
        zookeeper.close()
    again = start(offsets_storage="zookeeper")
    drive([again], lambda: len(again.emits) == 40)
    assert again.offsets == [(0, n) for n in range(60, 100)]


@pytest.mark.kafka(since="1.1", why="kafka-delete-records came with 0.11, and works from 1.1 on")
def test_messages_that_retention_has_taken_are_passed(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, start: Start, tmp_path: Any
) -> None:
    topic = fill(100)
    run = start()
    drive([run], lambda: len(run.emits) == 100, lambda id_, _: int(id_.split("/")[-1]) < 10)
    run.close()
    assert committed(client, topic, topic) == {0: 10}
    wanted = tmp_path / "records.json"
    wanted.write_text(
        f'{{"partitions": [{{"topic": "{topic}", "partition": 0, "offset": 70}}], "version": 1}}'
    )
    old = int(kafka.release.version.partition(".")[0]) < 3
    kafka.run_tool(
        "kafka.admin.DeleteRecordsCommand"
        if old
        else "org.apache.kafka.tools.DeleteRecordsCommand",
        ["--bootstrap-server", kafka.bootstrap, "--offset-json-file", str(wanted)],
    )
    again = start()
    drive([again], lambda: len(again.emits) == 30)
    assert again.offsets == [(0, n) for n in range(70, 100)]
    drive([again], lambda: committed(client, topic, topic) == {0: 100})


def test_a_restart_before_the_first_commit_skips_nothing(
    client: KafkaClient, fill: Fill, start: Start, write: Callable[..., None]
) -> None:
    """What "the latest" was is committed before anything is read."""
    topic = fill(10)
    run = start(start="latest", commit_interval_ms=3_600_000)
    drive([run], lambda: run.partitions != [])
    run.spout.engine._intake.consumption.abandon()
    write(topic, 0, [b"0:10", b"0:11"])
    again = start(start="latest")
    drive([again], lambda: len(again.emits) == 2, within=60)
    assert again.offsets == [(0, 10), (0, 11)]


def test_a_group_of_another_topology_is_told(fill: Fill, start: Start) -> None:
    topic = fill(20)
    run = start(topology_id="other-7")
    drive([run], lambda: len(run.emits) == 20)
    run.close()
    again = start(topology_id="test-1")
    drive([again], lambda: again.errors != [])
    assert "belongs to topology 'other' as well, or did" in again.errors[0]
    assert topic in again.errors[0]
    later = start(topology_id="test-2")
    again.close()
    drive([later], lambda: later.partitions != [])
    assert later.errors == []
