"""What was committed, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ...core.effects import Procedure
from ...core.partition_keys import PartitionKey
from ...core.procedures.group_offsets import Committed
from ...runtime.consumer.offset_store import OffsetStore

__all__ = ["Record", "RecordingStore"]

#: Brokers forget offsets that are not committed again for long (a day, in some releases).
_AGAIN_S = 60.0


class Record:
    """The last commit of each partition. Written by the I/O thread, read by any.

    :param clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: dict[PartitionKey, tuple[int, float]] = {}

    def note(self, offsets: Mapping[PartitionKey, int]) -> None:
        """These were committed just now."""
        now = self._clock()
        for key, offset in offsets.items():
            self._last[key] = (offset, now)

    def forget(self, keys: Iterable[PartitionKey]) -> None:
        """Others may commit these from now on."""
        for key in keys:
            self._last.pop(key, None)

    def of(self, key: PartitionKey) -> tuple[int, float]:
        """(offset, seconds since); (-1, -1.0) if it was not committed yet."""
        found = self._last.get(key)
        return (-1, -1.0) if found is None else (found[0], self._clock() - found[1])

    def worth_committing(self, key: PartitionKey, offset: int) -> bool:
        """Whether a commit would tell the broker anything."""
        last, age_s = self.of(key)
        return last != offset or age_s > _AGAIN_S


class RecordingStore:
    """A store of offsets that notes what it has stored."""

    def __init__(self, store: OffsetStore, record: Record) -> None:
        self._store = store
        self._record = record
        self.timeout_s = store.timeout_s

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        yield from self._store.commit(offsets)
        self._record.note(offsets)

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        return (yield from self._store.fetch(keys))
