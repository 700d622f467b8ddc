"""``pykafka groups`` against a real broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cli.commands import Program, failed_in_one_line
from group_members import join_with_all

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")

has_groups = pytest.mark.kafka(since="0.9", why="brokers coordinate groups from 0.9 on")


@pytest.fixture
def member(kafka: EmbeddedKafka, empty: str) -> Iterator[str]:
    """The only member of the group that has the topic's name; it has both partitions."""
    with KafkaClient(kafka.bootstrap, client_id="somebody") as client:
        coordinator = client.cluster.get_group_coordinator(empty)
        me = join_with_all(coordinator, 1, empty, empty)
        yield me.decode()
        coordinator.leave_group(1, empty, me)


@has_groups
def test_groups_are_listed(pykafka: Program, empty: str, member: str) -> None:
    head, _, *rows = pykafka.output("groups").splitlines()
    assert head.split() == ["Group", "Type", "State", "Protocol", "Coordinator", "Members"]
    assert [empty, "classic", "Stable", "range", "0", "1"] in [row.split() for row in rows]


@has_groups
def test_the_members_of_a_group_are_shown(pykafka: Program, empty: str, member: str) -> None:
    members, standings, summary = pykafka.output("groups", empty).split("\n\n")
    head, _, row = members.splitlines()
    assert head.split() == ["Member", "Client", "Host", "Reads", "Partitions"]
    assert row.split() == [member, "somebody", "127.0.0.1", empty, f"{empty}:0,1"]
    head, _, *rows = standings.splitlines()
    assert head.split() == ["Topic", "Partition", "Committed", "End", "Lag", "Owner"]
    assert [row.split() for row in rows] == [
        [empty, partition, "-", "0", "0", member] for partition in ("0", "1")
    ]
    assert summary.splitlines() == [
        f"Group {empty} (classic) is Stable: 1 member, protocol range, coordinator broker 0.",
        f"Group {empty} is 0 messages behind.",
    ]


@has_groups
def test_both_come_as_json(pykafka: Program, empty: str, member: str) -> None:
    described = {
        "name": empty,
        "type": "classic",
        "state": "Stable",
        "protocol_type": "consumer",
        "protocol": "range",
        "coordinator": 0,
        "members": [
            {
                "id": member,
                "instance_id": None,
                "client_id": "somebody",
                "host": "127.0.0.1",
                "topics": [empty],
                "pattern": None,
                "partitions": {empty: [0, 1]},
            }
        ],
    }
    one = pykafka.json("groups", empty, "--json")
    assert (one["name"], one["groups"], one["lag"]) == (empty, [described], 0)
    assert [row["owners"] for row in one["partitions"]] == [[member]] * 2
    assert described in pykafka.json("groups", "--json")


@has_groups
def test_an_unknown_group_is_one_line(pykafka: Program) -> None:
    failed_in_one_line(pykafka.run("groups", "nowhere"), "nowhere")


@has_groups
def test_kafka_tools_prints_the_groups_of_a_topic(
    kafka_tools: Program, filled: str, member: str
) -> None:
    title, head, _, *rows = kafka_tools.output("print_managed_consumer_groups", filled).splitlines()
    assert title == f"Topic: {filled}"
    assert head.split() == ["GroupId", "State", "Protocol", "ProtocolType"]
    assert [row.split() for row in rows] == [[filled, "Stable", "range", "consumer"]]
    failed_in_one_line(kafka_tools.run("print_managed_consumer_groups", "nowhere"), "nowhere")


@pytest.mark.kafka(until="0.8", why="brokers coordinate groups from 0.9 on")
def test_brokers_without_groups_say_since_when_there_are(
    pykafka: Program, kafka_tools: Program, empty: str
) -> None:
    failed_in_one_line(pykafka.run("groups"), "ListGroups", "0.8.2", "0.9")
    failed_in_one_line(pykafka.run("groups", "g"), "DescribeGroups", "0.9")
    failed_in_one_line(kafka_tools.run("print_managed_consumer_groups", empty), "0.9")
