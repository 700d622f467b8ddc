"""Members that nobody here wrote share a topic: what members of ours are to join."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from groups.feeding import Feeder
from groups.judge import Verdict, judge, owned_once
from groups.owners import Ownership, ZookeeperGroup, broker_ownership
from groups.runs import GroupRun

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

PARTITIONS = 6
MESSAGES = 1200
RATE = 600
#: Seconds for a group to settle, and for messages to go through it.
WITHIN = 45.0
#: Seconds: what members here are told of a session, and a ping.
GRACE = 7.0


@pytest.fixture
def share(
    kafka: EmbeddedKafka,
    topic_name: str,
    need_members: Callable[..., None],
    group_run: Callable[..., GroupRun],
) -> Callable[..., Verdict]:
    """``share(first, second, ownership, **options)``: the first member reads, the second joins
    while messages are written, and the first leaves; what came of it."""

    def run(first: str, second: str, look: Callable[[], Ownership], **options: object) -> Verdict:
        need_members(first, second)
        kafka.create_topic(topic_name, PARTITIONS)
        places = {(topic_name, number) for number in range(PARTITIONS)}
        group = group_run(**options)
        leaving = group.start(first)
        group.await_held(places, WITHIN)
        with Feeder(kafka.bootstrap, topic_name, RATE, MESSAGES) as feeder:
            group.start(second)
            group.await_held(places, WITHIN)
            owned = look()
            wrong = owned_once(owned.owners, places, owned.members)
            leaving.stop()
            group.await_held(places, WITHIN)
            feeder.join()
            group.await_delivered(feeder.ends, WITHIN)
            group.stop()
        return judge(
            group.events(), feeder.produced(), group.troubles, grace=GRACE, ownership=wrong
        )

    return run


@pytest.mark.kafka(until="0.8", why="what Java's high-level consumer and pykafka 2.8 were made for")
@pytest.mark.parametrize("storage", ["kafka", "zookeeper"])
def test_java_members_share_a_topic_by_zookeeper(
    kafka: EmbeddedKafka, topic_name: str, share: Callable[..., Verdict], storage: str
) -> None:
    assert kafka.zookeeper is not None
    with ZookeeperGroup(kafka.zookeeper, f"group-of-{topic_name}") as nodes:
        verdict = share(
            "java-zookeeper", "java-zookeeper", nodes.ownership, offsets_storage=storage
        )
        assert bool(nodes.committed()) == (storage == "zookeeper")
    assert verdict.fine, verdict.text()


@pytest.mark.kafka(until="0.8", why="what Java's high-level consumer and pykafka 2.8 were made for")
def test_members_of_pykafka_2_8_share_a_topic_by_zookeeper(
    kafka: EmbeddedKafka, topic_name: str, share: Callable[..., Verdict]
) -> None:
    assert kafka.zookeeper is not None
    with ZookeeperGroup(kafka.zookeeper, f"group-of-{topic_name}") as nodes:
        verdict = share("pykafka-2.8", "pykafka-2.8", nodes.ownership)
    assert verdict.fine, verdict.text()


@pytest.mark.kafka(since="3.9", until="3.9", why="one release tells how these clients share")
@pytest.mark.parametrize(
    ("first", "second"), [("kafka-python", "confluent-kafka"), ("confluent-kafka", "java-broker")]
)
def test_members_share_a_topic_by_a_broker(
    kafka: EmbeddedKafka, topic_name: str, share: Callable[..., Verdict], first: str, second: str
) -> None:
    with KafkaClient(kafka.bootstrap) as client:
        verdict = share(first, second, lambda: broker_ownership(client, f"group-of-{topic_name}"))
    assert verdict.fine, verdict.text()
