"""Sharing partitions by place: whoever knows how many readers there are needs no group for it."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping

from ..partition_keys import PartitionKey

__all__ = ["share_of"]


def share_of(
    place: int, places: int, partitions: Mapping[str, Collection[int]]
) -> set[PartitionKey]:
    """The partitions of the reader at one of several places.

    A topic's partitions go round, each topic beginning somewhere else; those that are there do
    not move when others are added.

    :param place: from 0 on.
    :param partitions: topic -> ids.
    """
    return {
        (topic, id_)
        for topic, ids in partitions.items()
        for id_ in ids
        if (zlib.crc32(topic.encode()) + id_) % places == place
    }
