"""Messages that are committed before they are emitted."""

from __future__ import annotations

from collections import deque
from functools import partial

from ...exceptions import KafkaException
from ...runtime.consumer.consumption import Consumption, Taken
from ...runtime.tasks import Task
from .host import Host, Mail
from .tracker import Track

__all__ = ["Ahead"]

#: So many messages may wait for their commit or for their turn.
_MOST = 4000


class Ahead:
    """Slices on their way from being taken to being emitted: one commit at a time for them all.

    Of a partition that has gone meanwhile nothing is emitted: its commit may have failed.
    """

    def __init__(self, host: Host, mail: Mail) -> None:
        self._host = host
        self._mail = mail
        self._taken: list[tuple[Track, Taken]] = []
        self._committing: list[tuple[Track, Taken]] = []
        self._committed: deque[tuple[Track, Taken]] = deque()
        self._rows = 0

    @property
    def full(self) -> bool:
        """Whether no more should be taken."""
        return self._rows >= _MOST

    def holds(self, track: Track) -> bool:
        """Whether anything of a partition is not emitted yet."""
        held = [*self._taken, *self._committing, *self._committed]
        return any(one is track for one, _ in held)

    def take(self, track: Track, taken: Taken) -> None:
        """Commit these with the next commit."""
        self._taken.append((track, taken))
        self._rows += len(taken.rows)

    def turn(self, core: Consumption) -> tuple[Track, Taken] | None:
        """Begin the next commit, if none is under way; a slice that is to be emitted now."""
        if self._taken and not self._committing:
            self._begin(core)
        while self._committed:
            track, taken = self._committed.popleft()
            self._rows -= len(taken.rows)
            if track.alive:
                return track, taken
        return None

    def _begin(self, core: Consumption) -> None:
        taken, self._taken = self._taken, []
        self._committing = [one for one in taken if one[0].alive]
        self._rows -= sum(len(rows.rows) for track, rows in taken if not track.alive)
        if self._committing:
            ends = {track.key: rows.end_offset for track, rows in self._committing}
            core.commits.start(ends, self._done)

    def _done(self, task: Task) -> None:
        """On the I/O thread."""
        self._mail(partial(self._settled, task.error))

    def _settled(self, error: BaseException | None) -> None:
        done, self._committing = self._committing, []
        if error is None:
            self._committed.extend(done)
            return
        if not isinstance(error, KafkaException):
            raise error
        self._host.tell(f"committing before emitting failed: {error}; trying again", "warn")
        self._taken[:0] = done
