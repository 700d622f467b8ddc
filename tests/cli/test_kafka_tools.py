"""``kafka-tools``: 2.x's commands against a real broker."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line, feed

from pykafka.cli.kafka_tools import fetch_consumer_lag, fetch_offsets
from pykafka.client import KafkaClient
from pykafka.embedded import EmbeddedKafka


def test_without_a_command_it_shows_its_help(kafka_tools: Program) -> None:
    assert kafka_tools.output().startswith("usage: kafka-tools")


def test_print_topics(kafka_tools: Program, empty: str) -> None:
    head, dashes, *rows = kafka_tools.output("print_topics").splitlines()
    assert head.split() == ["Topic", "Partitions", "Replication"]
    assert set(dashes) == {"-", " "}
    assert [empty, "2", "0"] in [row.split() for row in rows]


def test_desc_topic(kafka_tools: Program, empty: str) -> None:
    assert kafka_tools.output("desc_topic", empty) == (
        f"Topic: {empty}\n"
        "Partitions: 2\n"
        "Replicas: 1\n"
        " Partition    Leader   Replicas    ISR\n"
        "-----------  --------  ----------  -----\n"
        "     0          0      [0]         [0]\n"
        "     1          0      [0]         [0]\n"
    )


@pytest.mark.parametrize(("place", "offset"), [("EARLIEST", 0), ("LATEST", 10), ("latest", 10)])
def test_print_offsets(kafka_tools: Program, filled: str, place: str, offset: int) -> None:
    lines = kafka_tools.output("print_offsets", filled, place).splitlines()
    assert lines[0].split() == ["Partition", "Offset"]
    assert [line.split() for line in lines[2:]] == [["0", str(offset)], ["1", str(offset)]]


def test_print_offsets_of_a_time_before_all_messages_is_the_first(
    kafka_tools: Program, filled: str
) -> None:
    lines = kafka_tools.output("print_offsets", filled, "2001-01-01T00:00:00").splitlines()
    assert [line.split() for line in lines[2:]] == [["0", "0"], ["1", "0"]]


def test_a_group_that_is_reset_has_the_lag_of_that_place(kafka_tools: Program, filled: str) -> None:
    def lag() -> list[list[str]]:
        lines = kafka_tools.output("print_consumer_lag", filled, "resetting").splitlines()
        assert lines[0].split() == ["Partition", "Lag", "Latest", "Offset", "Current", "Offset"]
        return [line.split() for line in lines[2:] if line]

    assert lag()[-1] == ["Total", "lag:", "20", "messages."]
    assert kafka_tools.output("reset_offsets", filled, "resetting", "LATEST") == ""
    assert lag() == [
        ["0", "0", "10", "10"],
        ["1", "0", "10", "10"],
        ["Total", "lag:", "0", "messages."],
    ]
    assert kafka_tools.output("reset_offsets", filled, "resetting", "EARLIEST") == ""
    assert lag()[0] == ["0", "10", "10", "0"]


def test_consume_topic_prints_what_comes_and_ends_at_its_limit(
    kafka: EmbeddedKafka, kafka_tools: Program, empty: str
) -> None:
    with kafka_tools.start("consume_topic", empty, "--limit", "3") as process:
        feed(kafka.bootstrap, empty, process, 3)
        assert process.wait(WITHIN) == 0


def test_consume_topic_ends_on_ctrl_c_with_130_and_no_words(
    kafka: EmbeddedKafka, kafka_tools: Program, empty: str
) -> None:
    with kafka_tools.start("consume_topic", empty, "--limit", "1000000") as process:
        feed(kafka.bootstrap, empty, process, 1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WITHIN)
    assert (process.returncode, errors) == (130, b"")


@pytest.mark.parametrize(
    "command",
    [
        ["desc_topic"],
        ["consume_topic"],
        ["print_offsets", "LATEST"],
        ["print_consumer_lag", "group"],
        ["reset_offsets", "group", "LATEST"],
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_topic_is_one_line(kafka_tools: Program, command: list[str]) -> None:
    name, *rest = command
    failed_in_one_line(kafka_tools.run(name, "nowhere", *rest), "nowhere", "kafka-tools: error: ")


def test_no_broker_is_one_line() -> None:
    done = Program("pykafka.cli.kafka_tools", "-b", "127.0.0.1:1").run("print_topics")
    failed_in_one_line(done, "127.0.0.1:1")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["desc_topic"], ["print_offsets", "t", "yesterday"]], ids=" ".join
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    done = Program("pykafka.cli.kafka_tools").run(*arguments)
    assert done.returncode == 2
    assert "usage: kafka-tools" in done.stderr


def test_it_needs_neither_click_nor_rich(kafka: EmbeddedKafka, empty: str) -> None:
    program = (
        "import sys; sys.modules.update(click=None, rich=None, tabulate=None); "
        "from pykafka.cli.kafka_tools import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "-b", kafka.bootstrap, "desc_topic", empty],
        capture_output=True,
        timeout=WITHIN,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_cluster_may_be_found_through_zookeeper(kafka: EmbeddedKafka, empty: str) -> None:
    if kafka.zookeeper is None:
        pytest.skip("this release has no ZooKeeper")
    tools = Program("pykafka.cli.kafka_tools", "--zookeeper", kafka.zookeeper)
    assert empty in tools.output("print_topics")


def test_the_helpers_are_of_use_in_programs(kafka: EmbeddedKafka, filled: str) -> None:
    with KafkaClient(hosts=kafka.bootstrap) as client:
        topic = client.topics[filled]
        latest = fetch_offsets(client, topic, "LATEST")
        assert {id_: found.offset for id_, found in latest.items()} == {0: [10], 1: [10]}
        assert fetch_consumer_lag(client, topic, b"nobody") == {0: (10, -1), 1: (10, -1)}
