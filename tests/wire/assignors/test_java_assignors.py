"""The group assignors beside Kafka's own: the same members, the same partitions, the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from assignor_groups import NAMES, DrawnGroup, groups, kept, readers, spread
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.assignors.java_assignors import Assignors082, AssignorsNow
from wire.records.java_pipe import compiler_is_missing

from pykafka.core.assignors import ASSIGNORS
from pykafka.core.assignors.high_level import share_range, share_round_robin
from pykafka.core.assignors.sticky import owners
from pykafka.core.partition_keys import PartitionKey
from pykafka.exceptions import DownloadError, MissingRequirementError
from pykafka.wire.consumer_protocol import read_subscription, write_subscription

MANY = settings(max_examples=300)
STICKY = pytest.mark.parametrize("name", ["sticky", "cooperative-sticky"])


@pytest.fixture(scope="session")
def java(missing: Callable[[str], None]) -> Iterator[AssignorsNow]:
    if compiler_is_missing():
        missing("a JDK (javac) to run Kafka's own assignors")
    try:
        oracle = AssignorsNow()
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Kafka's own assignors: {error}")
        raise
    with oracle:
        yield oracle


@pytest.fixture(scope="session")
def java082(missing: Callable[[str], None]) -> Iterator[Assignors082]:
    if compiler_is_missing():
        missing("a JDK (javac) to run Kafka 0.8.2.2's own assignors")
    try:
        oracle = Assignors082()
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Kafka 0.8.2.2's own assignors: {error}")
        raise
    with oracle:
        yield oracle


def in_java(java: AssignorsNow, name: str, group: DrawnGroup) -> dict[str, list[PartitionKey]]:
    """What Java's leader makes of our members."""
    assignor = ASSIGNORS[name]
    # It looks up the topics that somebody reads, and no others.
    sizes = {topic: size for topic, size in group.sizes.items() if readers(group, topic)}
    members = [
        (
            member.id,
            member.instance_id,
            assignor.subscription(member.topics, member.owned, member.generation),
        )
        for member in group.members
    ]
    return java.assign(name, members, sizes)


def in_order(shares: Mapping[str, list[PartitionKey]]) -> dict[str, list[PartitionKey]]:
    return {id_: sorted(keys) for id_, keys in shares.items()}


@pytest.mark.parametrize("name", ["range", "roundrobin"])
@MANY
@given(group=groups(claims=False))
def test_members_are_given_what_javas_leader_gives(
    java: AssignorsNow, name: str, group: DrawnGroup
) -> None:
    ours = ASSIGNORS[name].assign(group.members, group.partitions)
    assert in_order(ours) == in_order(in_java(java, name, group))


@MANY
@given(group=groups(equal=True, sane=True))
def test_sticky_shares_are_as_even_as_javas_and_move_no_more(
    java: AssignorsNow, group: DrawnGroup
) -> None:
    ours = ASSIGNORS["sticky"].assign(group.members, group.partitions)
    theirs = in_java(java, "sticky", group)
    had = {key: member.id for key, member in owners(group.members).items()}
    assert sorted(map(len, ours.values())) == sorted(map(len, theirs.values()))
    assert kept(had, ours) >= kept(had, theirs)


@MANY
@given(group=groups(equal=False, sane=True))
def test_unequal_sticky_shares_are_at_least_as_even_as_javas(
    java: AssignorsNow, group: DrawnGroup
) -> None:
    ours = ASSIGNORS["sticky"].assign(group.members, group.partitions)
    theirs = in_java(java, "sticky", group)
    assert spread([*map(len, ours.values())]) <= spread([*map(len, theirs.values())])
    squares = [sum(len(keys) ** 2 for keys in shares.values()) for shares in (ours, theirs)]
    assert squares[0] <= squares[1]


TOPICS = st.lists(NAMES, unique=True, max_size=4)
OWNED = st.lists(st.tuples(NAMES, st.integers(0, 9)), unique=True, max_size=6)


@STICKY
@given(topics=TOPICS, owned=OWNED, generation=st.integers(0, 9))
def test_java_reads_what_a_member_had(
    java: AssignorsNow,
    name: str,
    topics: list[str],
    owned: list[PartitionKey],
    generation: int,
) -> None:
    said = ASSIGNORS[name].subscription(topics, owned, generation)
    known, had = java.had(name, said)
    assert (known, sorted(had)) == (generation, sorted(owned))


@STICKY
def test_java_reads_a_new_member(java: AssignorsNow, name: str) -> None:
    assert java.had(name, ASSIGNORS[name].subscription(["t"], [], -1)) == (-1, [])


@STICKY
@pytest.mark.parametrize("version", [1, 2, 3])
@given(topics=TOPICS, owned=OWNED, generation=st.integers(0, 9))
def test_what_a_member_in_java_had_is_read(
    java: AssignorsNow,
    name: str,
    version: int,
    topics: list[str],
    owned: list[PartitionKey],
    generation: int,
) -> None:
    said = java.say(name, version, topics, owned, generation)
    member = ASSIGNORS[name].member("me", "here", said)
    assert (member.id, member.instance_id) == ("me", "here")
    assert sorted(member.topics) == sorted(topics)
    assert (sorted(member.owned), member.generation) == (sorted(owned), generation)


@pytest.mark.parametrize("version", range(4))
@given(
    topics=TOPICS, owned=OWNED, generation=st.integers(0, 9), rack=st.none() | st.text(max_size=3)
)
def test_subscriptions_are_the_bytes_of_kafka(
    java: AssignorsNow,
    version: int,
    topics: list[str],
    owned: list[PartitionKey],
    generation: int,
    rack: str | None,
) -> None:
    written = java.say("sticky", version, topics, owned, generation, rack)
    read = read_subscription(written)
    assert write_subscription(*read) == written
    assert read.generation_id == (generation if version >= 2 else -1)
    assert read.rack_id == (rack if version >= 3 else None)


@pytest.mark.parametrize(("name", "version"), [("sticky", 0), ("cooperative-sticky", 2)])
def test_sticky_members_say_the_bytes_of_kafka(java: AssignorsNow, name: str, version: int) -> None:
    owned = [("a", 9), ("a", 10), ("b", 0), ("b", 2)]
    said = ASSIGNORS[name].subscription(["b", "a"], owned[::-1], 5)
    assert said == java.say(name, version, ["a", "b"], owned, 5)


IDS = st.lists(NAMES.map("g_{}".format), min_size=1, max_size=4, unique=True)
SIZES = st.dictionaries(
    st.from_regex(r"[a-zA-Z0-9._-]{1,8}", fullmatch=True),
    st.integers(1, 13),
    min_size=1,
    max_size=4,
)


@MANY
@given(ids=IDS, sizes=SIZES, data=st.data())
def test_range_in_zookeepers_groups_is_that_of_0_8_2(
    java082: Assignors082, ids: list[str], sizes: dict[str, int], data: st.DataObject
) -> None:
    counts = st.fixed_dictionaries({}, optional=dict.fromkeys(sizes, st.integers(1, 12)))
    consumers = {id_: data.draw(counts) for id_ in ids}
    ours: dict[str, list[PartitionKey]] = {}
    for topic, size in sizes.items():
        threads = [
            f"{id_}-{n}" for id_, counts in consumers.items() for n in range(counts.get(topic, 0))
        ]
        for thread, parts in share_range(threads, range(size)).items():
            ours[thread] = [*ours.get(thread, []), *((topic, id_) for id_ in parts)]
    given = {thread: keys for thread, keys in ours.items() if keys}
    assert in_order(given) == in_order(java082.assign("range", consumers, sizes))


@MANY
@given(ids=IDS, sizes=SIZES, threads=st.integers(1, 12))
def test_round_robin_in_zookeepers_groups_is_that_of_0_8_2(
    java082: Assignors082, ids: list[str], sizes: dict[str, int], threads: int
) -> None:
    names = [f"{id_}-{number}" for id_ in ids for number in range(threads)]
    ours = share_round_robin(names, {topic: range(size) for topic, size in sizes.items()})
    theirs = java082.assign(
        "roundrobin", {id_: dict.fromkeys(sizes, threads) for id_ in ids}, sizes
    )
    assert in_order({thread: keys for thread, keys in ours.items() if keys}) == in_order(theirs)
