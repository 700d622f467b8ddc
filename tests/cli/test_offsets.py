"""``pykafka offsets`` against a real broker."""

from __future__ import annotations

from typing import Any

import pytest
from cli.commands import Program, failed_in_one_line

pytest.importorskip("click")
pytest.importorskip("rich")


def group_rows(pykafka: Program, topic: str) -> list[dict[str, Any]]:
    found = pykafka.json("offsets", topic, "--group", "g", "--json")
    rows: list[dict[str, Any]] = found["partitions"]
    assert found["lag"] == sum(row["lag"] for row in rows)
    return rows


def test_the_ends_of_each_partition_are_shown(pykafka: Program, filled: str) -> None:
    head, _, *rows = pykafka.output("offsets", filled).splitlines()
    assert head.split() == ["Partition", "Earliest", "Latest"]
    assert [row.split() for row in rows] == [["0", "0", "10"], ["1", "0", "10"]]
    assert pykafka.json("offsets", filled, "--json") == {
        "topic": filled,
        "partitions": [{"partition": id_, "earliest": 0, "latest": 10} for id_ in (0, 1)],
    }


def test_a_group_that_never_committed_is_behind_by_everything(
    pykafka: Program, filled: str
) -> None:
    assert [(row["committed"], row["lag"]) for row in group_rows(pykafka, filled)] == [
        (None, 10),
        (None, 10),
    ]
    text = pykafka.output("offsets", filled, "--group", "g")
    assert "none" in text
    assert "Group g is 20 messages behind." in text


@pytest.mark.parametrize(
    ("place", "offset"), [("latest", 10), ("earliest", 0), ("4", 4), ("2001-01-01", 0)]
)
def test_a_group_is_moved(pykafka: Program, filled: str, place: str, offset: int) -> None:
    pykafka.output("offsets", filled, "--group", "g", "--reset", place, "--yes")
    assert [(row["committed"], row["lag"]) for row in group_rows(pykafka, filled)] == [
        (offset, 10 - offset)
    ] * 2


def test_before_a_group_is_moved_somebody_says_yes(pykafka: Program, filled: str) -> None:
    move = ["offsets", filled, "--group", "g", "--reset", "4"]
    for answer in (b"n\n", b""):
        done = pykafka.run(*move, input=answer)
        assert done.returncode == 1
        assert "partition 1: nothing -> 4" in done.stderr
        assert "nothing was changed" in done.stderr
        assert group_rows(pykafka, filled)[0]["committed"] is None
    pykafka.output(*move, input=b"y\n")
    assert group_rows(pykafka, filled)[0]["committed"] == 4


def test_a_group_is_not_moved_to_where_nothing_is(pykafka: Program, filled: str) -> None:
    done = pykafka.run("offsets", filled, "--group", "g", "--reset", "11", "--yes")
    failed_in_one_line(done, "offset 11", "from 0 to 10")


def test_an_unknown_topic_is_one_line(pykafka: Program) -> None:
    failed_in_one_line(pykafka.run("offsets", "nowhere"), "nowhere")
