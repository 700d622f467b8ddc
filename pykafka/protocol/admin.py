"""Versions, groups and topics for administration, as 2.x has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..core.groups import Group, classic_group
from ..core.procedures.topics import delete_message
from ..utils.compat import get_bytes, get_string
from ..version import VERSION
from ..wire.errors import error_info
from ..wire.messages import api_versions as wire
from ..wire.messages import create_topics, delete_topics, describe_groups, list_groups
from .base import ApiVersionsSpec, Request, Response
from .member_data import ConsumerGroupProtocolMetadata, MemberAssignment

__all__ = [
    "ApiVersionsRequest",
    "ApiVersionsResponse",
    "ApiVersionsResponseV1",
    "ApiVersionsSpec",
    "CreateTopicRequest",
    "CreateTopicsRequest",
    "CreateTopicsResponse",
    "DeleteTopicsRequest",
    "DeleteTopicsResponse",
    "DescribeGroupResponse",
    "DescribeGroupsRequest",
    "DescribeGroupsResponse",
    "GroupListing",
    "GroupMember",
    "ListGroupsRequest",
    "ListGroupsResponse",
    "described_group",
]

#: The versions that brokers without ZooKeeper speak, of CreateTopics and DeleteTopics. Their
#: controller takes a time-out of 0 at its word and does nothing (observed on 4.3.0), where others
#: begin and say "timed out": they get so many milliseconds instead.
_FIRST_WITH_KRAFT = {19: 7, 20: 6}
_AT_ONCE_MS = 5000


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


class CreateTopicsRequest(Request):
    """Create topics; the controller does it (on KRaft any broker hands the request on).

    :param timeout: how long the broker may wait until they are there, in milliseconds; 0 to
        have it begin and answer.
    """

    API_KEY = 19

    def __init__(self, topic_requests: Iterable[CreateTopicRequest], timeout: int = 0) -> None:
        self.topic_requests = list(topic_requests)
        self.timeout = timeout

    def to_wire(self, version: int) -> create_topics.CreateTopicsRequest:
        """The same for every version, but for a time-out of 0."""
        return create_topics.CreateTopicsRequest(
            topics=[_creatable(request) for request in self.topic_requests],
            timeout_ms=_patience(self.API_KEY, self.timeout, version),
        )


def _patience(api_key: int, timeout: int, version: int) -> int:
    if timeout <= 0 and version >= _FIRST_WITH_KRAFT[api_key]:
        return _AT_ONCE_MS
    return timeout


def _creatable(request: CreateTopicRequest) -> create_topics.CreatableTopic:
    return create_topics.CreatableTopic(
        name=get_string(request.topic_name),
        num_partitions=request.num_partitions,
        replication_factor=request.replication_factor,
        assignments=[
            create_topics.CreatableReplicaAssignment(partition_index=id_, broker_ids=list(brokers))
            for id_, brokers in request.replica_assignment
        ],
        configs=[
            create_topics.CreatableTopicConfig(name=get_string(name), value=get_string(value))
            for name, value in request.config_entries
        ],
    )


class CreateTopicsResponse(Response):
    """All topics are created.

    :raises ProtocolClientError: one is not: the class of the first such code, which names it.
    """

    API_KEY = 19

    def _take(self, answer: Any) -> None:
        _check_topics("creating", answer.topics)


class DeleteTopicsRequest(Request):
    """Delete topics; the controller does it (on KRaft any broker hands the request on).

    :param timeout: how long the broker may wait until they are gone, in milliseconds; 0 to
        have it begin and answer.
    """

    API_KEY = 20

    def __init__(self, topics: Iterable[str | bytes], timeout: int = 0) -> None:
        self.topics = list(topics)
        self.timeout = timeout

    def to_wire(self, version: int) -> delete_topics.DeleteTopicsRequest:
        """The names, which later versions have elsewhere."""
        names = [get_string(name) for name in self.topics]
        return delete_message(names, _patience(self.API_KEY, self.timeout, version), version)


class DeleteTopicsResponse(Response):
    """All topics are deleted.

    :raises ProtocolClientError: one is not: the class of the first such code, which names it.
    """

    API_KEY = 20

    def _take(self, answer: Any) -> None:
        _check_topics("deleting", answer.responses)


def _check_topics(doing: str, results: Iterable[Any]) -> None:
    for result in results:
        if result.error_code:
            said = f" ({result.error_message})" if result.error_message else ""
            raise error_info(result.error_code).exception(f"{doing} topic {result.name!r}{said}")


class GroupListing(NamedTuple):
    """A group that a broker coordinates."""

    group_id: bytes
    protocol_type: bytes


class ListGroupsRequest(Request):
    """List the groups that a broker coordinates."""

    API_KEY = 16

    def to_wire(self, version: int) -> list_groups.ListGroupsRequest:
        """Nothing but the question."""
        return list_groups.ListGroupsRequest()


class ListGroupsResponse(Response):
    """The groups that a broker coordinates.

    :ivar error: the error code of the answer.
    :ivar groups: id -> :class:`GroupListing`.
    """

    API_KEY = 16
    error: int
    groups: dict[bytes, GroupListing]

    def _take(self, answer: Any) -> None:
        self.error = answer.error_code
        listed = [
            GroupListing(get_bytes(group.group_id), get_bytes(group.protocol_type))
            for group in answer.groups
        ]
        self.groups = {group.group_id: group for group in listed}


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


class DescribeGroupsRequest(Request):
    """Describe groups; for their coordinator."""

    API_KEY = 15

    def __init__(self, group_ids: Iterable[str | bytes]) -> None:
        self.group_ids = list(group_ids)

    def to_wire(self, version: int) -> describe_groups.DescribeGroupsRequest:
        """The same for every version."""
        return describe_groups.DescribeGroupsRequest(
            groups=[get_string(group) for group in self.group_ids]
        )


class DescribeGroupsResponse(Response):
    """Groups with their members.

    :ivar groups: id -> :class:`DescribeGroupResponse`.
    """

    API_KEY = 15
    groups: dict[bytes, DescribeGroupResponse]

    def _take(self, answer: Any) -> None:
        described = [described_group(classic_group(group)) for group in answer.groups]
        self.groups = {group.group_id: group for group in described}


def described_group(group: Group) -> DescribeGroupResponse:
    """2.x's value of a group."""
    members = [
        GroupMember(
            get_bytes(member.id),
            get_bytes(member.client_id),
            get_bytes(member.host),
            ConsumerGroupProtocolMetadata.from_wire(member.subscription),
            MemberAssignment.from_wire(member.assignment),
        )
        for member in group.members
    ]
    return DescribeGroupResponse(
        group.error_code,
        get_bytes(group.id),
        get_bytes(group.state),
        get_bytes(group.protocol_type),
        get_bytes(group.protocol),
        {member.member_id: member for member in members},
    )
