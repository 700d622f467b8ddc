"""Whether a leader's log still holds what was fetched before (KIP-101, KIP-320)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...wire.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from ..effects import GENERAL, Procedure, Request
from ..partition_keys import PartitionKey, answered_parts, by_topic

__all__ = ["EpochEnd", "Fetched", "fetch_epoch_ends"]

_UNKNOWN = -1


class Fetched(NamedTuple):
    """The epoch of what was fetched last, and that of the leader that is asked (-1: untold)."""

    epoch: int
    current_leader_epoch: int


class EpochEnd(NamedTuple):
    """Where an epoch ends in the leader's log.

    :ivar offset: after its last message; -1 if the log knows no such epoch, so that what was
        fetched is not in it.
    :ivar epoch: the one that ends there: the one asked for or the one before; -1 if untold.
    :ivar error_code: 0 if the other two hold.
    """

    offset: int
    epoch: int
    error_code: int


def fetch_epoch_ends(
    leader: int, fetched: Mapping[PartitionKey, Fetched], timeout_s: float
) -> Procedure[dict[PartitionKey, EpochEnd]]:
    """Ask a leader where epochs end in its log.

    :raises UnsupportedVersion: it is too old to tell (before 0.11).
    :raises RemoteError: it does not answer.
    """
    request = OffsetForLeaderEpochRequest(
        replica_id=-1,
        topics=[
            OffsetForLeaderTopic(
                topic=topic,
                partitions=[
                    OffsetForLeaderPartition(
                        partition=id_,
                        leader_epoch=asked.epoch,
                        current_leader_epoch=asked.current_leader_epoch,
                    )
                    for id_, asked in parts
                ],
            )
            for topic, parts in by_topic(fetched).items()
        ],
    )
    answer = yield Request(leader, request, GENERAL, timeout_s)
    parts = {
        (topic.topic, part.partition): part for topic in answer.topics for part in topic.partitions
    }
    return {
        key: EpochEnd(part.end_offset, part.leader_epoch, part.error_code)
        for key, part in answered_parts(parts, fetched, "looking leader epochs up").items()
    }
