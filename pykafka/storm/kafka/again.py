"""Messages that failed and were not kept: fetched once more, beside everything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...core.partition_keys import PartitionKey
from ...core.procedures.record_sets import RecordSet
from ...exceptions import KafkaException, OffsetOutOfRangeError
from ...message import SharedFields
from ...runtime.consumer.feed import shared_by
from ...runtime.consumer.source import Row
from ...runtime.tasks import Task
from ...wire.records.decode import RecordReader
from .host import Mail
from .intake import Intake
from .tracker import Track

__all__ = ["Again"]

#: How many at a time.
_MOST = 8
_DECOMPRESSED_MAX_BYTES = 268_435_456

#: Is told the row, or that there is none any more; or why that could not be found out.
Done = Callable[[str, "tuple[Row, SharedFields] | None", "BaseException | None"], None]


class Again:
    """Fetches messages by their offsets.

    :param partition_of: the user's object of a partition.
    :param done: called with a tuple's id and what was found.
    """

    def __init__(
        self,
        intake: Intake,
        partition_of: Callable[[PartitionKey], Any],
        mail: Mail,
        done: Done,
    ) -> None:
        self._intake = intake
        self._partition_of = partition_of
        self._mail = mail
        self._done = done
        self._fetching = 0

    def fetch(self, id_: str, track: Track) -> bool:
        """Fetch a tuple's message; ``False`` if that cannot be done just now."""
        if self._fetching >= _MOST:
            return False
        offset = track.offset_of(id_)

        def fetched(task: Task) -> None:
            self._mail(partial(self._fetched, id_, track.key, offset, task))

        if not self._intake.fetch_again(track.key, offset, fetched):
            return False
        self._fetching += 1
        return True

    def _fetched(self, id_: str, key: PartitionKey, offset: int, task: Task) -> None:
        self._fetching -= 1
        if isinstance(task.error, OffsetOutOfRangeError):
            self._done(id_, None, None)
        elif task.error is not None:
            self._done(id_, None, task.error)
        else:
            try:
                found = _find(task.result, key, offset, self._partition_of)
            except KafkaException as error:
                self._done(id_, None, error)
            else:
                self._done(id_, found, None)


def _find(
    found: RecordSet, key: PartitionKey, offset: int, partition_of: Callable[[PartitionKey], Any]
) -> tuple[Row, SharedFields] | None:
    """The row at an offset; ``None`` if it is not there any more.

    :raises CorruptRecordError: what is there is damaged.
    :raises CodecNotAvailableError: it cannot be unpacked.
    """
    reader = RecordReader(
        found.data, offset, max_decompressed_bytes=_DECOMPRESSED_MAX_BYTES, aborted=found.aborted
    )
    while (batch := reader.next_batch()) is not None:
        for row in batch.rows:
            if row[0] == offset:
                return row, shared_by(batch, key, partition_of(key))
    return None
