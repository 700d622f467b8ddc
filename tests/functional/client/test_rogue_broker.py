"""A peer that does not keep to the protocol: every answer that makes no sense is a typed error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from functional.client import rogue_scenario
from functional.client.conftest import Connect
from functional.client.rogue import FAULTS, TOPIC, RogueBroker
from functional.client.rogue_scenario import bounded

from pykafka.exceptions import (
    FrameTooLargeError,
    KafkaException,
    MalformedDataError,
    NoBrokersAvailableError,
    ProtocolClientError,
    RemoteError,
)
from pykafka.simpleconsumer import SimpleConsumer

#: No such code will ever be in a table.
_UNKNOWN = 12_345
#: Of these a connection alone can tell; the others are broken answers.
_NO_ANSWER = {"an answer cut off", "nothing but an end", "nothing at all"}
#: Long enough for a busy machine to connect.
_IMPATIENT: dict[str, Any] = {
    "socket_timeout_ms": 1000,
    "offsets_channel_socket_timeout_ms": 1000,
}
_ONE_RETRY: dict[str, Any] = {"offsets_commit_max_retries": 1, "offsets_channel_backoff_ms": 1}


@pytest.fixture
def rogue() -> Iterator[RogueBroker]:
    with RogueBroker() as rogue:
        yield rogue


@pytest.fixture
def bound() -> Iterator[None]:
    with bounded():
        yield


pytestmark = pytest.mark.usefixtures("bound")


def consumer_of(rogue: RogueBroker, connect: Connect, **options: Any) -> SimpleConsumer:
    return rogue_scenario.consumer_of(rogue, connect, _IMPATIENT, **options)


def test_it_behaves_where_it_is_not_told_otherwise(rogue: RogueBroker, connect: Connect) -> None:
    rogue_scenario.works(rogue, connect, _IMPATIENT)


@pytest.mark.parametrize("fault", FAULTS)
def test_answers_to_the_first_request_that_make_no_sense(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    rogue.faults["Metadata"] = FAULTS[fault]
    with pytest.raises(NoBrokersAvailableError, match=rogue.address):
        connect(rogue.address, **_IMPATIENT)


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - _NO_ANSWER))
def test_answers_to_fetches_that_make_no_sense_are_raised_until_they_do(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    rogue.rows = [b"one"]
    consumer = consumer_of(rogue, connect)
    first = consumer.consume()
    assert first is not None
    rogue.faults["Fetch"] = FAULTS[fault]
    with pytest.raises(MalformedDataError, match=rogue.address):
        consumer.consume()
    del rogue.faults["Fetch"]
    rogue.rows.append(b"two")
    deadline = time.monotonic() + 10
    while True:
        try:
            second = consumer.consume()
        except MalformedDataError:
            assert time.monotonic() < deadline
        else:
            break
    assert second is not None
    assert (second.offset, second.value) == (1, b"two")


@pytest.mark.parametrize("fault", sorted(_NO_ANSWER))
def test_fetches_without_an_answer_are_repeated(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    rogue.rows = [b"one"]
    rogue.faults["Fetch"] = FAULTS[fault]
    consumer = consumer_of(rogue, connect, consumer_timeout_ms=2500)
    assert consumer.consume() is None
    assert rogue.asked.count("Fetch") > 1
    del rogue.faults["Fetch"]
    message = consumer.consume()
    assert message is not None
    assert message.value == b"one"


@pytest.mark.parametrize("api", ["FindCoordinator", "OffsetFetch"])
@pytest.mark.parametrize("fault", FAULTS)
def test_answers_about_a_groups_offsets_that_make_no_sense(
    rogue: RogueBroker, connect: Connect, api: str, fault: str
) -> None:
    rogue.faults[api] = FAULTS[fault]
    with pytest.raises(RemoteError):
        consumer_of(rogue, connect, consumer_group="g", **_ONE_RETRY)


@pytest.mark.parametrize("fault", FAULTS)
def test_answers_to_commits_that_make_no_sense(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    rogue.rows = [b"one"]
    consumer = consumer_of(rogue, connect, consumer_group="g", **_ONE_RETRY)
    assert consumer.consume() is not None
    rogue.faults["OffsetCommit"] = FAULTS[fault]
    with pytest.raises(RemoteError):
        consumer.commit_offsets()


@pytest.mark.parametrize("fault", ["garbage", "nothing but an end"])
def test_answers_about_the_ends_of_a_log_that_make_no_sense(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    consumer = consumer_of(rogue, connect)
    rogue.faults["ListOffsets"] = FAULTS[fault]
    with pytest.raises(RemoteError):
        consumer.reset_offsets()


def test_a_response_over_the_clients_limit_says_which_option_to_raise(
    rogue: RogueBroker, connect: Connect
) -> None:
    rogue.rows = [bytes(5000)]
    client = connect(rogue.address, receive_max_bytes=2000)
    consumer = client.topics[TOPIC].get_simple_consumer(consumer_timeout_ms=5000)
    for _ in range(2):
        with pytest.raises(FrameTooLargeError, match="receive_max_bytes"):
            consumer.consume()


# -- error codes that nobody knows ----------------------------------------------------


def test_an_unknown_code_of_a_topic(rogue: RogueBroker, connect: Connect) -> None:
    rogue.codes["Metadata"] = _UNKNOWN
    client = connect(rogue.address, **_IMPATIENT)
    with pytest.raises(ProtocolClientError, match=rf"{TOPIC}.*{_UNKNOWN}") as caught:
        client.topics[TOPIC]
    assert caught.value.error_code == _UNKNOWN


def test_an_unknown_code_of_a_fetch(rogue: RogueBroker, connect: Connect) -> None:
    consumer = consumer_of(rogue, connect)
    rogue.codes["Fetch"] = _UNKNOWN
    for _ in range(2):
        with pytest.raises(ProtocolClientError, match=rf"{TOPIC}/0.*{_UNKNOWN}") as caught:
            consumer.consume()
    assert caught.value.error_code == _UNKNOWN


@pytest.mark.parametrize("api", ["FindCoordinator", "OffsetFetch"])
def test_an_unknown_code_of_a_group(rogue: RogueBroker, connect: Connect, api: str) -> None:
    rogue.codes[api] = _UNKNOWN
    with pytest.raises(ProtocolClientError, match=f"group 'g'.*{_UNKNOWN}") as caught:
        consumer_of(rogue, connect, consumer_group="g")
    assert caught.value.error_code == _UNKNOWN


def test_an_unknown_code_of_a_commit(rogue: RogueBroker, connect: Connect) -> None:
    rogue.codes["OffsetCommit"] = _UNKNOWN
    consumer = consumer_of(rogue, connect, consumer_group="g")
    with pytest.raises(ProtocolClientError, match=rf"{TOPIC}/0.*{_UNKNOWN}"):
        consumer.commit_offsets([(consumer.partitions[0], 5)])


def test_an_unknown_code_of_an_offset(rogue: RogueBroker, connect: Connect) -> None:
    rogue.codes["ListOffsets"] = _UNKNOWN
    consumer = consumer_of(rogue, connect)
    with pytest.raises(ProtocolClientError, match=rf"{TOPIC}/0.*{_UNKNOWN}"):
        consumer.reset_offsets()


# -- answers without what was asked for -----------------------------------------------


@pytest.mark.parametrize("api", ["OffsetFetch", "OffsetCommit", "ListOffsets"])
def test_an_answer_without_the_partition_is_no_answer(
    rogue: RogueBroker, connect: Connect, api: str
) -> None:
    consumer = consumer_of(rogue, connect, consumer_group="g", auto_start=False)
    rogue.hidden.add(api)
    asks = {
        "OffsetFetch": consumer.fetch_offsets,
        "OffsetCommit": lambda: consumer.commit_offsets([(consumer.partitions[0], 5)]),
        "ListOffsets": consumer.reset_offsets,
    }
    with pytest.raises(MalformedDataError, match=f"{TOPIC}/0"):
        asks[api]()


def test_a_fetch_without_the_partition_is_an_error_and_not_repeated_at_full_speed(
    rogue: RogueBroker, connect: Connect
) -> None:
    rogue.hidden.add("Fetch")
    consumer = consumer_of(rogue, connect, fetch_error_backoff_ms=500, fetch_wait_max_ms=0)
    with pytest.raises(MalformedDataError, match=f"{TOPIC}/0"):
        consumer.consume()
    assert rogue.asked.count("Fetch") <= 2


def test_a_leader_that_names_no_offset_ends_the_wait(rogue: RogueBroker, connect: Connect) -> None:
    out_of_range = 1
    rogue.codes["Fetch"] = out_of_range
    rogue.codes["ListOffsets"] = 0
    consumer = consumer_of(rogue, connect)
    rogue._ListOffsets = lambda request: _without_offsets(rogue, request)  # type: ignore[method-assign]
    consumer.reset_offsets([(consumer.partitions[0], 5)])
    with pytest.raises(KafkaException, match=f"{TOPIC}/0"):
        consumer.consume()


def _without_offsets(rogue: RogueBroker, request: Any) -> Any:
    answer: Any = RogueBroker._ListOffsets(rogue, request)
    for topic in answer.topics:
        for part in topic.partitions:
            part.old_style_offsets = []
    return answer


def test_a_fetch_that_fails_for_an_unknown_reason_is_tried_again(
    rogue: RogueBroker, connect: Connect
) -> None:
    rogue.rows = [b"one"]
    rogue.codes["Fetch"] = -1  # what a broker of 0.8.2.2 says while it shuts down
    consumer = consumer_of(rogue, connect, consumer_timeout_ms=1000, fetch_error_backoff_ms=10)
    assert consumer.consume() is None
    del rogue.codes["Fetch"]
    message = consumer.consume()
    assert message is not None
    assert message.value == b"one"


def test_a_broker_that_refuses_every_connection_is_not_left_with_them(
    rogue: RogueBroker, connect: Connect
) -> None:
    rogue.rows = [b"one"]
    consumer = consumer_of(rogue, connect, consumer_timeout_ms=1000, fetch_error_backoff_ms=1)
    assert consumer.consume() is not None
    sasl_is_due = 34
    rogue.refusal = sasl_is_due
    begin = rogue.accepted
    rogue.hang_up()
    deadline = time.monotonic() + 20
    while rogue.accepted - begin <= 8:
        assert consumer.consume() is None
        assert time.monotonic() < deadline
    assert rogue.connections <= 3
