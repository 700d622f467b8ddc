"""``pykafka topics`` against a real broker."""

from __future__ import annotations

import pytest
from cli.commands import Program, failed_in_one_line

pytest.importorskip("click")
pytest.importorskip("rich")

PARTITIONS = [{"id": id_, "leader": 0, "replicas": [0], "isr": [0]} for id_ in (0, 1)]


def test_topics_are_listed(pykafka: Program, empty: str) -> None:
    head, _, *rows = pykafka.output("topics").splitlines()
    assert head.split() == ["Topic", "Partitions", "Replicas", "Leaders"]
    assert [empty, "2", "1", "0"] in [row.split() for row in rows]


def test_a_topic_is_described(pykafka: Program, empty: str) -> None:
    _, _, *rows = pykafka.output("topics", empty).splitlines()
    assert [row.split() for row in rows] == [["0", "0", "0", "0"], ["1", "0", "0", "0"]]


def test_both_come_as_json(pykafka: Program, empty: str) -> None:
    described = {"name": empty, "partitions": PARTITIONS}
    assert pykafka.json("topics", empty, "--json") == described
    assert described in pykafka.json("topics", "--json")


def test_internal_topics_are_shown_when_asked_for(pykafka: Program, filled: str) -> None:
    pykafka.output("offsets", filled, "--group", "g", "--reset", "0", "--yes")
    assert "__consumer_offsets" not in pykafka.output("topics")
    assert "__consumer_offsets" in pykafka.output("topics", "--internal")


def test_an_unknown_topic_is_one_line_and_is_not_made(pykafka: Program) -> None:
    failed_in_one_line(pykafka.run("topics", "nowhere"), "nowhere")
    assert "nowhere" not in pykafka.output("topics")
