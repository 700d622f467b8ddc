"""Which partition a message goes to.

A partitioner is any function ``f(partitions, key)`` of the topic's list of
:class:`~pykafka.partition.Partition` and the message's key; it returns one of them. It is
called once per message in the thread that calls ``produce``, never under a lock. The three
classes here may be shared by threads and producers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from .exceptions import InvalidOptionError, LeaderNotFoundError

if TYPE_CHECKING:
    from .partition import Partition

__all__ = [
    "BasePartitioner",
    "GroupHashingPartitioner",
    "HashingPartitioner",
    "InIdOrder",
    "RandomPartitioner",
    "hashing_partitioner",
]


class InIdOrder(list["Partition"]):
    """A topic's partitions in the order of their ids; not to be changed.

    Placement by key must not depend on the order of a list. What passes this one spares the
    sorting for each message. (Partitioners remember no list themselves: one that all the
    program shares would keep a client alive that nobody else holds.)
    """

    __slots__ = ()

    def __init__(self, partitions: Iterable[Partition]) -> None:
        super().__init__(sorted(partitions))


class BasePartitioner:
    """A base for partitioners that are classes; there need not be one."""

    def __call__(self, partitions: Sequence[Partition], key: Any = None) -> Partition:
        """The partition for a message with this key."""
        raise NotImplementedError(f"{type(self).__name__} does not say which partition to take")


class RandomPartitioner(BasePartitioner):
    """One partition after the other, whatever the key; 2.x's default, and its name.

    :ivar idx: the place in the list that was taken last. The first message takes place 1.
    """

    def __init__(self) -> None:
        self.idx = 0

    def __call__(  # type: ignore[override]  # 2.x's signature: here the key must be given
        self, partitions: Sequence[Partition], key: Any
    ) -> Partition:
        """The next partition.

        :raises LeaderNotFoundError: the topic has no partition.
        """
        # A local name, because another thread may move idx on; two messages in one place
        # now and then are no harm.
        try:
            self.idx = idx = (self.idx + 1) % len(partitions)
        except ZeroDivisionError:
            raise _no_partition() from None
        return partitions[idx]


class HashingPartitioner(BasePartitioner):
    """The same partition for the same key, as long as the topic has as many partitions.

    :param hash_func: from a key to an integer; the default reads the key's SHA-1 as one
        (big-endian), so that keys are ``bytes``, and places them where 2.x does. Give one
        that does not differ between processes as Python's :func:`hash` does.
    """

    def __init__(self, hash_func: Callable[[Any], int] | None = None) -> None:
        self.hash_func = _sha1_number if hash_func is None else hash_func

    def __call__(  # type: ignore[override]  # 2.x's signature: here the key must be given
        self, partitions: Sequence[Partition], key: Any
    ) -> Partition:
        """The partition of the key.

        :raises InvalidOptionError: (a ``ValueError``) the key is ``None``.
        :raises LeaderNotFoundError: the topic has no partition.
        """
        if key is None:
            raise _no_key()
        ordered = partitions if type(partitions) is InIdOrder else InIdOrder(partitions)
        if not ordered:
            raise _no_partition()
        return ordered[abs(self.hash_func(key)) % len(ordered)]


class GroupHashingPartitioner(BasePartitioner):
    """One of a few partitions for the same key, which share its messages by chance.

    :param hash_func: from a key to an integer.
    :param group_size: how many partitions share a key; at least 1.
    :raises InvalidOptionError: (a ``ValueError``) there is no hash function, or the group
        size is less than 1.
    """

    def __init__(self, hash_func: Callable[[Any], int], group_size: int = 1) -> None:
        if hash_func is None:
            raise InvalidOptionError("GroupHashingPartitioner needs a hash_func")
        if group_size < 1:
            raise InvalidOptionError(
                f"GroupHashingPartitioner: group_size must be at least 1, not {group_size!r}"
            )
        self.hash_func = hash_func
        self.group_size = group_size

    def __call__(  # type: ignore[override]  # 2.x's signature: here the key must be given
        self, partitions: Sequence[Partition], key: Any
    ) -> Partition:
        """One of the partitions of the key.

        :raises InvalidOptionError: (a ``ValueError``) the key is ``None``, or the group is
            larger than the topic.
        :raises LeaderNotFoundError: the topic has no partition.
        """
        if key is None:
            raise _no_key()
        ordered = partitions if type(partitions) is InIdOrder else InIdOrder(partitions)
        if not ordered:
            raise _no_partition()
        if self.group_size > len(ordered):
            raise InvalidOptionError(
                f"GroupHashingPartitioner: group_size is {self.group_size}, the topic has"
                f" {len(ordered)} partitions"
            )
        place = self.hash_func(key) + random.randrange(self.group_size)
        return ordered[abs(place) % len(ordered)]


def _sha1_number(key: bytes) -> int:
    # A hash that spreads, not a secret; which one is a promise to 2.x's placement.
    return int.from_bytes(sha1(key, usedforsecurity=False).digest(), "big")


def _no_key() -> InvalidOptionError:
    return InvalidOptionError(
        "this message has no key to hash: give produce() a partition_key, or use RandomPartitioner"
    )


def _no_partition() -> LeaderNotFoundError:
    return LeaderNotFoundError("the topic has no partition that could take the message")


#: A :class:`HashingPartitioner` with the default hash.
hashing_partitioner = HashingPartitioner()
