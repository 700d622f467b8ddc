"""What members of groups in ZooKeeper write, and what is made of it."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.membership.topics import WantedTopics
from pykafka.core.membership.zookeeper import (
    MARK,
    GroupPaths,
    Layout,
    Registered,
    decided_by,
    java_registration,
    layout_of,
    owned_ids,
    read_registered,
)
from pykafka.membershipprotocol import decide_partitions_range

PATHS = GroupPaths("g")


def java(id_: str, topics: dict[str, int], pattern: str = "static") -> Registered:
    said = {"version": 1, "subscription": topics, "pattern": pattern, "timestamp": "0"}
    return read_registered(id_, json.dumps(said).encode())


OLD = read_registered("host:uuid", b"t")


def test_where_things_are() -> None:
    key = ("t", 3)
    assert PATHS.id("m") == "/consumers/g/ids/m"
    assert PATHS.offset(key) == "/consumers/g/offsets/t/3"
    assert PATHS.owner(key, Layout.JAVA, 0) == "/consumers/g/owners/t/3"
    # As 2.8 on Python 3 has it, by mistake, but for ever.
    assert PATHS.owner(key, Layout.PYKAFKA2, 0) == "/consumers/g/owners/b't'/0-3"
    assert PATHS.owner(key, Layout.PYKAFKA2_PY2, 7) == "/consumers/g/owners/t/7-3"


def test_what_ours_says_java_understands() -> None:
    member = read_registered("m", java_registration(["b", "a"], 1424000000000))
    assert member.java
    assert (member.threads("a"), member.threads("b"), member.threads("c")) == (["m-0"], ["m-0"], [])
    assert json.loads(java_registration(["a"], 1)) == {
        "version": 1,
        "subscription": {"a": 1},
        "pattern": "static",
        "timestamp": "1",
    }


def test_java_members_have_threads() -> None:
    assert java("m", {"t": 3}).threads("t") == ["m-0", "m-1", "m-2"]


@pytest.mark.parametrize(
    ("kind", "pattern", "read", "not_read"),
    [
        ("white_list", "click.*", ["click", "clicks"], ["aclick", "views"]),
        ("white_list", "a, b", ["a", "b"], ["ab", "a,b"]),
        ("white_list", '"quoted"', ["quoted"], ['"quoted"']),
        ("black_list", "click.*", ["views"], ["clicks", "__consumer_offsets"]),
        ("white_list", ".*", ["t"], ["__consumer_offsets"]),
        ("white_list", "(", [], ["(", "t"]),
    ],
)
def test_java_members_may_read_by_pattern(
    kind: str, pattern: str, read: list[str], not_read: list[str]
) -> None:
    member = java("m", {pattern: 2}, kind)
    assert all(len(member.threads(topic)) == 2 for topic in read)
    assert not any(member.reads(topic) for topic in not_read)


@given(st.binary(max_size=60))
def test_whatever_stands_there_is_a_member(data: bytes) -> None:
    member = read_registered("m", data)
    assert member.reads("t") in (True, False)


def test_members_of_pykafka_2_are_told_from_ours() -> None:
    ours = read_registered(f"host:{MARK}-uuid-0", b"t")
    assert OLD.is_pykafka2
    assert not ours.is_pykafka2
    assert OLD.reads("t")
    assert not OLD.reads("u")


def test_a_new_group_has_javas_layout() -> None:
    assert layout_of([], {}) is Layout.JAVA
    assert layout_of([java("m", {"t": 1})], {"t": ["0"]}) is Layout.JAVA


def test_one_member_of_pykafka_2_decides_the_layout() -> None:
    members = [java("m", {"t": 1}), OLD]
    assert layout_of(members, {"t": []}) is Layout.PYKAFKA2
    assert layout_of(members, {"t": ["0-1"]}) is Layout.PYKAFKA2_PY2


def test_ours_go_back_to_javas_layout_when_the_last_of_them_is_gone() -> None:
    assert layout_of([read_registered(f"h:{MARK}-1", b"t")], {"t": []}) is Layout.JAVA


def test_owners_are_known_by_the_names_of_their_nodes() -> None:
    names = ["0", "12", "1-3", "x", "-", "a-b", "10-4"]
    assert owned_ids(names, Layout.JAVA) == {0, 12}
    assert owned_ids(names, Layout.PYKAFKA2_PY2) == {3, 4}
    assert owned_ids(["0-1"], Layout.PYKAFKA2) == {1}


class _Partition:
    leader = None

    def __init__(self, id_: int) -> None:
        self.id = id_


def test_a_protocol_of_2_x_decides_topic_by_topic() -> None:
    partitions = {"t": {id_: _Partition(id_) for id_ in range(4)}, "u": {0: _Partition(0)}}
    members = [OLD, read_registered("a", b"t"), read_registered("b", b"u")]
    mine = {"t": "a", "u": "b", "gone": "c"}
    found = decided_by(decide_partitions_range, members, mine, {**partitions, "gone": {}})
    assert found == {("t", 0), ("t", 1), ("u", 0)}


def test_a_member_that_nobody_sees_yet_has_nothing() -> None:
    partitions = {"t": {0: _Partition(0)}}
    assert decided_by(decide_partitions_range, [OLD], {"t": "me"}, partitions) == set()


def test_a_pattern_means_whole_names_and_no_internal_topics() -> None:
    wanted = WantedTopics(pattern=re.compile("a.*|_.*"))
    existing = ["ab", "ba", "a", "__consumer_offsets", "_x"]
    assert wanted.among(existing) == ["_x", "a", "ab"]
    assert str(wanted) == "a.*|_.*"


def test_named_topics_are_wanted_whether_or_not_they_exist() -> None:
    assert WantedTopics(("b", "a")).among([]) == ["a", "b"]
