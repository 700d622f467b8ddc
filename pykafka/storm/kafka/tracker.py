"""Which messages are under way, which come again, and what may be committed.

Pure: the time comes as an argument. Used by the one thread that emits and hears of acks; others
may read :attr:`Track.published`, :attr:`Track.alive` and the counters.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from ...core.partition_keys import PartitionKey
from ...core.retry import Backoff

__all__ = ["NO_PAGE", "Failure", "Page", "Track", "Tracker"]

#: Before anything was published.
_NOTHING = -1
#: Memory that a row takes beside key and value.
_ROW_BYTES = 200


class Page(NamedTuple):
    """Rows that were emitted together, kept to be emitted again.

    :ivar rows: (offset, timestamp in ms, key, value), ascending.
    :ivar shared: what their messages have in common.
    :ivar size: about how much memory they take, in bytes.
    """

    rows: Sequence[Any]
    shared: Any
    size: int

    @classmethod
    def of(cls, rows: Sequence[Any], shared: Any) -> Page:
        """A page of these rows."""
        size = sum([len(row[3] or b"") + len(row[2] or b"") for row in rows])
        return cls(rows, shared, size + len(rows) * _ROW_BYTES)


#: Nothing is kept.
NO_PAGE = Page((), None, 0)


class Failure(Enum):
    """What becomes of a tuple that has failed."""

    #: It is emitted again later.
    AGAIN = "again"
    #: It has had all the tries that it gets.
    SPENT = "spent"
    #: Nobody waits for it: it was done already, or its partition is another task's.
    IGNORED = "ignored"


class Track:
    """One stay of a partition with this task.

    :ivar cursor: tells this stay from others of the same partition.
    :ivar prefix: what ids of its messages begin with; the offset follows.
    :ivar order: ids that were emitted, ascending by offset; those that are done leave from the
        left.
    :ivar position: the offset after everything that was emitted or passed over.
    :ivar published: what others may commit, -1 before that is known. Never goes back.
    :ivar alive: whether the partition is still this task's, by this stay.
    :ivar pages: what is kept of it to be emitted again.
    :ivar reasons: why messages that are pending are to be given up, by their ids.
    """

    __slots__ = (
        "acked",
        "alive",
        "cursor",
        "failed",
        "given_up",
        "key",
        "order",
        "pages",
        "position",
        "prefix",
        "published",
        "reasons",
        "replayed",
        "skipped",
    )

    def __init__(self, key: PartitionKey, position: int, cursor: Any = None) -> None:
        self.key = key
        self.cursor = cursor
        self.prefix = f"{key[0]}/{key[1]}/"
        self.order: deque[str] = deque()
        self.pages: deque[Page] = deque()
        self.reasons: dict[str, str] = {}
        self.position = position
        self.published = _NOTHING
        self.alive = True
        self.acked = self.failed = self.replayed = self.skipped = self.given_up = 0

    def offset_of(self, id_: str) -> int:
        """The offset that an id of this partition stands for."""
        return int(id_[len(self.prefix) :])


class Tracker:
    """All tracks of a task.

    :param backoff: between the tries of a tuple.
    :param max_tries: how often it is emitted at most; ``None`` for as often as it takes.
    :param keep_bytes: how much is kept to be emitted again; what is over that is not.
    """

    def __init__(self, backoff: Backoff, max_tries: int | None, keep_bytes: int) -> None:
        #: Everything that is not done, in flight or waiting for another try.
        self.pending: dict[str, Track] = {}
        self.kept_bytes = 0
        self._backoff = backoff
        self._max_tries = max_tries
        self._keep_bytes = keep_bytes
        self._tries: dict[str, int] = {}
        self._waiting: set[str] = set()
        self._due: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()

    @property
    def in_flight(self) -> int:
        """How many tuples may still be acked or failed."""
        return len(self.pending) - len(self._waiting)

    @property
    def waiting(self) -> int:
        """How many have failed and wait for another try."""
        return len(self._waiting)

    def counts(self) -> dict[PartitionKey, tuple[int, int]]:
        """Partition -> how many of its tuples are in flight, and how many wait."""
        pending = Counter(track.key for track in self.pending.values())
        waiting = Counter(self.pending[id_].key for id_ in self._waiting)
        return {key: (number - waiting[key], waiting[key]) for key, number in pending.items()}

    def tries(self, id_: str) -> int:
        """How often a tuple that is pending has failed."""
        return self._tries.get(id_, 0)

    # -- what happens -----------------------------------------------------------------

    def emitted(self, track: Track, ids: Sequence[str], page: Page, end: int) -> None:
        """These were emitted for the first time, ascending, behind everything before.

        :param page: the rows among which theirs are.
        :param end: the offset after them and what was passed over with them.
        """
        if self._waiting:
            # Of an earlier stay of the partition: this is the other try.
            self._waiting.difference_update(ids)
        self.pending.update(dict.fromkeys(ids, track))
        track.order.extend(ids)
        track.position = end
        if ids and self.kept_bytes + page.size <= self._keep_bytes:
            track.pages.append(page)
            self.kept_bytes += page.size

    def acked(self, id_: str) -> Track | None:
        """A tuple is done; the track in which that counts."""
        track = self.pending.pop(id_, None)
        if track is None:
            return None
        if self._tries:
            self._forget_tries(id_)
        if not track.alive:
            return None
        track.acked += 1
        return track

    def failed(self, id_: str, now: float, chance: float) -> Failure:
        """A tuple failed or timed out.

        :param chance: from 0 to 1, for the back-off's jitter.
        """
        track = self.pending.get(id_)
        if track is None or id_ in self._waiting:
            return Failure.IGNORED
        if not track.alive:
            del self.pending[id_]
            self._forget_tries(id_)
            return Failure.IGNORED
        track.failed += 1
        tries = self._tries[id_] = self._tries.get(id_, 0) + 1
        if self._max_tries is not None and tries >= self._max_tries:
            return Failure.SPENT
        self.postpone(id_, now + self._backoff.wait_s(tries, chance))
        return Failure.AGAIN

    def postpone(self, id_: str, until: float) -> None:
        """Let a pending tuple wait for another try."""
        self._waiting.add(id_)
        heapq.heappush(self._due, (until, next(self._numbers), id_))

    def finish(self, id_: str) -> None:
        """A tuple that may be pending is done, though it was not acked."""
        self.pending.pop(id_, None)
        self._forget_tries(id_)

    def due(self, now: float, most: int) -> list[tuple[str, Track]]:
        """What is to be tried again now, and is in flight again from now on."""
        found: list[tuple[str, Track]] = []
        while self._due and self._due[0][0] <= now and len(found) < most:
            _, _, id_ = heapq.heappop(self._due)
            if id_ not in self._waiting:
                continue  # acked meanwhile, by a try that was thought to be lost
            self._waiting.discard(id_)
            track = self.pending[id_]
            if track.alive:
                found.append((id_, track))
            else:
                self.finish(id_)
        return found

    def _forget_tries(self, id_: str) -> None:
        self._tries.pop(id_, None)
        self._waiting.discard(id_)

    # -- what follows from it ---------------------------------------------------------

    def committable(self, track: Track) -> int:
        """The offset below which everything is done."""
        order, pending = track.order, self.pending
        while order and pending.get(order[0]) is not track:
            order.popleft()
        if order:
            return track.offset_of(order[0])
        return track.position

    def uncommitted(self, track: Track) -> int:
        """How many emitted messages lie behind what may be committed."""
        self.committable(track)
        return len(track.order)

    def publish(self, track: Track, standing: int = _NOTHING) -> None:
        """Let others commit what is done, and keep no longer what is not needed any more.

        :param standing: the offset after all that could have been emitted, where that is known.
        """
        done = self.committable(track)
        if not track.order:
            done = max(done, standing)
        track.published = max(track.published, done)
        pages = track.pages
        while pages and pages[0].rows[-1][0] < done:
            self.kept_bytes -= pages.popleft().size

    def drop(self, track: Track) -> None:
        """The stay is over: keep nothing of it. What is in flight may still be acked."""
        track.alive = False
        while track.pages:
            self.kept_bytes -= track.pages.popleft().size
        track.order.clear()

    def row(self, id_: str) -> tuple[Any, Any] | None:
        """The row of a pending tuple and what its message shares; ``None`` if it was not kept."""
        track = self.pending[id_]
        offset = track.offset_of(id_)
        for page in track.pages:
            if page.rows[-1][0] >= offset:
                return next(((row, page.shared) for row in page.rows if row[0] == offset), None)
        return None
