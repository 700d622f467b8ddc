"""What members of a group tell each other: ours back, other clients', and what is damaged."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.exceptions import MalformedDataError, UsageError
from pykafka.wire.consumer_protocol import (
    Assignment,
    Subscription,
    read_assignment,
    read_subscription,
    write_assignment,
    write_subscription,
)

names = st.text(max_size=20)
ids = st.lists(st.integers(0, 2**31 - 1), max_size=5)
user_data = st.none() | st.binary(max_size=20)
versions = st.integers(0, 3)


@given(versions, st.lists(names, max_size=4), user_data)
def test_a_subscription_comes_back(version: int, topics: list[str], data: bytes | None) -> None:
    written = write_subscription(version, topics, data)
    assert read_subscription(written) == Subscription(version, topics, data)
    # Later versions add to the end.
    assert read_subscription(written + b"later") == Subscription(version, topics, data)


@given(versions, st.lists(st.tuples(names, ids), max_size=4), user_data)
def test_an_assignment_comes_back(
    version: int, partitions: list[tuple[str, list[int]]], data: bytes | None
) -> None:
    written = write_assignment(version, partitions, data)
    assert read_assignment(written) == Assignment(version, partitions, data)


def test_the_bytes_are_those_of_kafka() -> None:
    assert write_subscription(0, ["t"], b"u") == struct.pack(">hih1si1s", 0, 1, 1, b"t", 1, b"u")
    assert write_assignment(1, [("t", [3, 4])]) == struct.pack(
        ">hih1siiii", 1, 1, 1, b"t", 2, 3, 4, -1
    )


def test_an_assignment_of_2_8_ends_before_the_user_data() -> None:
    old = struct.pack(">hih1sii", 1, 1, 1, b"t", 1, 0)
    assert read_assignment(old) == Assignment(1, [("t", [0])], None)


def test_kafka_python_reads_and_writes_the_same() -> None:
    pytest.importorskip("kafka")
    from kafka.protocol.consumer.metadata import (
        ConsumerProtocolAssignment,
        ConsumerProtocolSubscription,
    )

    theirs = ConsumerProtocolSubscription.decode(write_subscription(0, ["a", "b"], b"data"))
    assert (list(theirs.topics), bytes(theirs.user_data)) == (["a", "b"], b"data")
    assert read_subscription(bytes(theirs.encode())) == Subscription(0, ["a", "b"], b"data")
    given = ConsumerProtocolAssignment.decode(write_assignment(0, [("a", [1, 2])]))
    assert [(p.topic, p.partition) for p in given.partitions()] == [("a", 1), ("a", 2)]
    assert read_assignment(bytes(given.encode())).partitions == [("a", [1, 2])]


@pytest.mark.parametrize("read", [read_subscription, read_assignment])
@given(data=st.binary(max_size=60))
def test_anything_else_is_malformed_and_nothing_worse(
    read: Callable[[bytes], object], data: bytes
) -> None:
    with contextlib.suppress(MalformedDataError):
        read(data)


@pytest.mark.parametrize(
    ("read", "whole"),
    [
        (read_subscription, write_subscription(0, ["topic"], b"data")),
        (read_assignment, write_assignment(0, [("topic", [1, 2])], b"data")),
    ],
)
def test_what_is_cut_off_is_malformed(read: Callable[[bytes], object], whole: bytes) -> None:
    read(whole)
    before_user_data = len(whole) - len(b"____data")
    for length in set(range(len(whole))) - {before_user_data}:
        with pytest.raises(MalformedDataError):
            read(whole[:length])


def test_what_does_not_fit_is_the_callers_error() -> None:
    with pytest.raises(UsageError):
        write_subscription(0, ["t" * 40000])
    with pytest.raises(UsageError):
        write_assignment(1 << 20, [])
