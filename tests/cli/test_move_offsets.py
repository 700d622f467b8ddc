"""``pykafka move-offsets``, between the two homes of a group's offsets."""

from __future__ import annotations

import pytest
from cli.commands import Program, failed_in_one_line
from cli.zookeeper_nodes import GroupNodes

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")

pytestmark = pytest.mark.kafka(until="3", why="from 4.0 on there is no ZooKeeper")

Homes = list[tuple[int | None, int | None]]


def homes(program: Program, topic: str, group: str) -> Homes:
    """What is in Kafka and in ZooKeeper, of each partition."""
    found = program.json("lag", group, "--topic", topic, "--json")
    return [(row["kafka"], row["zookeeper"]) for row in found["partitions"]]


@pytest.fixture
def in_zookeeper(filled: str, nodes: GroupNodes) -> str:
    """A group with offsets 4 and 6 in ZooKeeper."""
    nodes.write(f"offsets/{filled}/0", "4")
    nodes.write(f"offsets/{filled}/1", "6")
    return nodes.name


def test_they_are_copied_to_kafka(with_zookeeper: Program, filled: str, in_zookeeper: str) -> None:
    done = with_zookeeper.run(
        "move-offsets", in_zookeeper, "--from", "zookeeper", "--to", "kafka", "-y"
    )
    assert done.returncode == 0
    assert done.stderr.splitlines() == [f"{filled}/0: nothing -> 4", f"{filled}/1: nothing -> 6"]
    assert "Copied the offsets of 2 partitions" in done.stdout
    assert homes(with_zookeeper, filled, in_zookeeper) == [(4, 4), (6, 6)]
    with_zookeeper.output("move-offsets", in_zookeeper, "--from", "zookeeper")  # nobody is asked


def test_they_are_copied_to_zookeeper(
    with_zookeeper: Program, filled: str, nodes: GroupNodes
) -> None:
    with_zookeeper.output("offsets", filled, "--group", nodes.name, "--reset", "5", "--yes")
    nodes.write(f"offsets/{filled}/1", "five")
    done = with_zookeeper.run("move-offsets", nodes.name, "--to", "zookeeper", "-y", "-t", filled)
    assert done.returncode == 0, done
    assert f"{filled}/1: 'five' -> 5" in done.stderr
    assert homes(with_zookeeper, filled, nodes.name) == [(5, 5), (5, 5)]


def test_before_that_somebody_says_yes(
    with_zookeeper: Program, filled: str, in_zookeeper: str
) -> None:
    move = ["move-offsets", in_zookeeper, "--to", "kafka"]
    for answer in (b"n\n", b""):
        done = with_zookeeper.run(*move, input=answer)
        assert done.returncode == 1
        assert f"{filled}/0: nothing -> 4" in done.stderr
        assert "nothing was changed" in done.stderr
    assert homes(with_zookeeper, filled, in_zookeeper) == [(None, 4), (None, 6)]
    with_zookeeper.output(*move, input=b"y\n")
    assert homes(with_zookeeper, filled, in_zookeeper) == [(4, 4), (6, 6)]


def test_nothing_goes_back_unless_by_force(
    with_zookeeper: Program, filled: str, in_zookeeper: str
) -> None:
    with_zookeeper.output("offsets", filled, "--group", in_zookeeper, "--reset", "5", "--yes")
    move = ["move-offsets", in_zookeeper, "--to", "kafka", "-y"]
    done = with_zookeeper.run(*move)
    assert done.returncode == 0
    assert f"{filled}/0: left alone, 5 -> 4 would go back" in done.stderr
    assert "1 partition" in done.stdout
    assert "1 left alone" in done.stdout
    assert homes(with_zookeeper, filled, in_zookeeper) == [(5, 4), (6, 6)]
    with_zookeeper.output(*move, "--force")
    assert homes(with_zookeeper, filled, in_zookeeper) == [(4, 4), (6, 6)]


def test_what_is_no_offset_or_of_no_topic_stays_where_it_is(
    with_zookeeper: Program, filled: str, nodes: GroupNodes
) -> None:
    nodes.write(f"offsets/{filled}/0", "four")
    nodes.write("offsets/deleted-topic/0", "4")
    done = with_zookeeper.run("move-offsets", nodes.name, "--to", "kafka", "-y")
    assert done.returncode == 0
    assert f"{filled}/0: left alone, ZooKeeper holds 'four'" in done.stderr
    assert "deleted-topic/0: left alone" in done.stderr
    assert "0 partitions" in done.stdout


def test_a_group_with_live_members_stays_as_it_is_unless_by_force(
    kafka: EmbeddedKafka, with_zookeeper: Program, filled: str, in_zookeeper: str
) -> None:
    with KafkaClient(kafka.bootstrap) as client:
        consumer = client.topics[filled].get_balanced_consumer(
            in_zookeeper, zookeeper_connect=kafka.zookeeper
        )
        move = ["move-offsets", in_zookeeper, "--to", "kafka", "-y"]
        failed_in_one_line(with_zookeeper.run(*move), "1 live member", "--force")
        with_zookeeper.output(*move, "--force")
        assert homes(with_zookeeper, filled, in_zookeeper) == [(4, 4), (6, 6)]
        consumer.stop()


def test_nothing_to_copy_is_one_line(with_zookeeper: Program, in_zookeeper: str) -> None:
    done = with_zookeeper.run("move-offsets", in_zookeeper, "--from", "kafka", "-y")
    failed_in_one_line(done, "no offsets in Kafka")
    failed_in_one_line(with_zookeeper.run("move-offsets", "nowhere", "--to", "kafka"), "nowhere")


@pytest.mark.kafka(since="0.9", why="brokers coordinate groups from 0.9 on")
def test_brokers_take_nothing_from_outside_while_they_have_members(
    kafka: EmbeddedKafka, with_zookeeper: Program, filled: str, in_zookeeper: str
) -> None:
    with KafkaClient(kafka.bootstrap) as client:
        consumer = client.topics[filled].get_balanced_consumer(in_zookeeper, managed=True)
        done = with_zookeeper.run("move-offsets", in_zookeeper, "--to", "kafka", "-y", "--force")
        failed_in_one_line(done, "1 live member", "stop them first")
        consumer.stop()
