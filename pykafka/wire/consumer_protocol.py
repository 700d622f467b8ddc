"""What members of a consumers' group tell each other, through a coordinator that does not read it.

The layouts are Kafka's ``ConsumerProtocolSubscription.json`` and
``ConsumerProtocolAssignment.json``.
A version only ever adds fields at the end, so the part that all versions share is read from any.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from ..exceptions import MalformedDataError, UsageError

__all__ = [
    "Assignment",
    "Subscription",
    "read_assignment",
    "read_subscription",
    "write_assignment",
    "write_subscription",
]

_NULL = -1


class Subscription(NamedTuple):
    """What a member wants to read.

    :ivar user_data: for its assignor; ``None`` where there is none.
    """

    version: int
    topics: list[str]
    user_data: bytes | None = None


class Assignment(NamedTuple):
    """What a member is to read.

    :ivar partitions: pairs of a topic and its partitions' ids.
    :ivar user_data: of the assignor; ``None`` where there is none.
    """

    version: int
    partitions: list[tuple[str, list[int]]]
    user_data: bytes | None = None


def read_subscription(data: bytes) -> Subscription:
    """:raises MalformedDataError: it is something else."""
    reader = _Reader(data, "a member's subscription")
    version = reader.number("h")
    topics = [reader.text() for _ in range(reader.count())]
    return Subscription(version, topics, reader.user_data())


def read_assignment(data: bytes) -> Assignment:
    """:raises MalformedDataError: it is something else."""
    reader = _Reader(data, "a member's assignment")
    version = reader.number("h")
    partitions = []
    for _ in range(reader.count()):
        topic = reader.text()
        partitions.append((topic, [reader.number("i") for _ in range(reader.count())]))
    return Assignment(version, partitions, reader.user_data())


def write_subscription(
    version: int, topics: Sequence[str], user_data: bytes | None = None
) -> bytes:
    """:raises UsageError: a value does not fit its field."""
    head = _packed("hi", version, len(topics))
    return b"".join([head, *map(_text, topics), _user_data(user_data)])


def write_assignment(
    version: int,
    partitions: Sequence[tuple[str, Sequence[int]]],
    user_data: bytes | None = None,
) -> bytes:
    """:raises UsageError: a value does not fit its field."""
    parts = [_packed("hi", version, len(partitions))]
    for topic, ids in partitions:
        parts += [_text(topic), _packed(f"i{len(ids)}i", len(ids), *ids)]
    return b"".join([*parts, _user_data(user_data)])


class _Reader:
    """Takes values off the front of some bytes."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0

    def number(self, code: str) -> int:
        layout = struct.Struct(f">{code}")
        (value,) = layout.unpack(self._bytes(layout.size))
        return int(value)

    def count(self) -> int:
        # Nothing takes less than a byte, so that a made-up count ends here and not in a loop.
        count = self.number("i")
        if not 0 <= count <= len(self._data) - self._at:
            raise MalformedDataError(f"{self._what}: a count of {count}")
        return count

    def text(self) -> str:
        try:
            return self._bytes(self.number("h")).decode()
        except UnicodeDecodeError as error:
            raise MalformedDataError(f"{self._what}: {error}") from error

    def user_data(self) -> bytes | None:
        # 2.x's assignments end before it.
        if self._at == len(self._data):
            return None
        length = self.number("i")
        return None if length == _NULL else self._bytes(length)

    def _bytes(self, length: int) -> bytes:
        begin, self._at = self._at, self._at + length
        if length < 0 or self._at > len(self._data):
            raise MalformedDataError(f"{self._what}: a length of {length} at byte {begin}")
        return self._data[begin : self._at]


def _packed(codes: str, *values: int) -> bytes:
    try:
        return struct.pack(f">{codes}", *values)
    except struct.error as error:
        raise UsageError(f"what a group's member says: {error}") from error


def _text(value: str) -> bytes:
    data = value.encode()
    return _packed("h", len(data)) + data


def _user_data(value: bytes | None) -> bytes:
    return _packed("i", _NULL) if value is None else _packed("i", len(value)) + value
