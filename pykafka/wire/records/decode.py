"""From the bytes of a fetched record set to rows, batch by batch.

A record set is a row of entries. Each starts with its offset (int64) and the size of what
follows (int32), and has at byte 16 the "magic" byte that tells its format: 0 and 1 are
messages (:mod:`.message_set`), 2 is a batch of records (:mod:`.batch`); one set may hold all of
them. A compressed message is a wrapper around a message set. A broker cuts the set where the
fetch size ends, so that the last entry may be incomplete; since 0.10.1 it sends the first one
whole, however large. (Kafka protocol guide, "Message sets" and "Record Batch"; KIP-31 for
offsets inside wrappers; KIP-74; broker 0.8.2.2, observed.)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from ...exceptions import CorruptRecordError, MalformedDataError
from .batch import is_batch, last_delta, leader_epoch, read_head, read_records, verify
from .message_set import (
    ENTRY_HEAD,
    ascending,
    damaged,
    needed_size,
    read_entry,
    read_run,
    unwrapped,
)
from .scanning import SplitRows, scanner
from .transactions import AbortedTransactions, ends_transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .batch import BatchHead
    from .batch_headers import Headers, StoredHeaders
    from .message_set import Entry
    from .scanning import Rows
    from .transactions import Aborted

__all__ = ["DEFAULT_MAX_DECOMPRESSED_BYTES", "Batch", "Peek", "RecordReader", "peek"]

#: How large one compressed message or batch may become.
DEFAULT_MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

_offset_and_size = struct.Struct(">qi").unpack_from


class Batch:
    """Rows that were stored together, or that follow each other uncompressed.

    :ivar magic: record format, 0, 1 or 2.
    :ivar codec: a :class:`~pykafka.common.CompressionType` number.
    :ivar timestamp_type: 0 = set by the producer, 1 = by the broker on append.
    :ivar rows: ``(offset, timestamp, key, value)`` with ascending offsets; timestamp in
        milliseconds since 1970, 0 where the format has none (magic 0), -1 where the producer
        gave none; key and value ``bytes`` or ``None``. A slice of them is a list; where the
        extension module has found them, they are made then.
    :ivar next_offset: the offset after this batch (past gaps that compaction left).
    :ivar leader_epoch: of the leader that stored it; -1 if that is not known.
    :ivar producer_id: of an idempotent or transactional producer, else -1.
    :ivar is_transactional: whether it was written in a transaction.
    """

    __slots__ = (
        "_stored_headers",
        "codec",
        "is_transactional",
        "leader_epoch",
        "magic",
        "next_offset",
        "producer_id",
        "rows",
        "timestamp_type",
    )

    def __init__(
        self, magic: int, codec: int, timestamp_type: int, rows: Rows, next_offset: int
    ) -> None:
        self.magic = magic
        self.codec = codec
        self.timestamp_type = timestamp_type
        self.rows = rows
        self.next_offset = next_offset
        self.leader_epoch = self.producer_id = -1
        self.is_transactional = False
        self._stored_headers: StoredHeaders | None = None

    @property
    def has_headers(self) -> bool:
        """Whether any record has headers."""
        return self._stored_headers is not None

    @property
    def headers(self) -> list[Headers] | None:
        """For each row its headers, ``(key, value)`` pairs in their order, or ``()``; ``None``
        if no record has any.

        A key is ``str``: bytes in it that are no UTF-8 stand there as with the error handler
        "surrogateescape". Decoded anew at each access, from the bytes that were fetched.

        :raises CorruptRecordError: the headers of a record are damaged, which only a producer
            can have done.
        """
        stored = self._stored_headers
        return None if stored is None else [stored.of(row[0]) for row in self.rows]

    def stored_headers(self, where: str) -> StoredHeaders | None:
        """The headers, not decoded, in a copy that keeps nothing else of what was fetched.

        :param where: the partition in words, for errors.
        """
        stored = self._stored_headers
        return None if stored is None else stored.compact([row[0] for row in self.rows], where)


class RecordReader:
    """Reads one partition's record set from a fetch response, one batch at a time.

    :param data: the bytes as they came; kept until the reader goes.
    :param fetch_offset: the offset that was asked for. A batch or compressed message is stored
        whole, so that a broker may send earlier rows too: they are dropped.
    :param check_crcs: verify checksums. Off, damage inside a message goes unnoticed.
    :param max_decompressed_bytes: the most that one compressed message or batch may become.
    :param aborted: transactions whose rows are left out, as the broker names them where it is
        asked for committed records only: ``(producer id, first offset)``.

    :ivar next_offset: what to fetch after all that was read so far, which may lie behind the
        last batch's: control batches, aborted ones and emptied ones are passed silently.
    :ivar partial_size: ``None``; after the end was reached, if the set holds nothing but the
        beginning of one entry: how many bytes that entry takes (12, the part that tells, if
        even that is cut). A fetch must be that large to get on.

    Not for use by several threads at once.
    """

    __slots__ = (
        "_aborted",
        "_check_crcs",
        "_data",
        "_error",
        "_fetch_offset",
        "_max_decompressed_bytes",
        "_position",
        "_scan",
        "next_offset",
        "partial_size",
    )

    def __init__(
        self,
        data: bytes,
        fetch_offset: int,
        *,
        check_crcs: bool = True,
        max_decompressed_bytes: int = DEFAULT_MAX_DECOMPRESSED_BYTES,
        aborted: Sequence[Aborted] = (),
    ) -> None:
        self._data = data
        self._fetch_offset = fetch_offset
        self._check_crcs = check_crcs
        self._max_decompressed_bytes = max_decompressed_bytes
        self._aborted = AbortedTransactions(aborted) if aborted else None
        self._position = 0
        self._scan = scanner()
        self._error: CorruptRecordError | None = None
        self.next_offset = fetch_offset
        self.partial_size: int | None = None

    def next_batch(self) -> Batch | None:
        """The next batch that has rows at or after the fetch offset; ``None`` at the end.

        :raises CorruptRecordError: the data is damaged here. What stands before the damage
            was returned already; every further call raises it again.
        :raises CodecNotAvailableError: a codec's package is not installed; again, if called
            again.
        """
        while True:
            if self._error is not None:
                raise self._error.with_traceback(None)
            try:
                batch = self._read()
            except CorruptRecordError as error:
                self._error = error
                continue
            if batch is None or batch.rows:
                return batch

    def _read(self) -> Batch | None:
        if is_batch(self._data, self._position):
            found = self._plain_batches()
            return self._record_batch() if found is None else found
        entry = read_entry(self._data, self._position, self._check_crcs)
        if entry is None:
            self._end()
            return None
        if entry.codec:
            return self._wrapper(entry)
        found = self._plain_messages(entry)
        return self._run(entry) if found is None else found

    def _end(self) -> None:
        if self._position == 0:
            if self._data:
                self.partial_size = needed_size(self._data, 0)
        elif self.next_offset == self._fetch_offset:
            # To fetch there again would bring the same for ever.
            raise damaged(self._fetch_offset, "the broker sent only messages before it")

    def _plain_messages(self, first: Entry) -> Batch | None:
        """Those like the first, as far as the extension module finds them."""
        if self._scan is None:
            return None
        rows = self._scan.messages(self._data, self._position, first.kind, self._check_crcs)
        if rows is None:
            return None
        self._position = rows.end
        following = self._entry_if_good()
        if following is not None and following.offset < rows.next_offset:
            self._error = damaged(rows.next_offset, f"it is numbered {following.offset}")
        return self._batch(first, rows, rows.next_offset)

    def _entry_if_good(self) -> Entry | None:
        if is_batch(self._data, self._position):
            return None
        try:
            return read_entry(self._data, self._position, self._check_crcs)
        except CorruptRecordError:
            return None  # it is told when its turn comes

    def _run(self, first: Entry) -> Batch:
        rows = [first.row]
        position = first.end
        while True:
            position = read_run(self._data, position, first.kind, self._check_crcs, rows)
            if is_batch(self._data, position):
                break
            try:
                entry = read_entry(self._data, position, self._check_crcs)
            except CorruptRecordError as error:
                self._error = error
                break
            if entry is None or entry.kind != first.kind:
                break
            rows.append(entry.row)
            position = entry.end
        self._position = position
        good = ascending(rows)
        if good < len(rows):
            self._error = damaged(rows[good - 1][0] + 1, f"it is numbered {rows[good][0]}")
            del rows[good:]
        return self._batch(first, rows, rows[-1][0] + 1)

    def _wrapper(self, wrapper: Entry) -> Batch:
        try:
            rows = unwrapped(wrapper, self._check_crcs, self._max_decompressed_bytes, self._scan)
        except (CorruptRecordError, MalformedDataError) as reason:
            first = min(self.next_offset, wrapper.offset)
            raise damaged(first, str(reason), wrapper.offset + 1) from reason
        self._position = wrapper.end
        return self._batch(wrapper, rows, wrapper.offset + 1)

    def _plain_batches(self) -> Batch | None:
        """Those at the position that are alike, as one, as far as the extension module finds
        them."""
        if self._scan is None or self._aborted is not None:
            return None
        floor = None if self.next_offset == self._fetch_offset else self.next_offset
        rows = self._scan.batches(self._data, self._position, floor, self._check_crcs)
        if rows is None:
            return None
        head = read_head(self._data, self._position)
        assert head is not None
        self._position = rows.end
        return self._with_head(head, rows, rows.next_offset, None)

    def _record_batch(self) -> Batch | None:
        head = read_head(self._data, self._position)
        if head is None:
            self._end()
            return None
        try:
            verify(self._data, self._position, head, self._check_crcs)
            if self.next_offset != self._fetch_offset and head.base_offset < self.next_offset:
                raise MalformedDataError(f"it is numbered {head.base_offset}")
            rows, headers = self._delivered(head)
        except MalformedDataError as reason:
            raise self._damaged_batch(head, str(reason)) from reason
        self._position += ENTRY_HEAD + head.size
        return self._with_head(head, rows, head.next_offset, headers)

    def _with_head(
        self,
        head: BatchHead,
        rows: Rows,
        next_offset: int,
        headers: StoredHeaders | None,
    ) -> Batch:
        batch = self._batch(head, rows, next_offset)
        batch.leader_epoch = head.leader_epoch
        batch.producer_id = head.producer_id
        batch.is_transactional = head.is_transactional
        batch._stored_headers = headers
        return batch

    def _delivered(self, head: BatchHead) -> tuple[Rows, StoredHeaders | None]:
        if self._aborted is not None and self._leaves_out(head, self._aborted):
            return [], None
        if head.is_control:
            return [], None
        return self._records(head)

    def _records(self, head: BatchHead) -> tuple[Rows, StoredHeaders | None]:
        limit = self._max_decompressed_bytes
        return read_records(self._data, self._position, head, limit, self._scan)

    def _leaves_out(self, head: BatchHead, aborted: AbortedTransactions) -> bool:
        aborted.reach(head.next_offset - 1)
        if not aborted.has(head.producer_id):
            return False
        if head.is_control and self._ends_transaction(head):
            aborted.end(head.producer_id)
        return head.is_transactional

    def _ends_transaction(self, head: BatchHead) -> bool:
        rows, _ = self._records(head)
        # Only a marker has a producer; compaction may have left its head alone.
        return not rows or any(ends_transaction(key) for _, _, key, _ in rows)

    def _damaged_batch(self, head: BatchHead, reason: str) -> CorruptRecordError:
        """The error for the batch at the position. What its head says of the next offset may be
        the damage, and so may its size: the lower of that and what the next head says skips
        nothing good."""
        first = max(self.next_offset, head.base_offset)
        claims = [head.next_offset]
        after = self._position + ENTRY_HEAD + head.size
        if len(self._data) - after >= ENTRY_HEAD:
            claims.append(_offset_and_size(self._data, after)[0])
        next_offset = min((claim for claim in claims if claim > first), default=first + 1)
        return damaged(first, f"its batch: {reason}", next_offset)

    def _batch(self, first: Entry | BatchHead, rows: Rows, next_offset: int) -> Batch:
        if rows and rows[0][0] < self._fetch_offset:
            if isinstance(rows, SplitRows):
                rows.behind(self._fetch_offset)
            else:
                rows = [row for row in rows if row[0] >= self._fetch_offset]
        self.next_offset = max(self.next_offset, next_offset)
        return Batch(first.magic, first.codec, first.timestamp_type, rows, self.next_offset)


class Peek(NamedTuple):
    """What the heads of a record set's entries tell.

    :ivar next_offset: the offset after the last complete entry.
    :ivar epochs: of the leaders that stored the entries, each with the offset of its first entry;
        formats before 2 do not tell.
    """

    next_offset: int
    epochs: tuple[tuple[int, int], ...] = ()


def peek(data: bytes, entries: int = 64) -> Peek | None:
    """Look at the heads of the entries only.

    ``None`` if there are more than ``entries`` of them, or no complete one, or if a head
    makes no sense: decoding will tell. Messages that the extension module walks over do not count:
    that takes no time.
    """
    scan = scanner()
    position, next_offset = (0, None) if scan is None else scan.walk_messages(data)
    epochs: list[tuple[int, int]] = []
    for _ in range(entries + 1):
        rest = len(data) - position
        if rest < ENTRY_HEAD:
            break
        offset, size = _offset_and_size(data, position)
        if size < 0:
            return None
        if size > rest - ENTRY_HEAD:
            break
        if is_batch(data, position):
            delta = last_delta(data, position)
            if delta is None:
                return None
            epoch = leader_epoch(data, position)
            if not epochs or epoch != epochs[-1][0]:
                epochs.append((epoch, offset))
            offset += delta
        next_offset = offset + 1
        position += ENTRY_HEAD + size
    else:
        return None
    return None if next_offset is None else Peek(next_offset, tuple(epochs))
