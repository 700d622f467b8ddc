"""Creating and deleting topics: whom that is asked of, and when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from procedure_script import asks, is_a, play

from pykafka.core.effects import Node, Now, Refresh, Sleep
from pykafka.core.metadata import BrokerInfo, Snapshot
from pykafka.core.procedures.topics import DEFAULT, NewTopic, create_topic, delete_topic
from pykafka.exceptions import (
    ConnectFailedError,
    InvalidPartitions,
    NotController,
    SocketDisconnectedError,
    TopicAlreadyExists,
    UnknownTopicOrPartition,
    UnsupportedVersion,
    WaitTimedOutError,
)
from pykafka.wire.messages.create_topics import CreatableTopicResult, CreateTopicsResponse
from pykafka.wire.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
)
from pykafka.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponsePartition,
    MetadataResponseTopic,
)

TOPIC = NewTopic("t", 2, 1, {}, {"retention.ms": "1000"})
LOST = SocketDisconnectedError("lost")


class View:
    """Brokers 1 and 2, of which 2 is the controller."""

    def __init__(self, controller: int | None = 2) -> None:
        self.coordinators: dict[str, Node] = {}
        brokers = {1: BrokerInfo(1, "one", 9092), 2: BrokerInfo(2, "two", 9092)}
        self.snapshot = Snapshot(brokers, {}, controller)

    def nodes(self) -> Sequence[Node]:
        return [1, 2]


def created(code: int = 0, message: str | None = None) -> CreateTopicsResponse:
    result = CreatableTopicResult(name="t", error_code=code, error_message=message)
    return CreateTopicsResponse(topics=[result])


def deleted(code: int = 0) -> DeleteTopicsResponse:
    return DeleteTopicsResponse(responses=[DeletableTopicResult(name="t", error_code=code)])


def seen(*leaders: int, code: int = 0) -> MetadataResponse:
    parts = [
        MetadataResponsePartition(
            error_code=0, partition_index=id_, leader_id=leader, replica_nodes=[], isr_nodes=[]
        )
        for id_, leader in enumerate(leaders)
    ]
    topic = MetadataResponseTopic(error_code=code, name="t", partitions=parts)
    return MetadataResponse(brokers=[], topics=[topic])


UNSEEN = MetadataResponse(brokers=[], topics=[])
BEGIN = (is_a(Now), 0.0)
LEFT = (is_a(Now), 0.0)
#: All brokers see it at the first look.
SHOWN = [
    (asks("Metadata", 1), seen(1, 2)),
    (asks("Metadata", 2), seen(1, 2)),
    (is_a(Refresh, topics=["t"]), None),
]
AGAIN = [(is_a(Now), 0.0), (is_a(Sleep), None), (is_a(Refresh, topics=[]), None), LEFT]


def test_the_controller_creates_and_each_broker_is_looked_at() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 2), created()),
        (asks("Metadata", 1), UNSEEN),
        (asks("Metadata", 2), seen(1, -1)),
        (is_a(Now), 1.0),
        (is_a(Sleep), None),
        (asks("Metadata", 1), seen(1, 2)),
        (asks("Metadata", 2), seen(1, 2)),
        (is_a(Refresh, topics=["t"]), None),
    ]
    play(create_topic(View(), TOPIC, 10.0), lines)


def test_the_request_says_what_was_asked_for() -> None:
    procedure = create_topic(View(), TOPIC, 10.0)
    next(procedure)
    procedure.send(0.0)
    effect = procedure.send(0.0)
    request = effect.message(3)
    (topic,) = request.topics
    assert (topic.name, topic.num_partitions, topic.replication_factor) == ("t", 2, 1)
    assert [(c.name, c.value) for c in topic.configs] == [("retention.ms", "1000")]
    assert not request.validate_only
    # The answer comes early enough to look at the other brokers.
    assert request.timeout_ms < effect.timeout_s * 1000 == 10_000


def test_who_is_not_the_controller_any_more_is_not_asked_again() -> None:
    view = View(1)

    def moved(effect: Any) -> bool:
        view.snapshot = view.snapshot._replace(controller_id=2)
        return is_a(Refresh, topics=[])(effect)

    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 1), created(41)),
        (is_a(Now), 0.0),
        (is_a(Sleep), None),
        (moved, None),
        LEFT,
        (asks("CreateTopics", 2), created()),
        *SHOWN,
    ]
    play(create_topic(view, TOPIC, 10.0), lines)


def test_a_controller_that_is_not_found_in_time_is_an_error() -> None:
    lines = [BEGIN, LEFT, (asks("CreateTopics", 2), created(41)), (is_a(Now), 10.0)]
    with pytest.raises(NotController, match="'t'"):
        play(create_topic(View(), TOPIC, 10.0), lines)


def test_a_refusal_is_raised_with_the_brokers_words() -> None:
    lines = [BEGIN, LEFT, (asks("CreateTopics", 2), created(37, "too few"))]
    with pytest.raises(InvalidPartitions, match=r"'t' \(too few\)"):
        play(create_topic(View(), TOPIC, 10.0), lines)


def test_a_topic_that_exists_is_an_error() -> None:
    lines = [BEGIN, LEFT, (asks("CreateTopics", 2), created(36)), (asks("Metadata", 2), seen(1))]
    with pytest.raises(TopicAlreadyExists, match="'t'"):
        play(create_topic(View(), TOPIC, 10.0), lines)


def test_a_topic_that_is_being_deleted_is_waited_for() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 2), created(36)),
        (asks("Metadata", 2), seen(code=3)),
        (is_a(Now), 1.0),
        (is_a(Sleep), None),
        LEFT,
        (asks("CreateTopics", 2), created()),
        *SHOWN,
    ]
    play(create_topic(View(), TOPIC, 10.0), lines)


def test_after_a_lost_answer_a_topic_that_exists_is_the_one_that_was_asked_for() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 2), LOST),
        *AGAIN,
        (asks("CreateTopics", 2), created(36)),
        *SHOWN,
    ]
    play(create_topic(View(), TOPIC, 10.0), lines)


def test_where_nothing_was_sent_a_topic_that_exists_is_somebody_elses() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 2), ConnectFailedError("refused")),
        *AGAIN,
        (asks("CreateTopics", 2), created(36)),
        (asks("Metadata", 2), seen(1)),
    ]
    with pytest.raises(TopicAlreadyExists):
        play(create_topic(View(), TOPIC, 10.0), lines)


def test_a_controller_that_needs_longer_goes_on() -> None:
    play(
        create_topic(View(), TOPIC, 10.0), [BEGIN, LEFT, (asks("CreateTopics"), created(7)), *SHOWN]
    )


def test_a_broker_that_does_not_answer_holds_up_nobody() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 2), created()),
        (asks("Metadata", 1), LOST),
        (asks("Metadata", 2), seen(2, 2)),
        (is_a(Refresh, topics=["t"]), None),
    ]
    play(create_topic(View(), TOPIC, 10.0), lines)


def test_what_does_not_show_in_time_is_an_error_that_names_the_brokers() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("CreateTopics", 2), created()),
        (asks("Metadata", 1), UNSEEN),
        (asks("Metadata", 2), seen(1, 2)),
        (is_a(Now), 10.0),
    ]
    with pytest.raises(WaitTimedOutError, match=r"creating topic 't'.*brokers 1 "):
        play(create_topic(View(), TOPIC, 10.0), lines)


def test_without_a_known_controller_any_broker_tells_what_it_does_not_speak() -> None:
    lines = [BEGIN, LEFT, (asks("CreateTopics", 1), UnsupportedVersion("too old"))]
    with pytest.raises(UnsupportedVersion):
        play(create_topic(View(None), TOPIC, 10.0), lines)


def test_brokers_that_have_no_defaults_are_not_asked_for_them() -> None:
    procedure = create_topic(View(), TOPIC._replace(partitions=DEFAULT), 10.0)
    next(procedure)
    procedure.send(0.0)
    effect = procedure.send(0.0)
    assert effect.message(4).topics[0].num_partitions == DEFAULT
    with pytest.raises(UnsupportedVersion, match=r"2\.4"):
        effect.message(3)


def test_a_topic_is_gone_when_no_broker_lists_it() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("DeleteTopics", 2), deleted()),
        (asks("Metadata", 1), seen(1, 2)),
        (asks("Metadata", 2), seen(code=3)),
        (is_a(Now), 1.0),
        (is_a(Sleep), None),
        (asks("Metadata", 1), UNSEEN),
        (is_a(Refresh, topics=["t"]), None),
    ]
    play(delete_topic(View(), "t", 10.0), lines)


def test_a_topic_that_is_not_there_cannot_be_deleted() -> None:
    with pytest.raises(UnknownTopicOrPartition, match="'t'"):
        play(delete_topic(View(), "t", 10.0), [BEGIN, LEFT, (asks("DeleteTopics"), deleted(3))])


def test_after_a_lost_answer_a_topic_that_is_gone_was_deleted() -> None:
    lines = [
        BEGIN,
        LEFT,
        (asks("DeleteTopics"), LOST),
        *AGAIN,
        (asks("DeleteTopics"), deleted(3)),
        (asks("Metadata", 1), UNSEEN),
        (asks("Metadata", 2), UNSEEN),
        (is_a(Refresh, topics=["t"]), None),
    ]
    play(delete_topic(View(), "t", 10.0), lines)


@pytest.mark.parametrize("version", [0, 5, 6])
def test_each_version_names_the_topic_to_delete(version: int) -> None:
    procedure = delete_topic(View(), "t", 10.0)
    next(procedure)
    procedure.send(0.0)
    request = procedure.send(0.0).message(version)
    sent = DeleteTopicsRequest.decode(request.encode(version), version)
    assert [*sent.topic_names, *(topic.name for topic in sent.topics)] == ["t"]
