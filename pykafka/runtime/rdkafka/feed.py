"""One partition that librdkafka reads, from its rows and errors to runs."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from ...core.epoch_history import EpochHistory
from ...core.fetching import FetchState
from ...core.partition_keys import PartitionKey
from ...exceptions import KafkaException
from ...message import SharedFields
from ...wire.records.batch_headers import StoredHeaders
from ...wire.records.scanning import SplitRows
from ..consumer.source import Run, gone
from .handle import Handle

__all__ = ["Damaged", "Lost", "RdKafkaFeed"]

# Codes of errors that stand in the place of a message.
_PARTITION_EOF = -191
_DAMAGED = (-199, -198, -170)  # _BAD_MSG, _BAD_COMPRESSION, _NOT_IMPLEMENTED (a format)
_OUT_OF_RANGE = (-140, 1)  # _AUTO_OFFSET_RESET, OFFSET_OUT_OF_RANGE
_LOG_TRUNCATION = -139
_GONE = (3, -188, -190)  # UNKNOWN_TOPIC_OR_PARTITION, _UNKNOWN_TOPIC, _UNKNOWN_PARTITION
#: What its timestamps' kinds are to us: 0 where there are none.
_TIMESTAMP_TYPES = (0, 0, 1)
_NOTHING_SHARED = SharedFields()


class Damaged(NamedTuple):
    """Something that librdkafka cannot read stands at an offset or behind it."""

    feed: RdKafkaFeed
    offset: int


class Lost(NamedTuple):
    """The position of a partition cannot be read from.

    :ivar state: what to decide on.
    :ivar truncated: whether the log of a new leader lacks what was read.
    """

    state: FetchState
    truncated: bool


class RdKafkaFeed:
    """One assigned partition; under the core's lock, but for what it says.

    The I/O thread appends to ``moves``: (epoch, offset to go on from). A seek counts ``epoch``
    up, which makes what was decided before worthless.
    """

    def __init__(self, key: PartitionKey, partition: Any, handle: Handle) -> None:
        self.key = key
        self.partition = partition
        self.held = False
        self.listed = False
        self.epoch = 0
        self.moves: deque[tuple[int, int]] = deque()
        #: (epoch, error) of a decision that cannot be taken; set by the I/O thread.
        self.stall: tuple[int, KafkaException] | None = None
        self.error: KafkaException | None = None
        self._handle = handle
        self._told = handle.library.ffi.new("int8_t *")
        self._taken = handle.library.ffi.new("pykafka_rd_taken *")
        self._reading: Any = None

    def begin(self, offset: int) -> None:
        """Read from an offset on, once whoever listens to the handle knows this feed."""
        self.close()
        self.error = None
        self._offset = offset
        self._history = EpochHistory()
        self._like: tuple[int, int] | None = None
        self._shared = _NOTHING_SHARED
        if not self._handle.usable:
            return
        library = self._handle.library
        topic, partition = self.key
        code = library.ffi.new("int32_t *")
        reading = library.lib.pykafka_rd_start(
            self._handle.pointer, topic.encode(), partition, offset, self._told, code
        )
        if reading:
            self._reading = reading
            self._handle.reading.add(reading)
        else:
            self.error = library.error(code[0], f"reading {topic}/{partition} from {offset}")

    def close(self) -> None:
        """Read no more. Idempotent."""
        reading, self._reading = self._reading, None
        if reading is not None and self._handle.usable:
            self._handle.reading.discard(reading)
            self._handle.library.lib.pykafka_rd_stop(reading)
        self._told[0] = 0

    def seek(self, offset: int) -> None:
        """Go on from another offset; drop everything."""
        self.epoch += 1
        self.begin(offset)

    def has_data(self) -> bool:
        return bool(self._told[0] or self.moves)

    def stalled_by(self) -> KafkaException | None:
        """The error behind everything that could be taken, if there is one."""
        if self.has_data():
            return None
        if self.stall is not None and self.stall[0] == self.epoch:
            return self.stall[1]
        return self.error

    def take(self) -> Run | Lost | Damaged | None:
        """The next run; one without rows says that the position moved, as in the Python feed."""
        while self.moves:
            epoch, offset = self.moves.popleft()
            if epoch == self.epoch:
                self.begin(offset)
                return Run(self.key, [], _NOTHING_SHARED, offset)
        while self._reading is not None and self._told[0]:
            taken = self._taken
            self._handle.library.lib.pykafka_rd_take(self._reading, taken)
            if taken.split.rows:
                return self._run(taken)
            elif taken.error:
                found = self._failed(taken)
                if found is not None:
                    return found
        return None

    # -- rows -------------------------------------------------------------------------

    def _run(self, taken: Any) -> Run:
        library = self._handle.library
        data = library.ffi.buffer(taken.data, taken.length)
        split = SplitRows(library.native, data, taken.columns, taken.capacity, taken.split, None)
        rows = split[:]
        self.error = None
        self._offset = split.next_offset
        like = (taken.timestamp_kind, taken.leader_epoch)
        if split.has_headers or like != self._like:
            self._share(like, split, data, [row[0] for row in rows])
        return Run(self.key, rows, self._shared, split.next_offset)

    def _share(
        self, like: tuple[int, int], split: SplitRows, data: Any, offsets: list[int]
    ) -> None:
        kind, epoch = like
        if epoch >= 0:
            self._history.add([(epoch, offsets[0])])
        headers = None
        if split.has_headers:
            stored = StoredHeaders(data[:], split.header_places())
            headers = stored.compact(offsets, "/".join(map(str, self.key)))
        # One that has headers is like no other.
        self._like = None if split.has_headers else like
        self._shared = SharedFields(
            self.partition,
            self.key[1],
            protocol_version=2 if epoch >= 0 or headers else int(kind > 0),
            timestamp_type=_TIMESTAMP_TYPES[kind],
            leader_epoch=epoch,
            headers=headers,
        )

    # -- errors -----------------------------------------------------------------------

    def _failed(self, taken: Any) -> Run | Lost | Damaged | None:
        library = self._handle.library
        code, offset = taken.error, taken.error_offset
        words = library.ffi.buffer(taken.data, taken.length)[:].decode(errors="replace")
        if code == _PARTITION_EOF:
            self.error = None
            if offset > self._offset:
                # Control batches, aborted transactions, what compaction took out.
                self._offset = offset
                return Run(self.key, [], _NOTHING_SHARED, offset, gap=True)
            return None
        if code in _DAMAGED:
            self.close()
            return Damaged(self, self._offset)
        if code in _OUT_OF_RANGE:
            return self._lost(library.error_text(_LOG_TRUNCATION) in words)
        where = "/".join(map(str, self.key))
        if code in _GONE:
            self.error = gone(self.key)
        else:
            self.error = library.error(code, f"fetching {where}: {words}")
        return None

    def _lost(self, truncated: bool) -> Lost:
        state = FetchState(self.key, self._offset, self.epoch)
        state.history = self._history
        self.close()
        return Lost(state, truncated)
