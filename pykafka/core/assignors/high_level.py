"""The assignors of Kafka 0.8.2's Java consumer, whose groups live in ZooKeeper.

There every member computes the shares of all by itself: all must come to the same, in Java or
not. What shares are its threads, of which each member has one or more: ``<consumer id>-<number>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..partition_keys import PartitionKey
from .java_strings import hash_of, order_of
from .range_ import neighbours

__all__ = ["share_range", "share_round_robin"]


def share_range(threads: Sequence[str], partitions: Sequence[int]) -> dict[str, list[int]]:
    """The partitions of one topic for each thread that reads it.

    Neighbours; the first threads get one more. Threads are ordered as text: 10 stands before 2.
    """
    return dict(neighbours(_in_order(threads), partitions)) if threads else {}


def share_round_robin(
    threads: Sequence[str], partitions: Mapping[str, Sequence[int]]
) -> dict[str, list[PartitionKey]]:
    """The partitions of all topics for each thread, which all read all of them.

    They are dealt in the order of their hashes, so that neighbours part. Those with equal hashes
    (one pair in four thousand million) are dealt by topic and id; Java leaves their order to
    chance.
    """
    ordered = _in_order(threads)
    shares: dict[str, list[PartitionKey]] = {thread: [] for thread in ordered}
    if ordered:
        for turn, key in enumerate(_dealt(partitions)):
            shares[ordered[turn % len(ordered)]].append(key)
    return shares


def _in_order(threads: Sequence[str]) -> list[str]:
    return sorted(set(threads), key=order_of)


def _dealt(partitions: Mapping[str, Sequence[int]]) -> list[PartitionKey]:
    """The partitions in the order in which they are dealt."""
    keys = sorted((topic, id_) for topic, ids in partitions.items() for id_ in set(ids))
    return sorted(keys, key=lambda key: hash_of(f"[{key[0]},{key[1]}]"))
