"""The partitions of a task, as its threads share them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping

from ...core.cursor import Cursor
from ...core.partition_keys import PartitionKey
from .recording import Record
from .tracker import Track

__all__ = ["Tracks"]


class Tracks:
    """Partition -> its stay with this task.

    The thread that emits owns what is in a :class:`.tracker.Track` but for ``alive``; the member's
    thread says which there are. The mapping is replaced, never changed, so that whoever reads it
    needs no lock.

    :param record: of what was committed.
    """

    def __init__(self, record: Record) -> None:
        self.by_key: Mapping[PartitionKey, Track] = {}
        self._record = record
        self._lock = threading.Lock()
        #: Called on the member's thread, and returns when acks need not be waited for any more.
        self.drain: Callable[[Collection[Track]], None] = lambda _: None

    def of(self, cursor: Cursor) -> Track | None:
        """The stay that a cursor belongs to, if it is not over."""
        track = self.by_key.get(cursor.key)
        return track if track is not None and track.cursor is cursor else None

    # -- on the member's thread -------------------------------------------------------

    def begin(self, cursors: Mapping[PartitionKey, Cursor]) -> None:
        """These partitions have come, and stand where their cursors do."""
        with self._lock:
            new = {key: Track(key, cursor.next_offset, cursor) for key, cursor in cursors.items()}
            self._replace({**self.by_key, **new})

    def gone(self, keys: Collection[PartitionKey]) -> None:
        """These are another's, or come anew."""
        with self._lock:
            self._replace({key: t for key, t in self.by_key.items() if key not in keys})
        self._record.forget(keys)

    def end(self) -> None:
        """Nothing is this task's any more."""
        self.gone(list(self.by_key))

    def revoking(self, last: Mapping[PartitionKey, int]) -> None:
        """These may go to another task, and nothing more is taken of them: wait for acks.

        What fails meanwhile is tried again: as long as it is open, nothing behind it can be
        committed, and all of that would come twice.
        """
        self.drain([track for key, track in self.by_key.items() if key in last])

    def _replace(self, by_key: dict[PartitionKey, Track]) -> None:
        before, self.by_key = self.by_key, by_key
        for key, track in before.items():
            if by_key.get(key) is not track:
                track.alive = False

    # -- on any thread ----------------------------------------------------------------

    def committable(self) -> dict[PartitionKey, int]:
        """What may be committed, and is not yet (or so long ago that brokers may forget it)."""
        return {
            key: track.published
            for key, track in self.by_key.items()
            if track.published >= 0 and self._record.worth_committing(key, track.published)
        }

    # -- on the thread that emits -----------------------------------------------------

    def restart(self, track: Track, position: int) -> Track:
        """The partition goes on somewhere else (its log was cut, say): a stay of its own."""
        with self._lock:
            if self.by_key.get(track.key) is not track:
                return track  # over anyway
            new = Track(track.key, position, track.cursor)
            self._replace({**self.by_key, track.key: new})
            return new
