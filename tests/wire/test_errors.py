"""The table of error codes."""

from __future__ import annotations

import pytest
from wire.java_oracle import JavaOracle
from wire.kafka_definitions import NEW

from pykafka.exceptions import ERROR_CODES, NotLeaderForPartition, ProtocolClientError
from pykafka.wire.errors import DIFFERENCES, error_info


def test_an_error_is_of_its_2x_class_and_tells_kafkas_name() -> None:
    error = error_info(6).exception("Produce to words/3 on broker 1")
    assert type(error) is NotLeaderForPartition
    assert str(error) == "Produce to words/3 on broker 1: NOT_LEADER_OR_FOLLOWER (6)"
    assert error.error_code == 6


def test_a_code_without_a_class_is_a_numbered_error() -> None:
    error = error_info(74).exception("Fetch of words/3")
    assert type(error) is ProtocolClientError
    assert str(error) == "Fetch of words/3: FENCED_LEADER_EPOCH (74)"
    assert error.error_code == 74


@pytest.mark.parametrize("code", [-2, 134, 32767])
def test_an_unknown_code_is_a_numbered_error(code: int) -> None:
    info = error_info(code)
    assert not any((info.retriable, info.refresh_metadata, info.rejoin, info.fatal))
    error = info.exception("Fetch")
    assert type(error) is ProtocolClientError
    assert error.error_code == code
    assert str(code) in str(error)


def test_no_error_is_none() -> None:
    assert error_info(0).name == "NONE"


def test_classes_of_2x_are_those_of_their_codes() -> None:
    for code, cls in ERROR_CODES.items():
        assert error_info(code).exception_class is cls
        assert error_info(code).exception("x").error_code == code


def test_what_asks_for_what() -> None:
    """Traits that decide the course of a client, read from the table once more by eye."""
    assert error_info(15).find_coordinator
    assert error_info(16).find_coordinator
    assert [code for code in range(134) if error_info(code).rejoin] == [22, 25, 27, 79, 110]
    assert error_info(29).fatal
    assert not [
        code for code in range(134) if error_info(code).fatal and error_info(code).retriable
    ]


def test_names_and_traits_are_kafkas(java: JavaOracle) -> None:
    published = java.errors()
    for code, (name, retriable, metadata) in published.items():
        info = error_info(code)
        assert info.name == name
        if code not in DIFFERENCES:
            assert (code, info.retriable) == (code, retriable)
            assert (code, info.refresh_metadata) == (code, metadata)
    if java.release == NEW:
        beyond = max(published) + 1
        assert "unknown" in error_info(beyond).name
