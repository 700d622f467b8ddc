"""A group's coordinator and its offsets (APIs 8 to 10) as 2.x has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..utils.compat import get_bytes, get_string
from ..wire.messages import find_coordinator, offset_commit, offset_fetch
from .base import Request, Response, grouped

__all__ = [
    "GroupCoordinatorRequest",
    "GroupCoordinatorResponse",
    "OffsetCommitPartitionResponse",
    "OffsetCommitRequest",
    "OffsetCommitResponse",
    "OffsetFetchPartitionResponse",
    "OffsetFetchRequest",
    "OffsetFetchRequestV1",
    "OffsetFetchRequestV2",
    "OffsetFetchResponse",
    "OffsetFetchResponseV1",
    "OffsetFetchResponseV2",
    "PartitionOffsetCommitRequest",
    "PartitionOffsetFetchRequest",
]

#: The version of OffsetCommit that has a time for each offset; later ones have none.
_WITH_TIMESTAMP = 1
#: From this version of OffsetFetch on, no list asks for all of the group's partitions.
_FIRST_WITH_ALL = 2


class GroupCoordinatorRequest(Request):
    """Look the coordinator of a group up."""

    API_KEY = 10
    #: Later ones ask for several.
    HIGHEST_VERSION = 3

    def __init__(self, consumer_group: str | bytes) -> None:
        self.consumer_group = consumer_group

    def to_wire(self, version: int) -> find_coordinator.FindCoordinatorRequest:
        """The same for every version up to 3."""
        return find_coordinator.FindCoordinatorRequest(key=get_string(self.consumer_group))


class GroupCoordinatorResponse(Response):
    """The broker that coordinates a group.

    :raises ProtocolClientError: there is none; the code's class.
    """

    API_KEY = 10
    coordinator_id: int
    coordinator_host: bytes
    coordinator_port: int

    def _take(self, answer: Any) -> None:
        if answer.error_code:
            self.raise_error(answer.error_code, answer)
        self.coordinator_id = answer.node_id
        self.coordinator_host = get_bytes(answer.host)
        self.coordinator_port = answer.port


class PartitionOffsetCommitRequest(NamedTuple):
    """The next offset to read of a partition; ``timestamp`` in milliseconds, -1 for now."""

    topic_name: str | bytes
    partition_id: int
    offset: int
    timestamp: int
    metadata: str | bytes


class OffsetCommitPartitionResponse(NamedTuple):
    """The error code of a partition."""

    err: int


class OffsetCommitRequest(Request):
    """Commit offsets of a group; those kept in Kafka (version 1), not in ZooKeeper."""

    API_KEY = 8
    API_VERSION = 1
    #: Later ones name topics by their ids.
    HIGHEST_VERSION = 9

    def __init__(
        self,
        consumer_group: str | bytes,
        consumer_group_generation_id: int,
        consumer_id: str | bytes,
        partition_requests: Iterable[PartitionOffsetCommitRequest] = (),
    ) -> None:
        self.consumer_group = consumer_group
        self.consumer_group_generation_id = consumer_group_generation_id
        self.consumer_id = consumer_id
        self._reqs = list(partition_requests)

    def to_wire(self, version: int) -> offset_commit.OffsetCommitRequest:
        """Without times, where the version has none."""
        return offset_commit.OffsetCommitRequest(
            group_id=get_string(self.consumer_group),
            generation_id_or_member_epoch=self.consumer_group_generation_id,
            member_id=get_string(self.consumer_id),
            topics=[
                offset_commit.OffsetCommitRequestTopic(
                    name=get_string(topic),
                    partitions=[
                        offset_commit.OffsetCommitRequestPartition(
                            partition_index=r.partition_id,
                            committed_offset=r.offset,
                            commit_timestamp=r.timestamp if version == _WITH_TIMESTAMP else -1,
                            committed_metadata=get_string(r.metadata),
                        )
                        for r in requests
                    ],
                )
                for topic, requests in grouped(self._reqs).items()
            ],
        )


class OffsetCommitResponse(Response):
    """Whether offsets were committed.

    :ivar topics: topic -> partition id -> :class:`OffsetCommitPartitionResponse`.
    """

    API_KEY = 8
    API_VERSION = 1
    topics: dict[bytes, dict[int, OffsetCommitPartitionResponse]]

    def _take(self, answer: Any) -> None:
        self.topics = {
            get_bytes(topic.name): {
                part.partition_index: OffsetCommitPartitionResponse(part.error_code)
                for part in topic.partitions
            }
            for topic in answer.topics
        }


class PartitionOffsetFetchRequest(NamedTuple):
    """A partition whose committed offset is asked for."""

    topic_name: str | bytes
    partition_id: int


class OffsetFetchPartitionResponse(NamedTuple):
    """A committed offset (the next to read, -1 for none), its metadata, the error code."""

    offset: int
    metadata: bytes
    err: int


class OffsetFetchRequest(Request):
    """Ask for the offsets that a group has committed: version 0 those in ZooKeeper."""

    API_KEY = 9
    #: Later ones ask for several groups.
    HIGHEST_VERSION = 7

    def __init__(
        self,
        consumer_group: str | bytes,
        partition_requests: Iterable[PartitionOffsetFetchRequest] = (),
    ) -> None:
        self.consumer_group = consumer_group
        self._reqs = list(partition_requests)

    def to_wire(self, version: int) -> offset_fetch.OffsetFetchRequest:
        """No partitions mean all, from version 2 on."""
        topics = [
            offset_fetch.OffsetFetchRequestTopic(
                name=get_string(topic), partition_indexes=[r.partition_id for r in requests]
            )
            for topic, requests in grouped(self._reqs).items()
        ]
        return offset_fetch.OffsetFetchRequest(
            group_id=get_string(self.consumer_group),
            topics=None if version >= _FIRST_WITH_ALL and not topics else topics,
        )


class OffsetFetchRequestV1(OffsetFetchRequest):
    """Version 1: offsets that are kept in Kafka."""

    API_VERSION = 1


class OffsetFetchRequestV2(OffsetFetchRequestV1):
    """Version 2: no partitions mean all."""

    API_VERSION = 2


class OffsetFetchResponse(Response):
    """The offsets that a group has committed.

    :ivar topics: topic -> partition id -> :class:`OffsetFetchPartitionResponse`.
    :ivar err: the error code of the whole answer, 0 before version 2.
    """

    API_KEY = 9
    topics: dict[bytes, dict[int, OffsetFetchPartitionResponse]]
    err: int

    def _take(self, answer: Any) -> None:
        self.err = answer.error_code
        self.topics = {
            get_bytes(topic.name): {
                part.partition_index: OffsetFetchPartitionResponse(
                    part.committed_offset, get_bytes(part.metadata or ""), part.error_code
                )
                for part in topic.partitions
            }
            for topic in answer.topics
        }


class OffsetFetchResponseV1(OffsetFetchResponse):
    """Version 1: the same."""

    API_VERSION = 1


class OffsetFetchResponseV2(OffsetFetchResponseV1):
    """Version 2: with ``err``."""

    API_VERSION = 2
