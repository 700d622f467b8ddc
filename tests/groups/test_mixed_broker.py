"""Members of ours in broker groups of other clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from groups.mixed import MixedGroup
from groups.owners import broker_ownership
from groups.runs import GroupRun

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

pytestmark = [
    pytest.mark.kafka(since="3.9", until="3.9", why="one release tells how these clients share"),
    pytest.mark.slow,
]

OURS, JAVA, KAFKA_PYTHON, CONFLUENT = (
    "ours-broker",
    "java-broker",
    "kafka-python",
    "confluent-kafka",
)


@pytest.fixture
def mixed(
    kafka: EmbeddedKafka, topic_name: str, group_run: Callable[..., GroupRun]
) -> Iterator[Callable[..., MixedGroup]]:
    """``mixed(partitions, **options)``: a group without members yet."""
    with KafkaClient(kafka.bootstrap) as client:

        def make(partitions: int, **options: object) -> MixedGroup:
            run = group_run(**options)
            group = f"group-of-{topic_name}"
            return MixedGroup(kafka, run, partitions, lambda: broker_ownership(client, group))

        yield make


# The first member of a group leads it, which is to share out the partitions of all; when it is
# gone another one does.
@pytest.mark.parametrize(
    ("assignor", "leader", "others"),
    [
        ("range", OURS, [JAVA, KAFKA_PYTHON, CONFLUENT]),
        ("roundrobin", JAVA, [OURS, KAFKA_PYTHON, CONFLUENT]),
        ("sticky", KAFKA_PYTHON, [OURS, JAVA]),  # librdkafka has no assignor of that name
        ("cooperative-sticky", CONFLUENT, [OURS, JAVA, KAFKA_PYTHON]),
        ("cooperative-sticky", OURS, [JAVA, KAFKA_PYTHON, CONFLUENT]),
    ],
)
def test_other_clients_and_ours_share_a_topic(
    mixed: Callable[..., MixedGroup],
    need_members: Callable[..., None],
    assignor: str,
    leader: str,
    others: list[str],
) -> None:
    need_members(leader, *others)
    # By itself Java's commits no more when partitions go that it went on reading.
    group = mixed(12, assignor=assignor, commits=assignor == "cooperative-sticky")
    (first,) = group.start(leader)
    with group.feeding():
        (second, *_) = group.start(*others)
        group.stop(first)
        group.start(leader)
        group.stop(second)
    assert group.verdict.fine, group.verdict.text()
    theirs = {leader, *others} - {OURS}
    assert sum(group.passed(OURS, other) for other in theirs)
    assert sum(group.passed(other, OURS) for other in theirs)
