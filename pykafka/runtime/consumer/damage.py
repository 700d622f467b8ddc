"""Damaged records, in the words of whoever reads the partition."""

from __future__ import annotations

from ...core.partition_keys import PartitionKey
from ...exceptions import CorruptRecordError

__all__ = ["located"]


def located(error: CorruptRecordError, key: PartitionKey, unread: int) -> CorruptRecordError:
    """The error to raise, which says where the partition stalls and how to get on.

    :param unread: the next offset of what was read.
    """
    topic, partition = key
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


def _skip_to(error: CorruptRecordError) -> int:
    if error.next_offset is not None:
        return error.next_offset - 1
    return error.offset if error.offset is not None else -1
