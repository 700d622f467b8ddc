"""Record batches: record format 2 (Kafka 0.11 and newer), compressed or not.

A head of 61 bytes: base offset int64, size int32 (of what follows), leader epoch int32, magic
int8, CRC-32C uint32 (of what follows it), attributes int16, delta of the last offset int32,
base and highest timestamp int64, producer id int64, producer epoch int16, base sequence
int32, number of records int32. Then the records (:mod:`.batch_rows`), compressed together.
Attributes: bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control batch. Compaction
takes records out, even all of them, and leaves base offset and last delta as they were.
(KIP-98; Kafka protocol guide, "Record Batch".)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from ...exceptions import MalformedDataError
from . import codecs
from .batch_headers import StoredHeaders
from .batch_rows import SMALLEST_RECORD, read_dense, read_sparse
from .checksums import crc32c
from .message_set import ENTRY_HEAD, damaged

if TYPE_CHECKING:
    from .batch_rows import HeaderPlaces
    from .message_set import Row
    from .scanning import Rows, Scanner

__all__ = [
    "AFTER_CRC",
    "HEAD",
    "UP_TO_CRC",
    "BatchHead",
    "is_batch",
    "last_delta",
    "leader_epoch",
    "read_head",
    "read_records",
    "verify",
]

# Of any entry in a record set: where its magic byte stands.
_MAGIC_AT = 16

#: The 61 bytes in front of the records, and their two parts: the checksum covers all behind it.
HEAD = struct.Struct(">qiibIhiqqqhii")
UP_TO_CRC = struct.Struct(">qiibI")
AFTER_CRC = struct.Struct(">hiqqqhii")
_SMALLEST_SIZE = HEAD.size - ENTRY_HEAD
_offset_and_size = struct.Struct(">qi").unpack_from
_leader_epoch = struct.Struct(">12xi").unpack_from
_size_and_last_delta = struct.Struct(">8xi11xi").unpack_from
_CODEC = 0x07


class BatchHead(NamedTuple):
    """What stands before the records, under its names in the protocol guide or short ones."""

    base_offset: int
    size: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_delta: int
    base_time: int
    max_time: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.last_delta + 1

    @property
    def codec(self) -> int:
        return self.attributes & _CODEC

    @property
    def timestamp_type(self) -> int:
        """0 = set by the producer, 1 = by the broker on append."""
        return self.attributes >> 3 & 1

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & 0x10)

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & 0x20)


def is_batch(data: bytes, position: int) -> bool:
    """Whether the entry at ``position`` has format 2, as far as there is enough of it."""
    return len(data) > position + _MAGIC_AT and data[position + _MAGIC_AT] == 2


def last_delta(data: bytes, position: int) -> int | None:
    """What a whole batch at ``position`` says of its last offset; ``None`` if that is nonsense."""
    size, delta = _size_and_last_delta(data, position)
    return int(delta) if size >= _SMALLEST_SIZE and delta >= 0 else None


def leader_epoch(data: bytes, position: int) -> int:
    """What a whole batch at ``position`` says of the leader that stored it."""
    return int(_leader_epoch(data, position)[0])


def read_head(data: bytes, position: int) -> BatchHead | None:
    """The head of what :func:`is_batch`; ``None`` if the data ends inside the batch.

    :raises CorruptRecordError: it states a size that no batch has.
    """
    offset, size = _offset_and_size(data, position)
    if size < _SMALLEST_SIZE:
        raise damaged(offset, f"a record batch cannot take {size} bytes")
    if position + ENTRY_HEAD + size > len(data):
        return None
    return BatchHead._make(HEAD.unpack_from(data, position))


def verify(data: bytes, position: int, head: BatchHead, check_crcs: bool) -> None:
    """See that the head can be believed.

    :raises MalformedDataError: it cannot.
    """
    end = position + ENTRY_HEAD + head.size
    if check_crcs and head.crc != crc32c(memoryview(data)[position + UP_TO_CRC.size : end]):
        raise MalformedDataError("its content does not match its checksum")
    if head.base_offset < 0 or not -1 <= head.record_count - 1 <= head.last_delta:
        raise MalformedDataError(
            f"it has {head.record_count} records, base offset {head.base_offset} and last offset"
            f" {head.base_offset + head.last_delta}"
        )


def read_records(
    data: bytes, position: int, head: BatchHead, limit: int, scan: Scanner | None
) -> tuple[Rows, StoredHeaders | None]:
    """The rows of the batch at ``position``, and their headers if any has headers.

    :param limit: how many bytes the records may become when they are decompressed.
    :param scan: what finds them, where it is not this.
    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises MalformedDataError: the records are not what the head says.
    """
    end = position + ENTRY_HEAD + head.size
    position += HEAD.size
    if not head.record_count:
        return [], None  # of a batch that compaction has emptied only the head is left
    if head.codec:
        data = codecs.decompress(head.codec, data[position:end], limit)
        position, end = 0, len(data)
    if head.record_count > (end - position) // SMALLEST_RECORD:
        raise MalformedDataError(f"{head.record_count} records in {end - position} bytes")
    if scan is not None:
        time = head.max_time if head.timestamp_type else None
        found = scan.records(data, position, end, head, time)
        if found is not None:
            places = found.header_places() if found.has_headers else {}
            return found, StoredHeaders(data, places) if places else None
    rows, places = _read_rows(data, position, end, head)
    if head.timestamp_type:
        time = head.max_time
        rows = [(offset, time, key, value) for offset, _, key, value in rows]
    return rows, StoredHeaders(data, places) if places else None


def _read_rows(
    data: bytes, position: int, end: int, head: BatchHead
) -> tuple[list[Row], HeaderPlaces]:
    offsets = range(head.base_offset, head.next_offset)
    if head.record_count == len(offsets):
        rows: list[Row] = []
        places: HeaderPlaces = {}
        try:
            if read_dense(data, position, offsets, head.base_time, rows, places) == end:
                return rows, places
        except (IndexError, MalformedDataError):
            pass  # what is wrong, or only unusual, shows when all is looked at
    rows, places = [], {}
    try:
        after = read_sparse(
            data, position, offsets, head.record_count, head.base_time, rows, places
        )
    except IndexError:
        raise MalformedDataError("its records are cut off") from None
    if after != end:
        raise MalformedDataError(f"its records end at byte {after} instead of {end}")
    return rows, places
