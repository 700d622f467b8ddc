"""The seam between the consumption core and whoever brings records."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from ...core.cursor import Cursor
from ...core.partition_keys import PartitionKey
from ...exceptions import UnknownTopicOrPartition
from ...message import SharedFields
from ...wire.records.scanning import RowColumns

__all__ = ["NO_RUN", "RecordSource", "Row", "Run", "SourceEvents", "gone"]

#: (offset, timestamp in ms, key, value)
Row: TypeAlias = "tuple[int, int, bytes | None, bytes | None]"

#: Partitions take turns in runs of at most so many rows.
RUN_ROWS = 500


class Run:
    """Consecutive rows of one partition, ready to be handed over.

    ``rows`` is one iterator in C, from which every thread takes: each row is taken once,
    without a lock. How far it is read is computed from it when somebody asks.

    :ivar key: the partition.
    :ivar shared: what the messages made from it have in common.
    :ivar end_offset: the offset after the run, past a gap behind its last row.
    :ivar gap: of a run without rows, whether the partition is just read on, behind what holds
        nothing to deliver; else its position was moved.
    """

    __slots__ = ("_counted", "_rows", "end_offset", "gap", "key", "rows", "shared")

    def __init__(
        self,
        key: PartitionKey,
        rows: list[Row] | RowColumns,
        shared: SharedFields,
        end_offset: int,
        gap: bool = False,
    ) -> None:
        self.key = key
        self.shared = shared
        self.end_offset = end_offset
        self.gap = gap
        self._rows = rows
        self.rows: Iterator[Row]
        #: As far as those; it knows how much is left.
        self._counted: Iterator[object]
        if isinstance(rows, list):
            self._counted = self.rows = iter(rows)
        else:
            self.rows, self._counted = rows.iterators()

    def left(self) -> int:
        """How many rows nobody has taken yet."""
        return operator.length_hint(self._counted)  # exact for a list iterator

    def take(self, most: int) -> tuple[list[Row], int]:
        """Take rows at once; with the offset after them, past a gap behind the last one."""
        rows = list(itertools.islice(self.rows, most))
        return rows, rows[-1][0] + 1 if rows and self.left() else self.end_offset

    def position(self, cursor: Cursor) -> tuple[int, int]:
        """(last delivered, next offset) of a cursor from which this run is being read."""
        taken = len(self._rows) - self.left()
        if not taken:
            return cursor.last_delivered, cursor.next_offset
        last = self._rows[taken - 1][0]
        return last, self.end_offset if taken == len(self._rows) else last + 1

    def cut(self) -> Run | None:
        """Keep what was taken; nobody can take the rest any more. The rest as another run."""
        # One call in C empties the iterator, so that no thread can take a row in between.
        taken = len(self._rows) - len(list(self._counted))
        if taken == len(self._rows):
            return None
        run = Run(self.key, self._rows[taken:], self.shared, self.end_offset)
        self._rows = self._rows[:taken]
        self.end_offset = self._rows[-1][0] + 1 if self._rows else -1
        return run


#: The run of a consumer that has none.
NO_RUN = Run(("", -1), [], SharedFields(), -1)


def gone(key: PartitionKey) -> UnknownTopicOrPartition:
    """The error of a partition that brokers know no more, for as long as that is so."""
    topic, partition = key
    return UnknownTopicOrPartition(
        f"{topic}/{partition} does not exist (any more): was it deleted? It is read on if it is"
        " made again"
    )


class SourceEvents(Protocol):
    """What a source tells the core; called on any thread, must not block."""

    def ready(self) -> None:
        """Somebody who waits for rows or errors should look again."""


class RecordSource(Protocol):
    """Brings the records of assigned partitions, from the offsets it is told.

    Called by the core with its lock held, from users' threads, one at a time. Positions,
    commits, groups and resets are not its business.
    """

    def start(self, events: SourceEvents) -> None:
        """Begin; partitions are assigned afterwards."""

    def assign(self, offsets: Mapping[PartitionKey, int], partitions: Mapping[Any, Any]) -> None:
        """Also bring these partitions, each from its offset (the users' objects beside)."""

    def revoke(self, keys: Collection[PartitionKey]) -> None:
        """Bring these no more and drop what is held of them."""

    def hold(self, keys: Collection[PartitionKey]) -> None:
        """Give no runs and no errors of these, but keep what is there."""

    def resume(self, keys: Collection[PartitionKey]) -> None:
        """Give runs of these again."""

    def seek(self, key: PartitionKey, offset: int) -> None:
        """Go on from another offset; drop what is held and any error of the partition."""

    def next_run(self) -> Run | None:
        """The next rows, decoded now in the caller's thread; ``None`` if none are here."""

    def error(self) -> Exception | None:
        """The error of a partition that stalls, if there is one, while it stalls."""

    def stop(self) -> None:
        """Bring nothing any more. Idempotent."""
