"""What was fetched of one partition, and its decoding in the consumer's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...core.partition_keys import PartitionKey
from ...exceptions import (
    CodecNotAvailableError,
    CorruptRecordError,
    KafkaException,
    MessageSetDecodeFailure,
)
from ...message import SharedFields
from ...wire.records.decode import Batch, Peek, RecordReader, peek
from ...wire.records.scanning import Rows
from .source import RUN_ROWS, Run

__all__ = ["Chunk", "Consumed", "DecodeOptions", "Feed", "shared_by"]


class DecodeOptions(NamedTuple):
    """The options that decoding needs; see :data:`pykafka.options.CONSUMER`."""

    partition_max_bytes: int
    decompressed_max_bytes: int


class Chunk(NamedTuple):
    """A record set as it was fetched, or (without data) the news that the position moved.

    :ivar epoch: of the feed when it was asked for.
    :ivar peeked: whether the I/O thread knows already what to fetch after it.
    :ivar aborted: transactions whose messages are left out: (producer id, first offset).
    """

    epoch: int
    data: bytes
    fetch_offset: int
    peeked: bool
    aborted: Sequence[tuple[int, int]] = ()


class Consumed(NamedTuple):
    """News for the I/O thread: a chunk has left the queue.

    :ivar end: where it ends, if the I/O thread does not know, else ``None``.
    :ivar rows: how many messages it held, 0 if that is not known yet.
    """

    epoch: int
    size: int
    end: Peek | None
    rows: int


class Feed:
    """One assigned partition between the I/O thread and the consumer.

    The I/O thread appends to ``chunks`` and sets ``fetch_error`` (with the epoch in which it
    arose); everything else belongs to the
    consumer's side, under the core's lock. A seek counts ``epoch`` up, which makes what was
    asked for before worthless wherever it is.
    """

    __slots__ = (
        "_like",
        "_partition",
        "_reader",
        "_rows",
        "_rows_end",
        "_shared",
        "_taken",
        "chunks",
        "epoch",
        "error",
        "fetch_error",
        "held",
        "key",
        "listed",
        "options",
    )

    def __init__(self, key: PartitionKey, partition: Any, options: DecodeOptions) -> None:
        self.key = key
        self.options = options
        self.epoch = 0
        self.chunks: deque[Chunk] = deque()
        self.listed = False
        self.held = False
        self._partition = partition
        self._clear()

    def _clear(self) -> None:
        self.error: KafkaException | None = None
        self.fetch_error: tuple[int, KafkaException] | None = None
        self._reader: RecordReader | None = None
        self._rows: Rows = []
        self._rows_end = -1
        self._taken = 0
        #: What the batches have in common that share their fields.
        self._like: tuple[int, ...] | None = None

    def seek(self) -> int:
        """Drop everything; the new epoch."""
        self.epoch += 1
        self.chunks.clear()
        self._clear()
        return self.epoch

    def has_data(self) -> bool:
        """Whether :meth:`take` may bring something. What stands before an error does."""
        if self._taken < len(self._rows):
            return True
        return self.error is None and bool(self._reader or self.chunks)

    def stalled_by(self) -> KafkaException | None:
        """The error behind everything that could be taken, if there is one."""
        if self.has_data():
            return None
        found = self.fetch_error
        if self.error is None and found is not None:
            epoch, error = found
            return error if epoch == self.epoch else None
        return self.error

    def take(self, tell: Callable[[PartitionKey, Consumed], None]) -> Run | None:
        """The next run, decoding as much as it needs and no more.

        A run without rows says that the position moved to its end: somewhere else, or
        (``gap``) past what holds nothing to deliver.

        :param tell: called when a chunk leaves the queue, before it is decoded.
        """
        while self._taken >= len(self._rows):
            reader = self._reader
            batch = self._read()
            if batch is not None:
                self._use(batch)
            elif reader is not None and reader.next_offset > self._rows_end:
                # Control batches, aborted transactions, what compaction took out.
                self._rows_end = reader.next_offset
                return Run(self.key, [], _NOTHING_SHARED, reader.next_offset, gap=True)
            elif self.error is not None:
                return None
            else:
                chunk = self._next_chunk()
                if chunk is None:
                    return None
                if not chunk.data:
                    return Run(self.key, [], _NOTHING_SHARED, chunk.fetch_offset)
                tell(self.key, self._begin(chunk))
        return self._next_rows()

    def _next_rows(self) -> Run:
        rows = self._rows[self._taken : self._taken + RUN_ROWS]
        self._taken += len(rows)
        at_end = self._taken == len(self._rows)
        return Run(self.key, rows, self._shared, self._rows_end if at_end else rows[-1][0] + 1)

    def _next_chunk(self) -> Chunk | None:
        while self.chunks:
            chunk = self.chunks.popleft()
            if chunk.epoch == self.epoch:
                return chunk
        return None

    def _begin(self, chunk: Chunk) -> Consumed:
        """Make a chunk the one that is read; the news about it for the I/O thread."""
        reader = RecordReader(
            chunk.data,
            chunk.fetch_offset,
            max_decompressed_bytes=self.options.decompressed_max_bytes,
            aborted=chunk.aborted,
        )
        self._reader = reader
        self._rows_end = chunk.fetch_offset
        size = len(chunk.data)
        if chunk.peeked:
            return Consumed(chunk.epoch, size, None, 0)
        # Uncompressed messages are a chain, each telling only its own length. Walking it costs
        # a fifth of decoding it, and lets the next fetch be under way meanwhile.
        end = peek(chunk.data, size)
        rows = 0 if end is None else end.next_offset - chunk.fetch_offset
        return Consumed(chunk.epoch, size, end, rows)

    def _read(self) -> Batch | None:
        """The reader's next batch; at its end, or at damage, there is no reader any more."""
        if self._reader is None:
            return None
        try:
            batch = self._reader.next_batch()
        except CorruptRecordError as error:
            self.error = self._located(error, self._reader.next_offset)
        except CodecNotAvailableError as error:
            self.error = error
        else:
            if batch is not None:
                return batch
            if self._reader.partial_size is not None:
                self.error = self._too_small(self._reader)
        self._reader = None
        return None

    def _use(self, batch: Batch) -> None:
        self._rows, self._rows_end, self._taken = batch.rows, batch.next_offset, 0
        like = (batch.magic, batch.codec, batch.timestamp_type, batch.leader_epoch)
        if batch.has_headers or like != self._like:
            # One that has headers is like no other.
            self._like = None if batch.has_headers else like
            self._shared = shared_by(batch, self.key, self._partition)

    def _located(self, error: CorruptRecordError, unread: int) -> CorruptRecordError:
        topic, partition = self.key
        # A compressed message is stored under the offset of the last one that is in it.
        first = unread if error.offset is None else min(unread, error.offset)
        located = CorruptRecordError(
            f"{topic}/{partition}: {error}. This partition stalls at offset {first} until it is"
            f" moved: reset_offsets([(partition, {_skip_to(error)})]) goes on behind the damage",
            topic=topic,
            partition=partition,
            offset=first,
            next_offset=error.next_offset,
        )
        located.__cause__ = error
        return located

    def _too_small(self, reader: RecordReader) -> MessageSetDecodeFailure:
        topic, partition = self.key
        return MessageSetDecodeFailure(
            f"{topic}/{partition}: the message at offset {reader.next_offset} or behind needs"
            f" {reader.partial_size} bytes or more, fetch_message_max_bytes is"
            f" {self.options.partition_max_bytes}: raise that option"
        )


def shared_by(batch: Batch, key: PartitionKey, partition: Any) -> SharedFields:
    """What the messages of a batch have in common.

    :param partition: the user's object.
    """
    return SharedFields(
        partition,
        key[1],
        batch.codec,
        batch.magic,
        timestamp_type=batch.timestamp_type,
        leader_epoch=batch.leader_epoch,
        headers=batch.stored_headers("/".join(map(str, key))),
    )


#: What a run without rows has in its place.
_NOTHING_SHARED = SharedFields()


def _skip_to(error: CorruptRecordError) -> int:
    if error.next_offset is not None:
        return error.next_offset - 1
    return error.offset if error.offset is not None else -1
