"""Versions, groups and topics for administration, as 2.x has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..version import VERSION
from ..wire.messages import api_versions as wire
from .base import ApiVersionsSpec, Request, Response
from .group_membership import ConsumerGroupProtocolMetadata, MemberAssignment

__all__ = [
    "ApiVersionsRequest",
    "ApiVersionsResponse",
    "ApiVersionsResponseV1",
    "ApiVersionsSpec",
    "CreateTopicRequest",
    "DescribeGroupResponse",
    "GroupListing",
    "GroupMember",
]


class ApiVersionsRequest(Request):
    """Ask which versions of which APIs a broker has (Kafka 0.10 and newer)."""

    API_KEY = 18

    def to_wire(self, version: int) -> wire.ApiVersionsRequest:
        """Nothing but the question, and who asks."""
        return wire.ApiVersionsRequest(
            client_software_name="pykafka", client_software_version=VERSION
        )


class ApiVersionsResponse(Response):
    """The versions that a broker has.

    :ivar api_versions: API key -> :class:`~pykafka.protocol.base.ApiVersionsSpec`.
    :ivar throttle_time: how long the broker held the answer back, in milliseconds.
    """

    API_KEY = 18
    api_versions: dict[int, ApiVersionsSpec]
    throttle_time: int

    def _take(self, answer: Any) -> None:
        self.throttle_time = answer.throttle_time_ms
        self.api_versions = {
            key.api_key: ApiVersionsSpec(key.api_key, key.min_version, key.max_version)
            for key in answer.api_keys
        }


class ApiVersionsResponseV1(ApiVersionsResponse):
    """Version 1: with ``throttle_time``."""

    API_VERSION = 1


class CreateTopicRequest(NamedTuple):
    """A topic to create.

    :ivar num_partitions: -1 where ``replica_assignment`` says it.
    :ivar replica_assignment: pairs of a partition's id and a list of broker ids.
    :ivar config_entries: pairs of name and value.
    """

    topic_name: str | bytes
    num_partitions: int
    replication_factor: int
    replica_assignment: Sequence[tuple[int, Sequence[int]]]
    config_entries: Sequence[tuple[str | bytes, str | bytes]]


class GroupListing(NamedTuple):
    """A group that a broker coordinates."""

    group_id: bytes
    protocol_type: bytes


class GroupMember(NamedTuple):
    """A member of a group."""

    member_id: bytes
    client_id: bytes
    client_host: bytes
    member_metadata: ConsumerGroupProtocolMetadata
    member_assignment: MemberAssignment


class DescribeGroupResponse(NamedTuple):
    """A group, with its members by their ids."""

    error_code: int
    group_id: bytes
    state: bytes
    protocol_type: bytes
    protocol: bytes
    members: dict[bytes, GroupMember]
