"""What stands between the consumption core and a kind of consumer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.cursor import Cursor
from ...core.partition_keys import PartitionKey
from ...message import SharedFields
from .source import Row

if TYPE_CHECKING:
    from .consumption import Consumption

__all__ = ["Hooks", "Taken"]


class Hooks(NamedTuple):
    """What a kind of consumer adds to the core; none of it may hold the user's object.

    :ivar partition_of: the user's object of a partition.
    :ivar set_out: moves partitions that were just assigned to where they begin.
    :ivar revoking: called before partitions go, with what was delivered of them last.
    :ivar rebalanced: called when the partitions have changed, or stay after ``revoking`` was
        called, before new ones are fetched from; with what was delivered last of all before and
        of all now.
    :ivar gone: called when partitions have gone, whether or not they come again.
    :ivar committable: the offsets that may be committed, where that is not all that was
        delivered. Called on any thread with a lock held: it must not wait.
    """

    partition_of: Callable[[PartitionKey], Any]
    set_out: Callable[[Consumption, Collection[PartitionKey]], None]
    revoking: Callable[[dict[PartitionKey, int]], None] | None = None
    rebalanced: Callable[[dict[PartitionKey, int], dict[PartitionKey, int]], None] | None = None
    gone: Callable[[Collection[PartitionKey]], None] = lambda _: None
    committable: Callable[[], Mapping[PartitionKey, int]] | None = None


class Taken(NamedTuple):
    """Rows that were taken together.

    :ivar cursor: of their partition; another one when the partition has come anew.
    :ivar end_offset: the offset after them and what is passed over with them.
    """

    cursor: Cursor
    rows: list[Row]
    shared: SharedFields
    end_offset: int
