"""``pykafka groups`` and ``pykafka lag`` where ZooKeeper coordinates."""

from __future__ import annotations

from typing import Any

import pytest
from cli.commands import Program, failed_in_one_line
from cli.zookeeper_nodes import GroupNodes

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import InvalidOptionError, ZookeeperConnectionError

pytest.importorskip("click")
pytest.importorskip("rich")

has_zookeeper = pytest.mark.kafka(until="3", why="from 4.0 on there is no ZooKeeper")

OLD_MEMBER = "old.example:3f0e6f3e-1111-2222-3333-444455556666"


def in_zookeeper(found: dict[str, Any]) -> dict[str, Any]:
    """The part of the JSON that is about the group in ZooKeeper."""
    (group,) = [group for group in found["groups"] if group["type"] == "zookeeper"]
    assert isinstance(group, dict)
    return group


@has_zookeeper
def test_a_live_group_is_shown(
    kafka: EmbeddedKafka, with_zookeeper: Program, filled: str, topic_name: str
) -> None:
    with KafkaClient(kafka.bootstrap) as client:
        consumer = client.topics[filled].get_balanced_consumer(
            topic_name, zookeeper_connect=kafka.zookeeper, consumer_timeout_ms=10000
        )
        for _ in range(5):
            assert consumer.consume() is not None
        consumer.commit_offsets()
        rows = [row.split() for row in with_zookeeper.output("groups").splitlines()]
        assert [topic_name, "zookeeper", "Active", "java", "-", "1"] in rows

        found = with_zookeeper.json("groups", topic_name, "--json")
        (member,) = in_zookeeper(found)["members"]
        assert member["host"] is not None
        assert (member["topics"], member["partitions"]) == ([filled], {filled: [0, 1]})
        assert found["lag"] == 15
        assert sum(row["kafka"] or 0 for row in found["partitions"]) == 5
        assert [row["owners"] for row in found["partitions"]] == [[f"{member['id']}-0"]] * 2

        text = with_zookeeper.output("groups", topic_name)
        assert f"Group {topic_name} (zookeeper) is Active: 1 member, protocol java" in text
        assert f"{filled}:0,1" in text
        lag = with_zookeeper.output("lag", topic_name)
        assert f"Group {topic_name} is 15 messages behind." in lag
        consumer.stop()
    # What it read is still known when it has left.
    after = with_zookeeper.json("lag", topic_name, "--json")
    assert (after["lag"], [row["owners"] for row in after["partitions"]]) == (15, [[], []])


@has_zookeeper
@pytest.mark.parametrize("folder", ["b'{}'", "{}"], ids=["python 3", "python 2"])
def test_members_of_pykafka_2_are_shown_with_what_they_own(
    with_zookeeper: Program, filled: str, nodes: GroupNodes, folder: str
) -> None:
    nodes.write(f"ids/{OLD_MEMBER}", filled)
    nodes.write(f"owners/{folder.format(filled)}/0-1", OLD_MEMBER)
    found = with_zookeeper.json("groups", nodes.name, "--json")
    group = in_zookeeper(found)
    assert group["protocol"] == "pykafka2"
    (member,) = group["members"]
    assert member["host"] == "old.example"
    assert (member["topics"], member["partitions"]) == ([filled], {filled: [1]})
    assert [row["owners"] for row in found["partitions"]] == [[], [OLD_MEMBER]]


@has_zookeeper
def test_members_of_java_are_shown_with_what_they_own(
    with_zookeeper: Program, filled: str, nodes: GroupNodes
) -> None:
    named, by_pattern = f"{nodes.name}_a.example-1700000000000-0abc12ef", f"{nodes.name}_b"
    nodes.java_member(named, "static", **{filled: 2})
    nodes.java_member(by_pattern, "white_list", **{f"{filled}|more": 1})
    nodes.write(f"owners/{filled}/0", f"{named}-1")
    nodes.write(f"owners/{filled}/1", f"{by_pattern}-0")
    found = with_zookeeper.json("groups", nodes.name, "--json")
    first, second = in_zookeeper(found)["members"]
    assert (first["host"], first["topics"], first["pattern"]) == ("a.example", [filled], None)
    assert (second["host"], second["topics"]) == (None, [])
    assert second["pattern"] == f"{filled}|more"
    assert [first["partitions"], second["partitions"]] == [{filled: [0]}, {filled: [1]}]


@has_zookeeper
def test_a_partition_that_two_have_claimed_shows_both(
    with_zookeeper: Program, filled: str, nodes: GroupNodes
) -> None:
    nodes.write(f"owners/{filled}/0", "java-0")
    nodes.write(f"owners/b'{filled}'/0-0", OLD_MEMBER)
    row, _ = with_zookeeper.json("lag", nodes.name, "--json")["partitions"]
    assert sorted(row["owners"]) == ["java-0", OLD_MEMBER]


@has_zookeeper
def test_offsets_in_zookeeper_count_and_what_is_none_is_shown(
    with_zookeeper: Program, filled: str, nodes: GroupNodes
) -> None:
    nodes.write(f"offsets/{filled}/0", "4")
    nodes.write(f"offsets/{filled}/1", "four")
    nodes.write("offsets/deleted-topic/0", "4")
    gone, right, wrong = with_zookeeper.json("lag", nodes.name, "--json")["partitions"]
    assert (right["home"], right["committed"], right["lag"]) == ("zookeeper", 4, 6)
    assert (wrong["home"], wrong["zookeeper_unreadable"], wrong["lag"]) == (None, "four", 10)
    assert (gone["topic"], gone["end"], gone["lag"]) == ("deleted-topic", None, None)
    text = with_zookeeper.output("lag", nodes.name)
    assert "no offset: 'four'" in text
    assert "is 16 messages behind, without 1 partition whose end is not known." in text
    only = with_zookeeper.json("lag", nodes.name, "--json", "--topic", filled)
    assert [row["topic"] for row in only["partitions"]] == [filled, filled]


@has_zookeeper
def test_a_group_of_which_nothing_but_the_name_is_there(
    with_zookeeper: Program, nodes: GroupNodes
) -> None:
    nodes.write("ids", "")
    rows = [row.split() for row in with_zookeeper.output("groups").splitlines()]
    assert [nodes.name, "zookeeper", "Empty", "-", "-", "0"] in rows
    assert "is Empty: 0 members" in with_zookeeper.output("groups", nodes.name)
    assert "No topic is known" in with_zookeeper.output("lag", nodes.name)


@has_zookeeper
def test_brokers_may_be_named_beside_zookeeper(
    pykafka: Program, with_zookeeper: Program, kafka: EmbeddedKafka, empty: str, nodes: GroupNodes
) -> None:
    nodes.write(f"owners/{empty}/0", "somebody-0")
    assert kafka.zookeeper is not None
    row, _ = pykafka.json("lag", nodes.name, "--json", "--zookeeper", kafka.zookeeper)["partitions"]
    assert row["owners"] == ["somebody-0"]
    failed_in_one_line(with_zookeeper.run("--hosts", "127.0.0.1:1", "groups"), "127.0.0.1:1")


@pytest.mark.parametrize("command", [["groups"], ["lag", "g"]], ids=" ".join)
def test_no_zookeeper_is_one_line_that_names_it(pykafka: Program, command: list[str]) -> None:
    done = pykafka.run(*command, "--zookeeper", "127.0.0.1:1", "--timeout", "1")
    failed_in_one_line(done, "ZooKeeper at 127.0.0.1:1", "within 1 s")


@has_zookeeper
def test_a_group_that_is_in_neither_place_is_one_line(with_zookeeper: Program) -> None:
    for name in ("nowhere", "no/where"):
        failed_in_one_line(with_zookeeper.run("lag", name), f"no group '{name}'", "ZooKeeper")


@has_zookeeper
def test_programs_see_the_same(kafka: EmbeddedKafka, empty: str, nodes: GroupNodes) -> None:
    nodes.java_member("me", "static", **{empty: 1})
    nodes.write(f"owners/{empty}/1", "me-0")
    nodes.write(f"offsets/{empty}/1", "7")
    with KafkaClient(zookeeper_hosts=kafka.zookeeper) as client:
        group = client.cluster.zookeeper_groups()[nodes.name]
        assert client.cluster.zookeeper_groups(names=["nowhere", "no/where", ".", ""]) == {}
    (member,) = group.members
    assert (member.id, member.layout, member.topics) == ("me", "java", (empty,))
    assert group.owned_by(member) == {empty: [1]}
    assert (group.owners, group.offsets) == ({(empty, 1): ("me-0",)}, {(empty, 1): 7})
    with KafkaClient(kafka.bootstrap) as client:
        with pytest.raises(InvalidOptionError, match="hosts="):
            client.cluster.zookeeper_groups()
        assert client.cluster.zookeeper_groups(kafka.zookeeper, [nodes.name]).keys() == {nodes.name}


def test_programs_get_a_typed_error_where_there_is_no_zookeeper(kafka: EmbeddedKafka) -> None:
    with (
        KafkaClient(kafka.bootstrap, socket_timeout_ms=500) as client,
        pytest.raises(ZookeeperConnectionError, match=r"127\.0\.0\.1:1"),
    ):
        client.cluster.zookeeper_groups("127.0.0.1:1")
