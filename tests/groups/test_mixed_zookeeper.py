"""Members of ours in groups of Java's high-level consumer and of pykafka 2.8, by ZooKeeper."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from groups.mixed import MixedGroup
from groups.owners import ZookeeperGroup
from groups.runs import GroupRun

from pykafka.embedded import EmbeddedKafka

pytestmark = [
    pytest.mark.kafka(until="0.8", why="what Java's high-level consumer and pykafka 2.8 are for"),
    pytest.mark.slow,
]

OURS, JAVA, OLD = "ours-zookeeper", "java-zookeeper", "pykafka-2.8"


@pytest.fixture
def nodes(kafka: EmbeddedKafka, topic_name: str) -> Iterator[ZookeeperGroup]:
    """What the group has in ZooKeeper."""
    assert kafka.zookeeper is not None
    with ZookeeperGroup(kafka.zookeeper, f"group-of-{topic_name}") as nodes:
        yield nodes


@pytest.fixture
def mixed(
    kafka: EmbeddedKafka,
    nodes: ZookeeperGroup,
    group_run: Callable[..., GroupRun],
) -> Callable[..., MixedGroup]:
    """``mixed(partitions, **options)``: a group without members yet."""

    def make(partitions: int, **options: object) -> MixedGroup:
        return MixedGroup(kafka, group_run(**options), partitions, nodes.ownership)

    return make


@pytest.mark.parametrize(
    ("storage", "assignor"), [("kafka", "range"), ("zookeeper", "roundrobin"), ("both", "range")]
)
def test_java_members_and_ours_share_a_topic(
    nodes: ZookeeperGroup,
    mixed: Callable[..., MixedGroup],
    need_members: Callable[..., None],
    storage: str,
    assignor: str,
) -> None:
    need_members(OURS, JAVA)
    group = mixed(12, offsets_storage=storage, assignor=assignor)
    first, ours, _ = group.start(JAVA, OURS, OURS)
    with group.feeding():
        group.start(JAVA, OURS)  # two and three
        group.stop(first)
        group.start(JAVA)
        group.stop(ours)
    assert group.verdict.fine, group.verdict.text()
    assert group.passed(JAVA, OURS)
    assert group.passed(OURS, JAVA)
    assert bool(nodes.committed()) == (storage != "kafka")


def test_members_of_pykafka_2_8_are_replaced_one_by_one(
    topic_name: str,
    nodes: ZookeeperGroup,
    mixed: Callable[..., MixedGroup],
    need_members: Callable[..., None],
) -> None:
    """Ours speak as they do until the last of them is gone; then Java members may join."""
    need_members(OURS, OLD, JAVA)
    group = mixed(6)
    first, second = group.start(OLD, OLD)
    with group.feeding():
        (third,) = group.start(OURS)
        assert nodes.topics_with_owners() == {repr(topic_name.encode())}
        assert not group.logged(third, "changing from")
        group.replace(first, OURS)
        assert nodes.topics_with_owners() == {repr(topic_name.encode())}
        group.stop(second)
        group.until(lambda: nodes.topics_with_owners() == {topic_name})
        assert group.logged(third, "changing from pykafka2")
        group.start(JAVA)
        group.stop(third)
    assert group.verdict.fine, group.verdict.text()
    assert group.passed(OLD, OURS)
    assert group.passed(OURS, JAVA)


def test_a_member_of_pykafka_2_8_that_joins_later_has_ours_change_to_its_layout(
    topic_name: str,
    nodes: ZookeeperGroup,
    mixed: Callable[..., MixedGroup],
    need_members: Callable[..., None],
) -> None:
    need_members(OURS, OLD)
    group = mixed(6)
    ours = group.start(OURS, OURS)
    assert nodes.topics_with_owners() == {topic_name}
    with group.feeding():
        # It does not look where Java's layout has the owners.
        with group.in_disorder("change of layout"):
            (old,) = group.start(OLD)
        assert nodes.topics_with_owners() == {repr(topic_name.encode())}
        assert all(group.logged(member, "changing from java") for member in ours)
        group.stop(old)
        group.until(lambda: nodes.topics_with_owners() == {topic_name})
    assert group.verdict.fine, group.verdict.text()
    assert group.passed(OURS, OLD)
    assert group.passed(OLD, OURS)


@pytest.mark.parametrize(("layout", "other"), [("java", JAVA), ("pykafka2", OLD)])
def test_a_layout_that_is_forced_is_there_from_the_beginning(
    topic_name: str,
    nodes: ZookeeperGroup,
    mixed: Callable[..., MixedGroup],
    need_members: Callable[..., None],
    layout: str,
    other: str,
) -> None:
    """Whoever needs it finds it, so that nothing has to change when it joins."""
    need_members(OURS, other)
    group = mixed(4, native={"zookeeper_layout": layout})
    (ours,) = group.start(OURS)
    wanted = {topic_name if layout == "java" else repr(topic_name.encode())}
    assert nodes.topics_with_owners() == wanted
    with group.feeding():
        (joined,) = group.start(other, native={})
        assert nodes.topics_with_owners() == wanted
        group.stop(joined)
        assert nodes.topics_with_owners() == wanted
    assert group.verdict.fine, group.verdict.text()
    assert group.passed(OURS, other)
    assert not group.logged(ours, "changing from")
