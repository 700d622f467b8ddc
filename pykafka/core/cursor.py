"""Where a consumer stands in one partition."""

from __future__ import annotations

__all__ = ["START", "Cursor"]

#: ``last_delivered`` of a cursor from which nothing was delivered yet.
START = -1


class Cursor:
    """The three offsets of a consumed partition.

    The third, the offset to fetch next, belongs to the fetching side
    (:class:`pykafka.core.fetching.FetchState`): it runs ahead of these two.

    :ivar topic: the topic's name.
    :ivar partition: the partition's number.
    :ivar next_offset: what a commit stores: the offset after everything that was delivered,
        past gaps and filtered records in which nothing was to deliver.
    :ivar last_delivered: offset of the last message that a user got, ``START`` if none.
    """

    __slots__ = ("last_delivered", "next_offset", "partition", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.next_offset = 0
        self.last_delivered = START

    @property
    def key(self) -> tuple[str, int]:
        """(topic, partition)"""
        return self.topic, self.partition

    def move_to(self, next_offset: int) -> None:
        """Stand before this offset, as if the one before it had been delivered last."""
        self.next_offset = next_offset
        self.last_delivered = max(START, next_offset - 1)

    def __repr__(self) -> str:
        return f"<Cursor {self.topic}/{self.partition} next={self.next_offset}>"
