"""A peer that tells which versions it speaks, and does not keep to them: every answer that makes
no sense is a typed error, in flexible versions too."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from functional.client import rogue_scenario
from functional.client.conftest import Connect
from functional.client.rogue import TOPIC, Asked, Fault, RogueBroker, correct
from functional.client.rogue_scenario import bounded

from pykafka.exceptions import (
    MalformedDataError,
    NoBrokersAvailableError,
    ProtocolClientError,
    RemoteError,
    UnsupportedVersion,
)
from pykafka.message import Message
from pykafka.simpleconsumer import SimpleConsumer

_UNKNOWN = 12_345
_IMPATIENT: dict[str, Any] = {"socket_timeout_ms": 300, "offsets_channel_socket_timeout_ms": 300}
_ONE_RETRY: dict[str, Any] = {"offsets_commit_max_retries": 1, "offsets_channel_backoff_ms": 1}

PRODUCE, FETCH, LIST_OFFSETS, METADATA, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = (
    *(0, 1, 2, 3),
    *(8, 9, 10),
)
#: The newest of each, or the newest that the rogue has answers for; all of them are flexible.
NEWEST = {
    PRODUCE: (3, 13),
    FETCH: (4, 18),
    LIST_OFFSETS: (1, 11),
    METADATA: (0, 13),
    OFFSET_COMMIT: (2, 8),
    OFFSET_FETCH: (1, 7),
    FIND_COORDINATOR: (0, 3),
    18: (0, 4),
}

#: Where in the answer (behind the header's tags, if there are any) a length or a count stands.
_LENGTH_AT = {
    "ApiVersions": 2,
    "Metadata": 5,
    "Fetch": 11,
    "FindCoordinator": 7,
    "OffsetFetch": 5,
    "OffsetCommit": 5,
    "ListOffsets": 5,
}


def _with(asked: Asked, body: bytes) -> tuple[bytes, bool]:
    return correct(asked._replace(body=body))


def _length(number: bytes) -> Fault:
    def fault(asked: Asked) -> tuple[bytes, bool]:
        at = _LENGTH_AT[asked.api]
        return _with(asked, asked.body[:at] + number + asked.body[at + 1 :])

    return fault


def _tags(promised: bytes) -> Fault:
    return lambda asked: _with(asked, asked.body[:-1] + promised)


FAULTS: dict[str, Fault] = {
    "a length of four thousand million": _length(b"\xff\xff\xff\xff\x0f"),
    "a length a little over what follows": _length(b"\xff\x01"),
    "a length without end": _length(b"\xff" * 12),
    "tags that are not there": _tags(b"\x7f"),
    "a tag larger than the answer": _tags(b"\x01\x00\xff\xff\xff\xff\x07"),
    "a number of tags without end": _tags(b"\xff" * 12),
}
_HEADER: dict[str, Fault] = {
    "tags in the header that are not there": lambda asked: _with(asked, b"\x05" + asked.body[1:]),
    "a header without end": lambda asked: _with(asked, b"\xff" * 12),
    "a header alone": lambda asked: _with(asked, b"\0"),
    "not even the header's tags": lambda asked: _with(asked, b""),
}
faults = pytest.mark.parametrize("fault", FAULTS | _HEADER)


@pytest.fixture
def rogue() -> Iterator[RogueBroker]:
    with RogueBroker() as rogue:
        rogue.versions = NEWEST
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


# -- answers that are none ------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_versions_that_make_no_sense(rogue: RogueBroker, connect: Connect, fault: str) -> None:
    rogue.faults["ApiVersions"] = FAULTS[fault]
    with pytest.raises(NoBrokersAvailableError, match=rogue.address):
        connect(rogue.address, **_IMPATIENT)


@faults
def test_metadata_that_make_no_sense(rogue: RogueBroker, connect: Connect, fault: str) -> None:
    rogue.faults["Metadata"] = (FAULTS | _HEADER)[fault]
    with pytest.raises(NoBrokersAvailableError, match=rogue.address):
        connect(rogue.address, **_IMPATIENT)


@faults
def test_fetches_that_make_no_sense_are_raised_until_they_do(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    rogue.rows = [b"one"]
    rogue.faults["Fetch"] = (FAULTS | _HEADER)[fault]
    consumer = consumer_of(rogue, connect)
    with pytest.raises(MalformedDataError, match=rogue.address):
        consumer.consume()
    del rogue.faults["Fetch"]
    deadline = time.monotonic() + 10
    while True:
        try:
            message = consumer.consume()
        except MalformedDataError:
            assert time.monotonic() < deadline
        else:
            break
    assert message is not None
    assert (message.offset, message.value) == (0, b"one")


@faults
@pytest.mark.parametrize("api", ["FindCoordinator", "OffsetFetch"])
def test_a_groups_offsets_that_make_no_sense(
    rogue: RogueBroker, connect: Connect, api: str, fault: str
) -> None:
    rogue.faults[api] = (FAULTS | _HEADER)[fault]
    with pytest.raises(RemoteError):
        consumer_of(rogue, connect, consumer_group="g", **_ONE_RETRY)


@faults
def test_answers_to_commits_that_make_no_sense(
    rogue: RogueBroker, connect: Connect, fault: str
) -> None:
    consumer = consumer_of(rogue, connect, consumer_group="g", **_ONE_RETRY)
    rogue.faults["OffsetCommit"] = (FAULTS | _HEADER)[fault]
    with pytest.raises(RemoteError):
        consumer.commit_offsets([(consumer.partitions[0], 5)])


def test_answers_about_the_ends_of_a_log_that_make_no_sense(
    rogue: RogueBroker, connect: Connect
) -> None:
    consumer = consumer_of(rogue, connect)
    # One stands for all: each takes the seconds that a look-up is tried again for.
    rogue.faults["ListOffsets"] = FAULTS["a length of four thousand million"]
    with pytest.raises(RemoteError):
        consumer.reset_offsets()


# -- versions that nobody has in common -----------------------------------------------


@pytest.mark.parametrize("theirs", [(90, 99), (-9, -1), (9, 3)], ids=str)
def test_metadata_in_no_version_in_common(
    rogue: RogueBroker, connect: Connect, theirs: tuple[int, int]
) -> None:
    rogue.versions = {**NEWEST, METADATA: theirs}
    with pytest.raises(NoBrokersAvailableError, match=f"{rogue.address}.*Metadata"):
        connect(rogue.address, **_IMPATIENT)


@pytest.mark.parametrize("theirs", [(90, 99), (-9, -1), (17, 5), None], ids=str)
def test_fetches_in_no_version_in_common(
    rogue: RogueBroker, connect: Connect, theirs: tuple[int, int] | None
) -> None:
    rogue.versions = {key: range_ for key, range_ in NEWEST.items() if key != FETCH}
    if theirs is not None:
        rogue.versions = {**rogue.versions, FETCH: theirs}
    consumer = consumer_of(rogue, connect)
    for _ in range(2):
        with pytest.raises(UnsupportedVersion, match="Fetch"):
            consumer.consume()
    assert "Fetch" not in rogue.asked


def test_producing_in_no_version_in_common(rogue: RogueBroker, connect: Connect) -> None:
    rogue.versions = {**NEWEST, PRODUCE: (90, 99)}
    client = connect(rogue.address, **_IMPATIENT)
    with pytest.raises(UnsupportedVersion, match="Produce"):
        client.topics[TOPIC].get_sync_producer().produce(b"x")
    assert "Produce" not in rogue.asked


def test_a_broker_that_names_no_version_at_all(rogue: RogueBroker, connect: Connect) -> None:
    rogue.versions = {}
    with pytest.raises(NoBrokersAvailableError, match=f"{rogue.address}.*names no version"):
        connect(rogue.address, **_IMPATIENT)


@pytest.mark.parametrize("code", [35, _UNKNOWN, -1])
def test_a_broker_that_refuses_to_tell_its_versions(
    rogue: RogueBroker, connect: Connect, code: int
) -> None:
    rogue.refusal = code
    with pytest.raises(NoBrokersAvailableError, match=rogue.address):
        connect(rogue.address, **_IMPATIENT)


# -- error codes that nobody knows ----------------------------------------------------


def test_an_unknown_code_of_a_topic(rogue: RogueBroker, connect: Connect) -> None:
    rogue.codes["Metadata"] = _UNKNOWN
    client = connect(rogue.address, **_IMPATIENT)
    with pytest.raises(ProtocolClientError, match=rf"{TOPIC}.*{_UNKNOWN}"):
        client.topics[TOPIC]


def test_an_unknown_code_of_a_partition(rogue: RogueBroker, connect: Connect) -> None:
    consumer = consumer_of(rogue, connect)
    rogue.codes["Fetch"] = _UNKNOWN
    for _ in range(2):
        with pytest.raises(ProtocolClientError, match=rf"{TOPIC}/0.*{_UNKNOWN}") as caught:
            consumer.consume()
    assert caught.value.error_code == _UNKNOWN


def test_a_fetch_that_is_refused_as_a_whole_is_an_error_until_it_is_not(
    rogue: RogueBroker, connect: Connect
) -> None:
    rogue.rows = [b"one"]
    rogue.faults["Fetch"] = _refused(_UNKNOWN)
    consumer = consumer_of(rogue, connect, consumer_timeout_ms=3000, fetch_error_backoff_ms=100)
    with pytest.raises(ProtocolClientError, match=f"fetching from broker.*{_UNKNOWN}"):
        consumer.consume()
    del rogue.faults["Fetch"]
    message = _consumed(consumer)
    assert message.value == b"one"
    assert rogue.asked.count("Fetch") > 1


def test_a_broker_that_forgets_a_session_that_never_was_is_not_asked_without_pause(
    rogue: RogueBroker, connect: Connect
) -> None:
    rogue.rows = [b"one"]
    rogue.faults["Fetch"] = _refused(70)
    consumer = consumer_of(rogue, connect, consumer_timeout_ms=1000, fetch_error_backoff_ms=100)
    assert consumer.consume() is None
    assert 1 < rogue.asked.count("Fetch") < 20
    del rogue.faults["Fetch"]
    assert _consumed(consumer).value == b"one"


def _refused(code: int) -> Fault:
    # The code stands behind the header's tags and the throttle time.
    return lambda asked: _with(asked, asked.body[:5] + code.to_bytes(2, "big") + asked.body[7:])


def _consumed(consumer: SimpleConsumer) -> Message:
    """The next message; what stalls until the broker comes to its senses is no failure."""
    for _ in range(100):
        with contextlib.suppress(ProtocolClientError):
            message = consumer.consume()
            if message is not None:
                return message
        time.sleep(0.05)
    raise AssertionError("no message came")


@pytest.mark.parametrize("api", ["FindCoordinator", "OffsetFetch"])
def test_an_unknown_code_of_a_group(rogue: RogueBroker, connect: Connect, api: str) -> None:
    rogue.codes[api] = _UNKNOWN
    with pytest.raises(ProtocolClientError, match=f"group 'g'.*{_UNKNOWN}"):
        consumer_of(rogue, connect, consumer_group="g")


def test_a_fetch_of_a_topic_that_nobody_asked_for(rogue: RogueBroker, connect: Connect) -> None:
    """The id says which topic it is; one that is not known says nothing."""
    rogue.rows = [b"one"]
    rogue.faults["Fetch"] = lambda asked: _with(
        asked, asked.body.replace(b"the id of lines.", b"the id of others")
    )
    consumer = consumer_of(rogue, connect)
    with pytest.raises(MalformedDataError, match="a topic that was not asked for"):
        consumer.consume()
