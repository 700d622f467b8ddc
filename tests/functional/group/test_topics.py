"""What a member reads: one topic, several, those of a pattern; and topics that change."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from functional.consumer.filling import add, numbered
from functional.group.conftest import BROKER, Fill, Join, one_release, only_broker
from functional.group.reading import Seen, eventually, shared

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import (
    InvalidOptionError,
    InvalidOptionTypeError,
    InvalidTopic,
    UnknownTopicOrPartition,
)
from pykafka.partition import Partition


def names(member: Any) -> set[str]:
    return {key.topic.name.decode() for key in member.partitions}


def more_partitions(kafka: EmbeddedKafka, topic: str, count: int) -> None:
    """Add partitions to a topic, with the tool of its release."""
    where = (
        ["--zookeeper", kafka.zookeeper]
        if kafka.release.number < (2, 2)
        else ["--bootstrap-server", kafka.bootstrap]
    )
    main = (
        "kafka.admin.TopicCommand"
        if kafka.release.number < (4, 0)
        else "org.apache.kafka.tools.TopicCommand"
    )
    arguments = [*where, "--alter", "--topic", topic, "--partitions", str(count)]
    done = kafka.run_tool(main, [str(argument) for argument in arguments])
    assert done.returncode == 0, done.stdout + done.stderr
    kafka.await_topic(topic, count)


def test_with_several_topics_the_keys_are_partitions(fill: Fill, join: Join) -> None:
    one, two = fill(50, 50, suffix="-one"), fill(50, suffix="-two")
    member = join([one, two.name.decode()])
    other = join([two, one])
    shared(member, other, among=3)
    other.stop()
    shared(member, among=3)
    assert member.topic is None
    assert member.topics == [one, two]
    keys = {*one.partitions.values(), *two.partitions.values()}
    assert set(member.partitions) == keys
    assert member.held_offsets == dict.fromkeys(keys, OffsetType.EARLIEST)
    assert member.lag() == dict.fromkeys(keys, 50)
    seen = Seen()
    seen.take(150, member)
    assert {place: len(offsets) for place, offsets in seen.offsets.items()} == {
        (partition.topic.name.decode(), partition.id): 50 for partition in keys
    }
    assert member.held_offsets == dict.fromkeys(keys, 49)
    member.commit_offsets()
    assert {key: found.offset for key, found in member.fetch_offsets()} == dict.fromkeys(keys, 50)
    assert set(member.health().partitions) == keys
    member.reset_offsets([(two.partitions[0], 9)])
    message = member.consume()
    assert message is not None
    assert (message.partition, message.offset) == (two.partitions[0], 10)


@one_release
def test_with_one_topic_the_keys_are_ids(fill: Fill, join: Join) -> None:
    topic = fill(50, 50)
    for given in (topic, topic.name, topic.name.decode(), [topic], [topic, topic.name]):
        member = join(given)
        assert member.topic is topic
        assert member.topics == [topic]
        assert member.partitions == topic.partitions
        assert member.held_offsets == {0: OffsetType.EARLIEST, 1: OffsetType.EARLIEST}
        assert member.lag() == {0: 50, 1: 50}
        assert sorted(member.health().partitions) == [0, 1]
        member.stop()


def test_a_pattern_takes_in_topics_that_come_later(
    fill: Fill, join: Join, kind: str, topic_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    more = {"metadata_max_age_ms": 300} if kind == BROKER else {}
    fill(1, suffix="-other")
    pattern = re.compile(re.escape(topic_name) + "-in[0-9]")
    first = join(pattern, **more)
    # Nothing matches: it waits.
    assert first.consume() is None
    assert first.partitions == {}
    second = join(pattern, **more)
    seen = Seen()
    for number in range(2):
        topic = fill(20, 20, suffix=f"-in{number}")
        shared(first, second, among=2 * (number + 1))
        seen.take(40, first, second)
        assert topic in first.topics
    assert fill(3, suffix="-in-the-middle-in1") not in first.topics
    assert names(first) | names(second) == {f"{topic_name}-in0", f"{topic_name}-in1"}
    assert all(offsets == list(range(20)) for offsets in seen.offsets.values())
    assert len(seen.offsets) == 4
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.kafka(since="0.11", why="the oldest's tool needs seconds to start, and tells no more")
def test_partitions_that_are_added_are_read_from_their_beginning(
    fill: Fill, join: Join, kind: str, kafka: EmbeddedKafka
) -> None:
    # Even where a new partition would be entered at its end: it was not there to be heard.
    topic = fill(30)
    more = {"metadata_max_age_ms": 300} if kind == BROKER else {}
    first, second = join(topic, **more), join(topic, **more)
    shared(first, second, among=1)
    seen = Seen()
    seen.take(30, first, second)
    more_partitions(kafka, topic.name.decode(), 2)
    shared(first, second, among=2)
    with KafkaClient(kafka.bootstrap) as client:
        add(client.topics[topic.name], 1, numbered(30))
    seen.take(30, first, second)
    assert seen.is_exactly(p0=30, p1=30)


def test_members_of_one_process_with_different_topics_do_not_disturb_each_other(
    fill: Fill, join: Join
) -> None:
    one, two = fill(30, 30, suffix="-one"), fill(30, 30, suffix="-two")
    # Three members of one group, of whom only some read each topic.
    on_one, on_two, on_both = join(one), join(two), join([one, two])
    eventually(
        lambda: (
            len(on_one.partitions) == len(on_two.partitions) == 1
            and len(on_both.partitions) == 2
            and names(on_both) == {one.name.decode(), two.name.decode()}
        ),
        "each topic is shared by those who read it",
    )
    seen = Seen()
    seen.take(120, on_one, on_two, on_both)
    assert all(offsets == list(range(30)) for offsets in seen.offsets.values())
    assert len(seen.offsets) == 4
    on_both.stop()
    eventually(lambda: len(on_one.partitions) == len(on_two.partitions) == 2, "they take over")


@one_release
def test_a_topic_that_does_not_exist_is_named(fill: Fill, join: Join) -> None:
    topic = fill(1)
    # Brokers refuse the name, or would create it.
    for given in ([topic, "no such topic"], "no such topic"):
        with pytest.raises(InvalidTopic, match="no such topic"):
            join(given)


@one_release
@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (None, InvalidOptionTypeError, "None"),
        (7, InvalidOptionTypeError, "7"),
        ([], InvalidOptionError, "no topic"),
        (re.compile(b"bytes"), InvalidOptionTypeError, "bytes"),
        ([re.compile("pattern")], InvalidOptionTypeError, "pattern"),
        ([None], InvalidOptionTypeError, "None"),
        ([["nested"]], InvalidOptionTypeError, "nested"),
    ],
    ids=["None", "7", "empty", "bytes-pattern", "pattern-in-list", "None-in-list", "nested"],
)
def test_what_is_no_topic_is_refused(
    join: Join, given: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        join(given)


@one_release
def test_a_pattern_goes_on_without_a_topic_that_is_deleted(
    fill: Fill, join: Join, kind: str, kafka: EmbeddedKafka, topic_name: str
) -> None:
    more = {"metadata_max_age_ms": 300} if kind == BROKER else {}
    stays, goes = fill(20, suffix="-stays"), fill(20, suffix="-goes")
    member = join(re.compile(re.escape(topic_name) + "-.*"), **more)
    shared(member, among=2)
    seen = Seen()
    seen.take(40, member)
    kafka.delete_topic(goes.name.decode())
    # A commit for what nobody can have any more is not waited for.
    eventually(lambda: names(member) == {stays.name.decode()}, "the other one is left", within=5)
    add(stays, 0, numbered(10, 20))
    seen.take(10, member)
    assert seen.offsets[stays.name.decode(), 0] == list(range(30))


@one_release
def test_other_topics_of_a_list_go_on_when_one_is_deleted(
    fill: Fill, join: Join, kafka: EmbeddedKafka
) -> None:
    stays, goes = fill(20, suffix="-stays"), fill(20, suffix="-goes")
    member = join([stays, goes])
    shared(member, among=2)
    seen = Seen()
    seen.take(40, member)
    kafka.delete_topic(goes.name.decode())
    add(stays, 0, numbered(10, 20))
    # There may be an error to tell; what is there comes before it.
    seen.take(10, member)
    assert seen.offsets[stays.name.decode(), 0] == list(range(30))
    at = time.monotonic()
    member.stop()
    assert time.monotonic() - at < 5


@one_release
def test_the_only_topic_that_is_deleted_is_named_by_the_error(
    fill: Fill, join: Join, kafka: EmbeddedKafka
) -> None:
    topic = fill(20)
    member = join(topic)
    seen = Seen()
    seen.take(20, member)
    kafka.delete_topic(topic.name.decode())

    def refused() -> bool:
        try:
            member.consume()
        except UnknownTopicOrPartition as error:
            return topic.name.decode() in str(error)
        return False

    eventually(refused, "an error that names the topic")


@only_broker
@one_release
def test_partitions_are_objects_of_the_clients_topics(fill: Fill, join: Join) -> None:
    topic = fill(5)
    (key,) = join(re.compile(re.escape(topic.name.decode()))).partitions
    assert isinstance(key, Partition)
    assert key is topic.partitions[0]
