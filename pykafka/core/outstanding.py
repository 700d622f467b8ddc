"""Messages that were handed over, until it is known what became of each."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import count, repeat
from typing import Any, Protocol

from ..message import Bare, Message, SharedFields

__all__ = ["Handed", "Outstanding", "Unheld"]


class Handed(Protocol):
    """Consecutive messages of one lane."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def messages(self) -> Iterable[Message]:
        """Each of them."""

    @property
    def shared(self) -> SharedFields | None:
        """What all of them share; ``None`` if not all do."""

    def acknowledge(self, base_offset: int, timestamp_ms: int) -> None:
        """They are stored with these offsets and this timestamp, where told (not -1)."""

    def part(self, start: int, stop: int) -> Handed:
        """Some of them."""


class Unheld:
    """Messages that nobody holds any more, and that are made again for who asks for them.

    That keeps few objects alive: the garbage collector goes through each of a hundred thousand
    messages several times (400 ns for each), and through values never.

    :param keys: ``None`` if none has one.
    :param timestamps: of each, or what all have.
    :param shared: what all of them share.
    """

    __slots__ = ("_base_offset", "_keys", "_timestamps", "_values", "shared")

    def __init__(
        self,
        values: Sequence[Any],
        keys: Sequence[Any] | None,
        timestamps: Sequence[int | None] | int | None,
        shared: SharedFields,
    ) -> None:
        self._values = values
        self._keys = keys
        self._timestamps = timestamps
        self._base_offset = -1
        self.shared = shared

    @property
    def count(self) -> int:
        return len(self._values)

    @property
    def messages(self) -> list[Message]:
        made = self._with_values()
        if self._keys is not None:
            for message, key in zip(made, self._keys, strict=True):
                message.partition_key = key
        if isinstance(self._timestamps, Sequence):
            for message, timestamp in zip(made, self._timestamps, strict=True):
                message.timestamp = timestamp
        return made

    def _with_values(self) -> list[Message]:
        """Each, with what it has in common with others."""
        base, shared, stamp = self._base_offset, self.shared, self._timestamps
        each = repeat(base) if base < 0 else count(base)
        made = []
        for value, offset in zip(self._values, each, strict=False):
            message = Bare()
            message.value = value
            message.partition_key = None
            message.offset = offset
            message.timestamp = stamp
            message._shared = shared
            made.append(message)
        return made

    def acknowledge(self, base_offset: int, timestamp_ms: int) -> None:
        self._base_offset = base_offset
        if timestamp_ms >= 0:
            self._timestamps = timestamp_ms

    def part(self, start: int, stop: int) -> Unheld:
        if stop - start == self.count:
            return self
        some = slice(start, stop)
        stamps = self._timestamps
        return Unheld(
            self._values[some],
            None if self._keys is None else self._keys[some],
            stamps[some] if isinstance(stamps, Sequence) else stamps,
            self.shared,
        )


class Outstanding:
    """Those of one lane, numbered in their order. Their outcomes come in that order, nearly.

    One thread may add and another one take at the same time.
    """

    def __init__(self) -> None:
        self._pieces: list[Handed] = []
        #: The numbers of their first messages.
        self._firsts: list[int] = []
        #: What has come, or gone again, since somebody took: numbers, and messages if they came.
        self._changes: deque[tuple[int, int, Handed | None]] = deque()
        self._next = 0

    def add(self, handed: Handed) -> int:
        """More are handed over; the number of the first."""
        first = self._next
        if handed.count:
            self._changes.append((first, handed.count, handed))
            self._next += handed.count
        return first

    def drop(self, first: int, count: int) -> None:
        """These were not taken: their numbers are nobody's."""
        self._changes.append((first, count, None))

    def __bool__(self) -> bool:
        """Whether there are any; for the thread that takes."""
        self._catch_up()
        return bool(self._pieces)

    def take(self, first: int, count: int) -> list[tuple[int, Handed]]:
        """Those with consecutive numbers, which are outstanding no more: pieces, each with the
        number of its first message. Those that never were, or are no more, are left out."""
        self._catch_up()
        return self._cut(first, count)

    def take_all(self) -> list[Handed]:
        """All that there are."""
        self._catch_up()
        pieces, self._pieces, self._firsts = self._pieces, [], []
        return pieces

    def _catch_up(self) -> None:
        while self._changes:
            first, count, handed = self._changes.popleft()
            if handed is None:
                self._cut(first, count)
            else:
                self._pieces.append(handed)
                self._firsts.append(first)

    def _cut(self, first: int, count: int) -> list[tuple[int, Handed]]:
        taken: list[tuple[int, Handed]] = []
        end = first + count
        index = max(0, bisect_right(self._firsts, first) - 1)
        while index < len(self._firsts) and self._firsts[index] < end:
            at, piece = self._firsts[index], self._pieces[index]
            start, stop = max(first - at, 0), min(end - at, piece.count)
            if start < stop:
                taken.append((at + start, piece.part(start, stop)))
                kept = [(0, start), (stop, piece.count)]
                rest = [(since, until) for since, until in kept if since < until]
                self._pieces[index : index + 1] = [piece.part(*bounds) for bounds in rest]
                self._firsts[index : index + 1] = [at + since for since, _ in rest]
                index += start > 0
            else:
                index += 1
        return taken
