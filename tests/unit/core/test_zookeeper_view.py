"""What is made of a group's nodes in ZooKeeper."""

from __future__ import annotations

import json

import pytest

from pykafka.core.membership.zookeeper import is_group_name, read_registered
from pykafka.core.membership.zookeeper_view import (
    ZooKeeperMember,
    group_from_nodes,
)

UUID = "3f0e6f3e-1111-2222-3333-444455556666"


def java(id_: str, kind: str = "static", **streams: int) -> tuple[str, bytes]:
    return id_, json.dumps({"subscription": streams, "pattern": kind}).encode()


def member(id_: str, data: bytes) -> ZooKeeperMember:
    (found,) = group_from_nodes("g", [read_registered(id_, data)], {}, {}).members
    return found


@pytest.mark.parametrize(
    ("id_", "data", "host"),
    [
        (f"a.example:{UUID}", b"t", "a.example"),
        (f"a.example:pykafka3-{UUID}-1", b"t", "a.example"),
        ("whoever", b"t", None),
        ("g_a-b.example-1700000000000-0abc12ef", java("", t=1)[1], "a-b.example"),
        ("g_named", java("", t=1)[1], None),
    ],
)
def test_the_host_of_a_member_is_in_its_id(id_: str, data: bytes, host: str | None) -> None:
    assert member(id_, data).host == host


def test_a_member_tells_topics_or_a_pattern() -> None:
    assert member(*java("m", b=1, a=2)).topics == ("a", "b")
    white, black = (member(*java("m", kind, a=1)) for kind in ("white_list", "black_list"))
    assert (white.topics, white.pattern, black.pattern) == ((), "a", "!a")
    assert [white.reads("a"), white.reads("b"), black.reads("a"), black.reads("b")] == [
        True,
        False,
        False,
        True,
    ]


def test_owners_are_found_in_all_layouts() -> None:
    group = group_from_nodes(
        "g",
        [read_registered(*java("j", t=2)), read_registered(f"h:{UUID}", b"t")],
        {
            "t": {"0": b"j-0", "1": b"j-1", "5-3": f"h:{UUID}".encode(), "x": b"", "-": b""},
            "b't'": {"0-2": f"h:{UUID}".encode(), "0-1": b"gone"},
            "left": {},
        },
        {},
    )
    assert group.owners == {
        ("t", 0): ("j-0",),
        ("t", 1): ("gone", "j-1"),
        ("t", 2): (f"h:{UUID}",),
        ("t", 3): (f"h:{UUID}",),
    }
    first, second = group.members
    assert [group.owned_by(first), group.owned_by(second)] == [{"t": [0, 1]}, {"t": [2, 3]}]
    assert group.layouts == ("java", "pykafka2")
    assert group.topics == ("left", "t")


def test_a_member_is_not_taken_for_one_whose_name_begins_alike() -> None:
    one = member(*java("m", t=1))
    assert [one.is_called(name) for name in ("m-0", "m-0-0", "m-x", "m", "n-0")] == [
        True,
        *[False] * 4,
    ]


def test_what_is_no_offset_is_kept_apart() -> None:
    nodes = {"0": b"7", "1": b"seven", "2": b"", "3": b"-1", "4": b"\xff", "x": b"1", "5": b" 8\n"}
    group = group_from_nodes("g", [], {}, {"t": nodes})
    assert group.offsets == {("t", 0): 7, ("t", 5): 8}
    assert group.unreadable == {
        ("t", 1): "seven",
        ("t", 2): "",
        ("t", 3): "-1",
        ("t", 4): "\ufffd",
    }


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_some_names_are_of_no_group(name: str) -> None:
    assert not is_group_name(name)
