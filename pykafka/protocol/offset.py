"""ListOffsets (API 2) as 2.x has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..utils.compat import get_bytes, get_string
from ..wire.messages import list_offsets as wire
from .base import Request, Response, grouped

__all__ = [
    "ListOffsetRequest",
    "ListOffsetRequestV1",
    "ListOffsetResponse",
    "ListOffsetResponseV1",
    "OffsetPartitionResponse",
    "OffsetPartitionResponseV1",
    "PartitionOffsetRequest",
]


class PartitionOffsetRequest(NamedTuple):
    """A time (milliseconds since 1970, or -1 latest, -2 earliest), and how many offsets."""

    topic_name: str | bytes
    partition_id: int
    offsets_before: int
    max_offsets: int


class OffsetPartitionResponse(NamedTuple):
    """Offsets of a partition, newest first, and the error code that came with them."""

    offset: list[int]
    err: int


class OffsetPartitionResponseV1(NamedTuple):
    """The offset of the first message from a time on (-1: none), that message's time, the code."""

    offset: int
    timestamp: int
    err: int


class ListOffsetRequest(Request):
    """Look offsets of partitions up."""

    API_KEY = 2

    def __init__(self, partition_requests: Iterable[PartitionOffsetRequest]) -> None:
        self._reqs = list(partition_requests)

    def to_wire(self, version: int) -> wire.ListOffsetsRequest:
        """How many offsets are wanted is left out where a version always answers one."""
        return wire.ListOffsetsRequest(
            replica_id=-1,
            topics=[
                wire.ListOffsetsTopic(
                    name=get_string(topic),
                    partitions=[
                        wire.ListOffsetsPartition(
                            partition_index=r.partition_id,
                            timestamp=r.offsets_before,
                            max_num_offsets=1 if version else r.max_offsets,
                        )
                        for r in requests
                    ],
                )
                for topic, requests in grouped(self._reqs).items()
            ],
        )


class ListOffsetRequestV1(ListOffsetRequest):
    """Version 1: by the time of messages."""

    API_VERSION = 1


class ListOffsetResponse(Response):
    """The offsets that were found.

    :ivar topics: topic -> partition id -> :class:`OffsetPartitionResponse`.
    """

    API_KEY = 2
    topics: dict[bytes, dict[int, Any]]

    def _take(self, answer: Any) -> None:
        self.topics = {
            get_bytes(topic.name): {
                part.partition_index: self._found(part) for part in topic.partitions
            }
            for topic in answer.topics
        }

    def _found(self, part: Any) -> Any:
        # Later versions answer with one.
        offsets = [part.offset] if part.offset >= 0 else list(part.old_style_offsets)
        return OffsetPartitionResponse(offsets, part.error_code)


class ListOffsetResponseV1(ListOffsetResponse):
    """Version 1: values are :class:`OffsetPartitionResponseV1`."""

    API_VERSION = 1

    def _found(self, part: Any) -> Any:
        return OffsetPartitionResponseV1(part.offset, part.timestamp, part.error_code)
