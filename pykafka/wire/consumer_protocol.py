"""What members of a consumers' group tell each other, through a coordinator that does not read it.

The layouts are Kafka's ``ConsumerProtocolSubscription.json`` and
``ConsumerProtocolAssignment.json``.
A version only ever adds fields at the end, so the part that all versions share is read from any.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from ..exceptions import MalformedDataError, UsageError

__all__ = [
    "UNKNOWN_GENERATION",
    "Assignment",
    "StickyData",
    "Subscription",
    "TopicPartitions",
    "read_assignment",
    "read_generation_data",
    "read_sticky_data",
    "read_subscription",
    "write_assignment",
    "write_generation_data",
    "write_sticky_data",
    "write_subscription",
]

#: A topic and ids of its partitions.
TopicPartitions: TypeAlias = tuple[str, Sequence[int]]

#: The generation of who was in none, or does not say.
UNKNOWN_GENERATION = -1

_NULL = -1
#: The versions of a subscription that brought a field.
_WITH_OWNED, _WITH_GENERATION, _WITH_RACK = 1, 2, 3


class Subscription(NamedTuple):
    """What a member wants to read.

    :ivar user_data: for its assignor; ``None`` where there is none.
    :ivar owned_partitions: what it has while it joins (version 1 and newer).
    :ivar generation_id: in which generation it was given them (version 2 and newer).
    :ivar rack_id: where it runs (version 3 and newer); ``None`` if it does not say.
    """

    version: int
    topics: list[str]
    user_data: bytes | None = None
    owned_partitions: Sequence[TopicPartitions] = ()
    generation_id: int = UNKNOWN_GENERATION
    rack_id: str | None = None


class Assignment(NamedTuple):
    """What a member is to read.

    :ivar partitions: pairs of a topic and its partitions' ids.
    :ivar user_data: of the assignor; ``None`` where there is none.
    """

    version: int
    partitions: list[tuple[str, list[int]]]
    user_data: bytes | None = None


class StickyData(NamedTuple):
    """The user data of a member of a group with the ``sticky`` assignor.

    :ivar partitions: what it was given last.
    :ivar generation: in which generation; unknown where an old member (before 2.3) says it.
    """

    partitions: list[tuple[str, list[int]]]
    generation: int = UNKNOWN_GENERATION


def read_subscription(data: bytes) -> Subscription:
    """Read what a member of any version says.

    What versions after 3 add is passed over.

    :raises MalformedDataError: it is something else.
    """
    reader = _Reader(data, "a member's subscription")
    version = reader.number("h")
    topics = [reader.text() for _ in range(reader.count())]
    found = Subscription(version, topics, reader.user_data())
    # Members that give their own version number to what they always said end here.
    if version < _WITH_OWNED or reader.at_end:
        return found
    found = found._replace(owned_partitions=tuple(reader.partitions()))
    if version >= _WITH_GENERATION:
        found = found._replace(generation_id=reader.number("i"))
    if version >= _WITH_RACK:
        found = found._replace(rack_id=reader.nullable_text())
    return found


def read_assignment(data: bytes) -> Assignment:
    """:raises MalformedDataError: it is something else."""
    reader = _Reader(data, "a member's assignment")
    return Assignment(reader.number("h"), reader.partitions(), reader.user_data())


def read_sticky_data(data: bytes) -> StickyData:
    """Read the user data of ``sticky``, with a generation and without.

    :raises MalformedDataError: it is something else.
    """
    reader = _Reader(data, "what a member had")
    partitions = reader.partitions()
    return StickyData(partitions, UNKNOWN_GENERATION if reader.at_end else reader.number("i"))


def read_generation_data(data: bytes) -> int:
    """Read the user data of ``cooperative-sticky``.

    :raises MalformedDataError: it is something else.
    """
    return _Reader(data, "a member's generation").number("i")


def write_subscription(
    version: int,
    topics: Sequence[str],
    user_data: bytes | None = None,
    owned_partitions: Sequence[TopicPartitions] = (),
    generation_id: int = UNKNOWN_GENERATION,
    rack_id: str | None = None,
) -> bytes:
    """Write the fields that a version has; those of version 3 for newer ones.

    :raises UsageError: a value does not fit its field.
    """
    parts = [_packed("hi", version, len(topics)), *map(_text, topics), _user_data(user_data)]
    if version >= _WITH_OWNED:
        parts.append(_partitions(owned_partitions))
    if version >= _WITH_GENERATION:
        parts.append(_packed("i", generation_id))
    if version >= _WITH_RACK:
        parts.append(_packed("h", _NULL) if rack_id is None else _text(rack_id))
    return b"".join(parts)


def write_assignment(
    version: int, partitions: Sequence[TopicPartitions], user_data: bytes | None = None
) -> bytes:
    """:raises UsageError: a value does not fit its field."""
    return _packed("h", version) + _partitions(partitions) + _user_data(user_data)


def write_sticky_data(
    partitions: Sequence[TopicPartitions], generation: int = UNKNOWN_GENERATION
) -> bytes:
    """Write the user data of ``sticky``, as Kafka does from 2.3 on.

    :raises UsageError: a value does not fit its field.
    """
    return _partitions(partitions) + _packed("i", generation)


def write_generation_data(generation: int) -> bytes:
    """Write the user data of ``cooperative-sticky``.

    :raises UsageError: a value does not fit its field.
    """
    return _packed("i", generation)


class _Reader:
    """Takes values off the front of some bytes."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

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
        return self._decoded(self.number("h"))

    def nullable_text(self) -> str | None:
        length = self.number("h")
        return None if length == _NULL else self._decoded(length)

    def partitions(self) -> list[tuple[str, list[int]]]:
        found = []
        for _ in range(self.count()):
            topic = self.text()
            found.append((topic, [self.number("i") for _ in range(self.count())]))
        return found

    def user_data(self) -> bytes | None:
        # 2.x's assignments end before it.
        if self.at_end:
            return None
        length = self.number("i")
        return None if length == _NULL else self._bytes(length)

    def _decoded(self, length: int) -> str:
        try:
            return self._bytes(length).decode()
        except UnicodeDecodeError as error:
            raise MalformedDataError(f"{self._what}: {error}") from error

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


def _partitions(value: Sequence[TopicPartitions]) -> bytes:
    parts = [_packed("i", len(value))]
    for topic, ids in value:
        parts += [_text(topic), _packed(f"i{len(ids)}i", len(ids), *ids)]
    return b"".join(parts)


def _user_data(value: bytes | None) -> bytes:
    return _packed("i", _NULL) if value is None else _packed("i", len(value)) + value
