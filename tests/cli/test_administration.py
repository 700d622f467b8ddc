"""Creating and deleting topics on both command lines, against a real broker."""

from __future__ import annotations

import pytest
from cli.commands import Program, failed_in_one_line

from pykafka.cli.json_arguments import parse_assignment, parse_config

pytest.importorskip("click")
pytest.importorskip("rich")

has_administration = pytest.mark.kafka(since="0.10.1", why="CreateTopics came with 0.10.1")


@has_administration
def test_a_topic_is_created_and_described(pykafka: Program, topic_name: str) -> None:
    _, _, *rows = pykafka.output(
        "topics", topic_name, "--create", "-p", "2", "-r", "1", "--config", "retention.ms=60000"
    ).splitlines()
    assert [row.split() for row in rows] == [["0", "0", "0", "0"], ["1", "0", "0", "0"]]
    assert len(pykafka.json("topics", topic_name, "--json")["partitions"]) == 2
    failed_in_one_line(pykafka.run("topics", topic_name, "--create"), topic_name, "exists")


@has_administration
def test_before_a_topic_is_deleted_somebody_says_yes(pykafka: Program, empty: str) -> None:
    for answer in (b"n\n", b""):
        done = pykafka.run("topics", empty, "--delete", input=answer)
        assert done.returncode == 1
        assert f"Delete topic {empty} with 2 partitions" in done.stderr
        assert "nothing was changed" in done.stderr
        assert empty in pykafka.output("topics")
    pykafka.output("topics", empty, "--delete", input=b"y\n")
    failed_in_one_line(pykafka.run("topics", empty), empty)


@has_administration
def test_with_yes_nobody_is_asked(pykafka: Program, empty: str) -> None:
    assert pykafka.output("topics", empty, "--delete", "--yes") == ""
    failed_in_one_line(pykafka.run("topics", empty, "--delete", "--yes"), empty)


@has_administration
def test_kafka_tools_creates_and_deletes(kafka_tools: Program, topic_name: str) -> None:
    created = kafka_tools.output(
        "create_topic", topic_name, "-p", "3", "-r", "1", "-c", '{"retention.ms": 60000}'
    )
    assert created == ""
    assert "Partitions: 3\n" in kafka_tools.output("desc_topic", topic_name)
    failed_in_one_line(kafka_tools.run("create_topic", topic_name), topic_name)
    assert kafka_tools.output("delete_topic", topic_name, "-t", "30000") == ""
    failed_in_one_line(kafka_tools.run("desc_topic", topic_name), topic_name)
    failed_in_one_line(kafka_tools.run("delete_topic", topic_name), topic_name)


@has_administration
def test_kafka_tools_takes_brokers_for_each_partition(
    kafka_tools: Program, topic_name: str
) -> None:
    kafka_tools.output("create_topic", topic_name, "-a", '{"0": [0], "1": [0]}')
    assert "Partitions: 2\n" in kafka_tools.output("desc_topic", topic_name)
    twice = kafka_tools.run("create_topic", topic_name, "-p", "1", "-a", "[[0, [0]]]")
    failed_in_one_line(twice, "-a")


@pytest.mark.kafka(until="0.10.0", why="CreateTopics came with 0.10.1")
def test_older_brokers_say_since_when_it_can_be_done(
    pykafka: Program, kafka_tools: Program, empty: str
) -> None:
    for done in (pykafka.run("topics", "new", "--create"), kafka_tools.run("create_topic", "new")):
        failed_in_one_line(done, "CreateTopics", "0.10.1")
    for done in (
        pykafka.run("topics", empty, "--delete", "--yes"),
        kafka_tools.run("delete_topic", empty),
    ):
        failed_in_one_line(done, "DeleteTopics", "0.10.1")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--create"],
        ["--delete", "--yes"],
        ["t", "--create", "--delete"],
        ["t", "--partitions", "2"],
        ["t", "--replicas", "2"],
        ["t", "--config", "a=b"],
        ["t", "--yes"],
        ["t", "--create", "--config", "a"],
        ["t", "--create", "--partitions", "0"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_wrong_usage(arguments: list[str]) -> None:
    done = Program("pykafka").run("topics", *arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr


@pytest.mark.parametrize("arguments", [["-a", "1"], ["-c", "x=y"], ["-c", '{"a": [1]}']])
def test_json_that_says_something_else_is_wrong_usage(arguments: list[str]) -> None:
    done = Program("pykafka.cli.kafka_tools").run("create_topic", "t", *arguments)
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert arguments[1] in done.stderr


def test_json_is_an_object_or_pairs() -> None:
    for text in ('{"0": [1, 2], "1": [2]}', "[[0, [1, 2]], [1, [2]]]"):
        assert parse_assignment(text) == {0: [1, 2], 1: [2]}
    for text in ('{"a": 1, "b": "x"}', '[["a", 1], ["b", "x"]]'):
        assert parse_config(text) == {"a": 1, "b": "x"}
