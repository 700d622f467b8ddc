"""``pykafka lag`` for groups that brokers coordinate, and ``--watch``."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line
from group_members import join

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")

has_groups = pytest.mark.kafka(since="0.9", why="brokers coordinate groups from 0.9 on")
lists_offsets = pytest.mark.kafka(since="0.10.2", why="brokers list offsets from 0.10.2 on")


@has_groups
def test_the_topics_of_the_members_are_shown(
    kafka: EmbeddedKafka, pykafka: Program, filled: str
) -> None:
    with KafkaClient(kafka.bootstrap) as client:
        consumer = client.topics[filled].get_balanced_consumer(
            filled, managed=True, consumer_timeout_ms=10000
        )
        for _ in range(5):
            assert consumer.consume() is not None
        consumer.commit_offsets()
        found = pykafka.json("lag", filled, "--json")
        assert (found["group"], found["lag"]) == (filled, 15)
        rows = found["partitions"]
        assert [(row["topic"], row["partition"], row["end"]) for row in rows] == [
            (filled, 0, 10),
            (filled, 1, 10),
        ]
        for row in rows:
            assert row["lag"] == 10 - (row["committed"] or 0)
            assert row["home"] == (None if row["committed"] is None else "kafka")
            assert len(row["owners"]) == 1
        head, _, *lines, summary = pykafka.output("lag", filled).splitlines()
        assert head.split() == ["Topic", "Partition", "Committed", "End", "Lag", "Owner"]
        assert [line.split()[0] for line in lines] == [filled] * 2
        assert summary == f"Group {filled} is 15 messages behind."
        consumer.stop()


@lists_offsets
def test_a_group_without_members_is_shown_where_it_has_offsets(
    pykafka: Program, filled: str
) -> None:
    pykafka.output("offsets", filled, "--group", filled, "--reset", "4", "--yes")
    found = pykafka.json("lag", filled, "--json")
    assert [(row["committed"], row["owners"]) for row in found["partitions"]] == [(4, []), (4, [])]
    assert found["lag"] == 12


@has_groups
def test_a_group_in_the_middle_of_a_rebalance_is_no_error(
    kafka: EmbeddedKafka, pykafka: Program, filled: str
) -> None:
    with KafkaClient(kafka.bootstrap) as client:
        coordinator = client.cluster.get_group_coordinator(filled)
        me = join(coordinator, 1, filled, filled).member_id  # it never says who gets what
        assert "No topic is known" in pykafka.output("lag", filled)
        shown = pykafka.output("groups", filled)
        assert me.decode() in shown
        assert "is 20 messages behind" in pykafka.output("lag", filled, "--topic", filled)
        coordinator.leave_group(1, filled, me)


def test_topics_that_are_named_are_shown_on_any_broker(pykafka: Program, filled: str) -> None:
    pykafka.output("offsets", filled, "--group", "g", "--reset", "9", "--yes")
    found = pykafka.json("lag", "g", "--topic", filled, "--json")
    assert [row["lag"] for row in found["partitions"]] == [1, 1]
    failed_in_one_line(pykafka.run("lag", "g", "--topic", "nowhere"), "no topic 'nowhere'")


def test_a_group_that_nobody_knows_is_one_line(pykafka: Program, empty: str) -> None:
    failed_in_one_line(pykafka.run("lag", "nobody", "--topic", empty), "nobody")


@pytest.mark.kafka(until="0.8", why="newer brokers say what a group has")
def test_old_brokers_need_to_be_told_what_to_look_at(pykafka: Program) -> None:
    failed_in_one_line(pykafka.run("lag", "g"), "0.9", "--zookeeper", "--topic")


@pytest.mark.parametrize("watch", [["--watch", "0.1"], ["-w"]], ids=" ".join)
def test_watching_is_a_json_line_each_time_until_ctrl_c(
    pykafka: Program, filled: str, watch: list[str]
) -> None:
    pykafka.output("offsets", filled, "--group", "g", "--reset", "9", "--yes")
    with pykafka.start("lag", "--json", *watch, "g", "-t", filled) as process:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline())["lag"] for _ in range(2)] == [2, 2]
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_first_look_that_fails_is_no_watch(pykafka: Program, empty: str) -> None:
    done = pykafka.run("lag", "nobody", "--watch", "--topic", empty)
    failed_in_one_line(done, "nobody")


def test_a_terminal_shows_the_newest_look_in_place(pykafka: Program, filled: str) -> None:
    pykafka.output("offsets", filled, "--group", "g", "--reset", "9", "--yes")
    ours, theirs = pty.openpty()
    command = [*pykafka.command, "lag", "g", "--topic", filled, "--watch", "0.1"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        seen, deadline = b"", time.monotonic() + WITHIN
        while seen.count(b"\x1b[H") < 3 and time.monotonic() < deadline:
            seen += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 0
    os.close(ours)
    second = seen.split(b"\x1b[H")[2].decode()
    text = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", second)
    assert text.startswith("Every 0.1 s until Ctrl-C; ")
    assert "Group g is 2 messages behind." in text
