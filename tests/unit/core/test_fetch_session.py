"""The conversation about what to fetch: what is said again, and what is not."""

from __future__ import annotations

import pytest

from pykafka.core.fetch_session import FetchSession, is_about_session
from pykafka.core.fetching import FetchLimits, FetchPlan, FetchState
from pykafka.core.retry import Backoff
from pykafka.exceptions import MalformedDataError, ProtocolClientError
from pykafka.wire.messages.fetch import (
    FetchableTopicResponse,
    FetchRequest,
    FetchResponse,
    PartitionData,
)

LIMITS = FetchLimits(1000, 3000, 1, 100, 50, 10_000, Backoff(0.5, 4.0))
ID = b"t" * 16
IDS = {"t": ID}


def plan(*states: FetchState) -> FetchPlan:
    return FetchPlan(list(states), 100, None)


def states(count: int) -> list[FetchState]:
    return [FetchState(("t", number), 10, 0) for number in range(count)]


def asked(request: FetchRequest) -> dict[tuple[str, int], int]:
    return {
        (topic.topic, part.partition): part.fetch_offset
        for topic in request.topics
        for part in topic.partitions
    }


def answer(session_id: int = 0, *partitions: int, code: int = 0, by_id: bool = False):
    parts = [
        PartitionData(partition_index=number, error_code=0, high_watermark=0, records=None)
        for number in partitions
    ]
    topic = FetchableTopicResponse(
        topic="" if by_id else "t", topic_id=ID if by_id else bytes(16), partitions=parts
    )
    return FetchResponse(error_code=code, session_id=session_id, responses=[topic])


@pytest.mark.parametrize(("version", "epoch"), [(0, -1), (6, -1), (7, 0), (12, 0)])
def test_the_first_request_names_everything(version: int, epoch: int):
    request = FetchSession(LIMITS, 0).request(plan(*states(2)), {}, version)
    assert asked(request) == {("t", 0): 10, ("t", 1): 10}
    assert (request.session_id, request.session_epoch) == (0, epoch)
    request.encode(version)


def test_a_broker_that_remembers_is_told_only_what_changed():
    session, (one, two, three) = FetchSession(LIMITS, 0), states(3)
    session.request(plan(one, two), {}, 12)
    assert session.answered(answer(77, 0, 1), "fetching") == (answered(0, 1), False)
    two.fetch_offset = 20
    request = session.request(plan(one, two, three), {}, 12)
    assert asked(request) == {("t", 1): 20, ("t", 2): 10}
    assert (request.session_id, request.session_epoch) == (77, 1)
    parts, sparse = session.answered(answer(77, 1), "fetching")
    assert (set(parts), sparse) == ({("t", 1)}, True)
    request = session.request(plan(two), {}, 12)
    assert asked(request) == {}
    forgotten = [(topic.topic, topic.partitions) for topic in request.forgotten_topics_data]
    assert sorted(forgotten) == [("t", [0]), ("t", [2])]
    assert request.session_epoch == 2
    request.encode(12)


def answered(*numbers: int) -> dict[tuple[str, int], PartitionData]:
    return {
        ("t", part.partition_index): part for part in answer(0, *numbers).responses[0].partitions
    }


def test_a_broker_that_remembers_nothing_is_told_everything_each_time():
    session, some = FetchSession(LIMITS, 0), states(2)
    for _ in range(2):
        request = session.request(plan(*some), {}, 12)
        assert asked(request) == {("t", 0): 10, ("t", 1): 10}
        assert (request.session_id, request.session_epoch) == (0, 0)
        assert session.answered(answer(0, 0, 1), "fetching")[1] is False


@pytest.mark.parametrize("code", [70, 71, 106])
def test_a_broker_that_lost_the_session_is_told_everything_again(code: int):
    session, some = FetchSession(LIMITS, 0), states(1)
    session.request(plan(*some), {}, 12)
    session.answered(answer(77, 0), "fetching")
    session.request(plan(*some), {}, 12)
    with pytest.raises(ProtocolClientError) as caught:
        session.answered(answer(0, code=code), "fetching")
    assert is_about_session(caught.value)
    request = session.request(plan(*some), {}, 12)
    assert asked(request) == {("t", 0): 10}
    assert (request.session_id, request.session_epoch) == (0, 0)


def test_a_new_leader_epoch_is_news():
    session, (state,) = FetchSession(LIMITS, 0), states(1)
    state.follow(1, 4)
    session.request(plan(state), {}, 12)
    session.answered(answer(77, 0), "fetching")
    state.follow(1, 5)
    request = session.request(plan(state), {}, 12)
    assert request.topics[0].partitions[0].current_leader_epoch == 5


def test_topics_go_by_id_where_the_version_wants_it():
    session, (state,) = FetchSession(LIMITS, 0), states(1)
    request = session.request(plan(state), IDS, 13)
    assert request.topics[0].topic_id == ID
    request.encode(13)
    assert set(session.answered(answer(77, 0, by_id=True), "fetching")[0]) == {("t", 0)}


def test_a_topic_that_was_made_anew_is_named_by_its_new_id_and_the_old_one_forgotten():
    session, (state,) = FetchSession(LIMITS, 0), states(1)
    session.request(plan(state), IDS, 13)
    session.answered(answer(77, 0, by_id=True), "fetching")
    request = session.request(plan(state), {"t": b"n" * 16}, 13)
    assert request.topics[0].topic_id == b"n" * 16
    assert [topic.topic_id for topic in request.forgotten_topics_data] == [ID]


def test_an_answer_about_a_topic_that_was_not_asked_for_makes_no_sense():
    session, (state,) = FetchSession(LIMITS, 0), states(1)
    session.request(plan(state), {}, 12)
    with pytest.raises(MalformedDataError, match="not asked for"):
        session.answered(answer(77, 0, by_id=True), "fetching")


def test_another_version_begins_another_session():
    session, (state,) = FetchSession(LIMITS, 0), states(1)
    session.request(plan(state), {}, 12)
    session.answered(answer(77, 0), "fetching")
    request = session.request(plan(state), {}, 7)
    assert (request.session_id, request.session_epoch) == (0, 0)
    assert asked(request) == {("t", 0): 10}


def test_only_committed_records_are_asked_for_if_wanted():
    request = FetchSession(LIMITS, 1).request(plan(*states(1)), {}, 4)
    assert request.isolation_level == 1
