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
    StickyData,
    Subscription,
    read_assignment,
    read_generation_data,
    read_sticky_data,
    read_subscription,
    write_assignment,
    write_generation_data,
    write_sticky_data,
    write_subscription,
)

names = st.text(max_size=20)
ids = st.lists(st.integers(0, 2**31 - 1), max_size=5)
user_data = st.none() | st.binary(max_size=20)
versions = st.integers(0, 3)
parts = st.lists(st.tuples(names, ids), max_size=4)
generations = st.integers(-1, 2**31 - 1)


@st.composite
def subscriptions(draw: st.DrawFn) -> Subscription:
    """A subscription with the fields that its version has."""
    version = draw(versions)
    said = Subscription(version, draw(st.lists(names, max_size=4)), draw(user_data))
    if version >= 1:
        said = said._replace(owned_partitions=tuple(draw(parts)))
    if version >= 2:
        said = said._replace(generation_id=draw(generations))
    if version >= 3:
        said = said._replace(rack_id=draw(st.none() | names))
    return said


@given(subscriptions())
def test_a_subscription_comes_back(said: Subscription) -> None:
    written = write_subscription(*said)
    assert read_subscription(written) == said
    # Later versions add to the end.
    assert read_subscription(written + b"later") == said


def test_a_subscription_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    said = Subscription(9, ["t"], b"u", (("t", [1]),), 7, "here")
    assert read_subscription(write_subscription(*said) + b"more") == said


@pytest.mark.parametrize("version", range(4))
def test_a_version_is_written_without_what_it_lacks(version: int) -> None:
    lengths = [0, 4 + 3 + 4 + 4, 4, 2 + 4]
    written = write_subscription(version, ["t"], b"u", [("t", [1])], 7, "here")
    assert len(written) == len(write_subscription(0, ["t"], b"u")) + sum(lengths[: version + 1])


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_subscription_that_only_claims_to_be_newer_is_read(version: int) -> None:
    old = struct.pack(">hih1si1s", version, 1, 1, b"t", 1, b"u")
    assert read_subscription(old) == Subscription(version, ["t"], b"u")


@given(parts, generations)
def test_user_data_of_the_sticky_assignors_come_back(
    had: list[tuple[str, list[int]]], generation: int
) -> None:
    written = write_sticky_data(had, generation)
    assert read_sticky_data(written) == StickyData(had, generation)
    # As members before 2.3 end.
    assert read_sticky_data(written[:-4]) == StickyData(had, -1)
    assert read_generation_data(write_generation_data(generation)) == generation


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


@pytest.mark.parametrize(
    "read", [read_subscription, read_assignment, read_sticky_data, read_generation_data]
)
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


def test_a_newer_subscription_may_end_where_the_oldest_ends_and_nowhere_else() -> None:
    whole = write_subscription(3, ["topic"], b"data", [("topic", [1])], 7, "rack")
    oldest = len(write_subscription(0, ["topic"], b"data"))
    for length in set(range(len(whole))) - {oldest, oldest - len(b"____data")}:
        with pytest.raises(MalformedDataError):
            read_subscription(whole[:length])


def test_what_does_not_fit_is_the_callers_error() -> None:
    with pytest.raises(UsageError):
        write_subscription(0, ["t" * 40000])
    with pytest.raises(UsageError):
        write_assignment(1 << 20, [])
