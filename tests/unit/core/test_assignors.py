"""How groups share partitions: completely, evenly, and with as little moved as can be."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from itertools import product

import pytest
from assignor_groups import (
    DrawnGroup,
    assert_complete,
    groups,
    kept,
    readable,
    readers,
    spread,
)
from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.assignors import ASSIGNORS, Assignor, GroupMember
from pykafka.core.assignors.sticky import claimants, owners
from pykafka.core.partition_keys import PartitionKey
from pykafka.exceptions import MalformedDataError, UsageError
from pykafka.wire.consumer_protocol import (
    read_subscription,
    write_generation_data,
    write_sticky_data,
    write_subscription,
)

RANGE, ROUND_ROBIN, STICKY, COOPERATIVE = ASSIGNORS.values()
ALL = pytest.mark.parametrize("assignor", ASSIGNORS.values(), ids=ASSIGNORS.keys())
WHOLE = pytest.mark.parametrize(
    "assignor", [RANGE, ROUND_ROBIN, STICKY], ids=["range", "roundrobin", "sticky"]
)

Shares = Mapping[str, Sequence[PartitionKey]]


def assign(assignor: Assignor, group: DrawnGroup) -> dict[str, list[PartitionKey]]:
    return assignor.assign(group.members, group.partitions)


def with_their(shares: Shares, group: DrawnGroup, generation: int) -> DrawnGroup:
    """The same members in the next rebalance."""
    members = [
        member._replace(owned=tuple(shares[member.id]), generation=generation)
        for member in group.members
    ]
    return group._replace(members=members)


def held(group: DrawnGroup) -> dict[PartitionKey, str]:
    """Who has which partitions and may go on."""
    return {
        key: member.id
        for key, member in owners(group.members).items()
        if key in readable(group) and key[0] in member.topics
    }


def test_they_are_known_by_kafkas_names() -> None:
    assert list(ASSIGNORS) == ["range", "roundrobin", "sticky", "cooperative-sticky"]
    assert [name for name, assignor in ASSIGNORS.items() if assignor.name != name] == []
    assert [assignor.cooperative for assignor in ASSIGNORS.values()] == [False, False, False, True]


@WHOLE
@given(group=groups())
def test_each_partition_is_with_one_of_its_readers(assignor: Assignor, group: DrawnGroup) -> None:
    assert_complete(group, assign(assignor, group))


@ALL
@given(group=groups(), seed=st.integers(0, 99))
def test_the_order_of_what_is_given_does_not_matter(
    assignor: Assignor, group: DrawnGroup, seed: int
) -> None:
    rng = random.Random(seed)

    def shuffled(values):
        return rng.sample(list(values), len(values))

    members = [
        member._replace(topics=tuple(shuffled(member.topics)), owned=tuple(shuffled(member.owned)))
        for member in shuffled(group.members)
    ]
    partitions = {topic: shuffled(group.partitions[topic]) for topic in shuffled(group.sizes)}
    assert assignor.assign(members, partitions) == assign(assignor, group)


@ALL
def test_without_members_there_is_nothing_to_do(assignor: Assignor) -> None:
    assert assignor.assign([], {"t": [0]}) == {}


@given(groups(claims=False))
def test_range_is_within_one_in_each_topic(group: DrawnGroup) -> None:
    shares = assign(RANGE, group)
    for topic in group.sizes:
        assert (
            spread([sum(k[0] == topic for k in shares[id_]) for id_ in readers(group, topic)]) < 2
        )


def test_range_gives_neighbours_and_static_members_come_first() -> None:
    members = [GroupMember("a", ("t",)), GroupMember("c", ("t",)), GroupMember("z", ("t",), "name")]
    assert RANGE.assign(members, {"t": range(5)}) == {
        "z": [("t", 0), ("t", 1)],
        "a": [("t", 2), ("t", 3)],
        "c": [("t", 4)],
    }


def test_roundrobin_passes_over_who_does_not_read() -> None:
    members = [GroupMember("a", ("t", "u")), GroupMember("b", ("u",)), GroupMember("c", ("u",))]
    assert ROUND_ROBIN.assign(members, {"t": [0, 1], "u": [0, 1, 2]}) == {
        "a": [("t", 0), ("t", 1), ("u", 2)],
        "b": [("u", 0)],
        "c": [("u", 1)],
    }


@pytest.mark.parametrize("assignor", [ROUND_ROBIN, STICKY], ids=["roundrobin", "sticky"])
@given(group=groups(equal=True))
def test_who_reads_the_same_has_as_much(assignor: Assignor, group: DrawnGroup) -> None:
    assert spread([*map(len, assign(assignor, group).values())]) < 2


@given(groups(equal=True))
def test_sticky_moves_as_little_as_balance_allows(group: DrawnGroup) -> None:
    had = held(group)
    loads = [sum(id_ == member.id for id_ in had.values()) for member in group.members]
    share, rest = divmod(len(readable(group)), len(group.members))
    most = sum(min(load, share) for load in loads) + min(rest, sum(load > share for load in loads))
    assert kept(had, assign(STICKY, group)) == most


@given(groups())
def test_no_partition_could_move_to_a_much_emptier_member(group: DrawnGroup) -> None:
    shares = assign(STICKY, group)
    for id_, keys in shares.items():
        for topic in {topic for topic, _ in keys}:
            assert all(len(keys) - len(shares[other]) < 2 for other in readers(group, topic)), id_


@given(st.data())
def test_sticky_shares_are_as_even_as_any(data: st.DataObject) -> None:
    """Against all there are, in small groups."""
    read = st.sets(st.sampled_from("abc")).map(lambda topics: tuple(sorted(topics)))
    members = [GroupMember(name, data.draw(read)) for name in "wxyz"]
    group = DrawnGroup(members, {topic: data.draw(st.integers(0, 2)) for topic in "abc"})
    choices = [sorted(readers(group, topic)) for topic, _ in readable(group)]
    best = min(
        sum(chosen.count(member.id) ** 2 for member in members) for chosen in product(*choices)
    )
    assert sum(len(keys) ** 2 for keys in assign(STICKY, group).values()) == best


def test_a_partition_finds_its_way_through_a_member_between() -> None:
    members = [
        GroupMember("a", ("t",), None, (("t", 0), ("t", 1), ("t", 2)), 1),
        GroupMember("b", ("t", "u"), None, (("u", 0), ("u", 1)), 1),
        GroupMember("c", ("u",), None, (), 1),
    ]
    shares = STICKY.assign(members, {"t": range(3), "u": range(2)})
    assert sorted(map(len, shares.values())) == [1, 2, 2]


def owning(id_: str, topics: str, **owned: int) -> GroupMember:
    """A member that had the first so many partitions of topics."""
    keys = tuple((topic, id_) for topic, count in owned.items() for id_ in range(count))
    return GroupMember(id_, tuple(topics), None, keys, 1)


def test_what_nobody_had_moves_rather_than_what_somebody_had() -> None:
    """Dealt to the emptiest, ``p`` and ``r`` both come to ``a``; ``q`` stays there all the same."""
    members = [
        owning("a", "pqr", q=1),
        owning("b", "qx", x=1),
        owning("c", "py", y=1),
        owning("d", "rz", z=2),
    ]
    shares = STICKY.assign(members, {**dict.fromkeys("pqrxy", (0,)), "z": [0, 1]})
    assert shares["a"] == [("q", 0), ("r", 0)]
    assert shares["c"] == [("p", 0), ("y", 0)]


def test_who_is_handed_something_hands_on_what_it_had_not() -> None:
    members = [owning("a", "pqt", q=1), owning("b", "pqx", x=1), owning("c", "t", t=4)]
    shares = STICKY.assign(members, {"p": [0], "q": [0], "t": range(4), "x": [0]})
    assert [topic for topic, _ in shares["a"]] == ["q", "t"]
    assert shares["b"] == [("p", 0), ("x", 0)]


@given(groups())
def test_sticky_members_keep_all_when_nothing_changes(group: DrawnGroup) -> None:
    shares = assign(STICKY, group)
    again = with_their(shares, group, 7)
    assert assign(STICKY, again) == shares
    assert assign(COOPERATIVE, again) == shares


def test_the_latest_generation_is_believed_and_two_of_one_are_not() -> None:
    def claim(id_: str, generation: int, *ids: int) -> GroupMember:
        return GroupMember(id_, ("t",), None, tuple(("t", number) for number in ids), generation)

    old, new, twin = claim("old", 1, 0, 1, 3), claim("new", 2, 0, 2), claim("twin", 2, 2, 3)
    found = owners([old, new, twin])
    assert {id_: member.id for (_, id_), member in found.items()} == {0: "new", 1: "old", 3: "twin"}
    shares = STICKY.assign([old, new, twin], {"t": range(4)})
    assert ("t", 0) in shares["new"]
    assert ("t", 1) in shares["old"]
    assert ("t", 3) in shares["twin"]


def assert_none_in_use_elsewhere(group: DrawnGroup, shares: Shares) -> None:
    """No partition is given to one while another goes on with it."""
    believed, claims = owners(group.members), claimants(group.members)
    for id_, keys in shares.items():
        for key in keys:
            owner = believed.get(key)
            others = {member.id for member in claims.get(key, ())} - {id_}
            assert not others or (owner is not None and owner.id == id_)


@given(groups())
def test_cooperative_members_first_let_go_and_then_are_given(group: DrawnGroup) -> None:
    first = assign(COOPERATIVE, group)
    assert_none_in_use_elsewhere(group, first)
    let_go = with_their(first, group, 7)
    second = assign(COOPERATIVE, let_go)
    assert_complete(group, second)
    even = assign(STICKY, group)
    assert sorted(map(len, second.values())) == sorted(map(len, even.values()))
    for id_, keys in first.items():
        assert set(keys) <= set(second[id_])


@given(groups())
def test_cooperative_withholds_only_what_changes_hands(group: DrawnGroup) -> None:
    whole, first = assign(STICKY, group), assign(COOPERATIVE, group)
    claims = claimants(group.members)
    for id_, keys in whole.items():
        for key in set(keys) - set(first[id_]):
            assert {member.id for member in claims[key]} - {id_}


OWNED = (("t", 0), ("t", 3), ("u", 1))


@pytest.mark.parametrize("assignor", [STICKY, COOPERATIVE], ids=["sticky", "cooperative-sticky"])
def test_sticky_members_tell_what_they_had(assignor: Assignor) -> None:
    said = assignor.subscription(["u", "t"], OWNED[::-1], 4)
    assert assignor.member("m", "i", said) == GroupMember("m", ("t", "u"), "i", OWNED, 4)
    new = assignor.subscription(["t"], [], -1)
    assert assignor.member("m", None, new) == GroupMember("m", ("t",))


@pytest.mark.parametrize("assignor", [RANGE, ROUND_ROBIN], ids=["range", "roundrobin"])
def test_others_tell_what_they_read(assignor: Assignor) -> None:
    said = assignor.subscription(["u", "t", "u"], OWNED, 4)
    assert assignor.member("m", "i", said) == GroupMember("m", ("t", "u"), "i")


@ALL
def test_the_same_is_said_in_the_same_bytes(assignor: Assignor) -> None:
    said = assignor.subscription(["a", "b"], OWNED, 4)
    assert assignor.subscription(["b", "a"], OWNED[::-1], 4) == said


@ALL
def test_what_is_no_subscription_is_malformed(assignor: Assignor) -> None:
    said = assignor.subscription(["t"], OWNED, 4)
    for wrong in (b"", b"\x00", said[:5], b"\x00\x00\xff\xff\xff\xff"):
        with pytest.raises(MalformedDataError):
            assignor.member("m", None, wrong)


@ALL
def test_what_cannot_be_said_is_the_callers_error(assignor: Assignor) -> None:
    with pytest.raises(UsageError):
        assignor.subscription(["t" * 40000], [], -1)


def test_a_sticky_member_before_2_3_tells_no_generation() -> None:
    data = write_sticky_data([("t", [1])])[:-4]
    member = STICKY.member("m", None, write_subscription(0, ["t"], data))
    assert (member.owned, member.generation) == ((("t", 1),), -1)


def test_a_cooperative_member_of_2_4_tells_its_generation_in_user_data() -> None:
    said = write_subscription(1, ["t"], write_generation_data(6), [("t", [1])])
    member = COOPERATIVE.member("m", None, said)
    assert (member.owned, member.generation) == ((("t", 1),), 6)
    # Where both say it, the field counts.
    said = write_subscription(2, ["t"], write_generation_data(6), [], 7)
    assert COOPERATIVE.member("m", None, said).generation == 7


@pytest.mark.parametrize("data", [None, b"", b"\x01"])
@pytest.mark.parametrize("assignor", [STICKY, COOPERATIVE], ids=["sticky", "cooperative-sticky"])
def test_nonsense_in_user_data_counts_as_nothing(assignor: Assignor, data: bytes | None) -> None:
    member = assignor.member("m", None, write_subscription(0, ["t"], data))
    assert member == GroupMember("m", ("t",))


def test_the_versions_of_what_is_said() -> None:
    versions = [read_subscription(a.subscription(["t"], [], 1)).version for a in ASSIGNORS.values()]
    assert versions == [0, 0, 0, 2]


@pytest.mark.timing
@ALL
@pytest.mark.parametrize("topics", [1, 2000])
def test_large_groups_are_shared_at_once(assignor: Assignor, topics: int) -> None:
    """2,000 partitions, 50 members, of which one has them all."""
    names = tuple(f"t{number}" for number in range(topics))
    partitions = {name: range(2000 // topics) for name in names}
    keys = tuple((name, id_) for name in names for id_ in partitions[name])
    members = [GroupMember(f"m{n}", names, None, () if n else keys, 1) for n in range(50)]
    began = time.perf_counter()
    assignor.assign(members, partitions)
    assert time.perf_counter() - began < 0.5
