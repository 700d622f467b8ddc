"""The offsets that a group has committed for a topic, read and written from outside of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..simpleconsumer import SimpleConsumer
    from ..topic import Topic

__all__ = ["NOTHING_COMMITTED", "commit", "committed", "lag"]

#: What stands for the offset of a partition that a group has committed nothing for.
NOTHING_COMMITTED = -1


def committed(topic: Topic, group: str | bytes) -> dict[int, int]:
    """The next offset to read of each partition, :data:`NOTHING_COMMITTED` where there is none.

    :raises RemoteError: it could not be looked up.
    """
    with _outsider(topic, group) as consumer:
        return {id_: found.offset for id_, found in sorted(consumer.fetch_offsets())}


def commit(topic: Topic, group: str | bytes, offsets: Mapping[int, int]) -> None:
    """Commit the next offset to read of some partitions.

    :raises RemoteError: they are not committed.
    """
    with _outsider(topic, group) as consumer:
        partitions = topic.partitions
        consumer.commit_offsets([(partitions[id_], offset) for id_, offset in offsets.items()])


def lag(latest: int, first: int, next_offset: int) -> int:
    """How many offsets a group has yet to read of a partition.

    Without a commit, all that is there; never less than 0, for a topic that was made anew.
    """
    return max(0, latest - max(first, next_offset))


def _outsider(topic: Topic, group: str | bytes) -> SimpleConsumer:
    """A consumer that is not started: it reads nothing and only asks the coordinator."""
    return topic.get_simple_consumer(group, auto_start=False, reset_offset_on_fetch=False)
