"""A broker of a cluster, and single requests to it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from .core.effects import (
    ADMINISTRATION,
    COORDINATOR,
    GENERAL,
    PRODUCE,
    Node,
    Now,
    Procedure,
    Sleep,
)
from .core.effects import Request as Send
from .core.metadata import BrokerInfo
from .exceptions import RemoteError, RequestTimedOut
from .handlers import Handler
from .protocol.base import Request, Response
from .wire.errors import error_info
from .wire.messages import request_class

if TYPE_CHECKING:
    from .cluster import Cluster
    from .membershipprotocol import GroupMembershipProtocol
    from .protocol import (
        ApiVersionsResponse,
        CreateTopicRequest,
        CreateTopicsResponse,
        DeleteTopicsResponse,
        DescribeGroupsResponse,
        FetchResponse,
        HeartbeatResponse,
        JoinGroupResponse,
        LeaveGroupResponse,
        ListGroupsResponse,
        ListOffsetResponse,
        MemberAssignment,
        MetadataResponse,
        OffsetCommitResponse,
        OffsetFetchResponse,
        PartitionFetchRequest,
        PartitionOffsetCommitRequest,
        PartitionOffsetFetchRequest,
        PartitionOffsetRequest,
        ProduceRequest,
        ProduceResponse,
        SyncGroupResponse,
    )

__all__ = ["Broker"]

log = logging.getLogger(__name__)

_R = TypeVar("_R", bound=Response)

#: A fetch waits at the broker, which answers one request at a time on each connection.
_FETCH = "fetch of Broker"
#: How long a group waits for the members that are to join again.
_SESSION_S = 30.0
_RETRY_S = 0.3
_METADATA_TRIES = 3
_LEADER_NOT_AVAILABLE = 5


class Broker:
    """One broker; found in :attr:`pykafka.cluster.Cluster.brokers`. Thread-safe.

    Each request method sends one request to this broker and returns its answer as one of
    the values of :mod:`pykafka.protocol`; errors of single partitions stand in there
    (``err``). Nothing is retried and nothing is routed: consumers and producers do that.
    All of them raise :exc:`~pykafka.exceptions.SocketDisconnectedError` if the broker
    cannot be reached, :exc:`~pykafka.exceptions.WaitTimedOutError` if it does not answer
    within ``socket_timeout_ms`` (the group's within ``offsets_channel_socket_timeout_ms``),
    and :exc:`~pykafka.exceptions.UnsupportedVersion` if it does not speak a version of the
    request that this client speaks. Connections are made when they are needed.
    """

    def __init__(
        self, id_: int, host: str, port: int, cluster: Cluster, info: BrokerInfo | None
    ) -> None:
        self._id = id_
        self._host = host
        self._port = port
        # Not the cluster itself, which holds its brokers: a circle would leave it to the garbage
        # collector when a client that nobody holds any more is closed.
        self._core = cluster.core
        self._handler = cluster.handler

    def update(self, info: BrokerInfo) -> None:
        """Follow the cluster's metadata."""
        self._host, self._port = info.host, info.port

    def __repr__(self) -> str:
        return (
            f"<{type(self).__module__}.{type(self).__name__} id={self._id}"
            f" host={self._host}:{self._port}>"
        )

    @property
    def id(self) -> int:
        """Its number in the cluster; -1 if it is not known."""
        return self._id

    @property
    def host(self) -> bytes:
        """The host that it is reached at."""
        return self._host.encode()

    @property
    def port(self) -> int:
        """The port that it is reached at."""
        return self._port

    @property
    def handler(self) -> Handler:
        """What requests to it wait with: threads or greenlets."""
        return self._handler

    @property
    def offsets_channel_handler(self) -> Handler:
        """The same."""
        return self._handler

    # -- connections ------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is an open connection to it, for whatever purpose."""

        def look() -> Procedure[bool]:
            yield Now()  # from here on it runs on the I/O thread, which connections belong to
            return self._core.pool.is_connected(self._node)

        return not self._core.closed and self._core.run(look(), self._core.socket_timeout_s)

    @property
    def offsets_channel_connected(self) -> bool:
        """The same: connections of all purposes are made when they are needed."""
        return self.connected

    def connect(self, attempts: int = 3) -> None:
        """Make the connection for short requests now, and see that the broker answers.

        :param attempts: how often to try, with a pause of 0.3 s.
        :raises RemoteError: the failure of the last attempt.
        """
        self._greet(attempts, GENERAL)

    def connect_offsets_channel(self, attempts: int = 3) -> None:
        """The same for the connection that group requests go over."""
        self._greet(attempts, COORDINATOR)

    def _greet(self, attempts: int, purpose: str) -> None:
        from .protocol.offset import ListOffsetRequest

        # A request about no partition: every release answers it, and it changes nothing.
        nothing = _send(self._node, ListOffsetRequest([]), purpose, self._timeout_s(purpose))

        def procedure() -> Procedure[None]:
            for left in range(max(attempts, 1) - 1, -1, -1):
                try:
                    yield nothing
                except RemoteError:
                    if not left:
                        raise
                    yield Sleep(_RETRY_S)
                else:
                    return

        bound_s = (self._timeout_s(purpose) + _RETRY_S) * max(attempts, 1)
        self._core.run(procedure(), bound_s)

    # -- messages and offsets ---------------------------------------------------------

    def fetch_messages(
        self,
        partition_requests: Iterable[PartitionFetchRequest],
        timeout: int = 30000,
        min_bytes: int = 1,
    ) -> FetchResponse:
        """Fetch from partitions that this broker leads.

        :param timeout: how long the broker may wait for ``min_bytes``, in milliseconds.
        :raises MessageSetDecodeFailure: a message is larger than the partition's ``max_bytes``.
        :raises CorruptRecordError: the messages of a partition are damaged.
        """
        from .protocol.fetch import FetchRequest, FetchResponse

        request = FetchRequest(partition_requests, timeout, min_bytes)
        wait_s = self._core.socket_timeout_s + timeout / 1000
        return self._ask(request, FetchResponse, _FETCH, wait_s)

    def produce_messages(self, produce_request: ProduceRequest) -> ProduceResponse | None:
        """Append messages to partitions that this broker leads.

        :returns: ``None`` if the request has ``required_acks`` 0: it is sent, and that is all
            that is known.
        """
        from .protocol.produce import ProduceResponse

        wait_s = self._core.socket_timeout_s + produce_request.timeout / 1000
        respond = produce_request.required_acks != 0
        answer = self._exchange(_send(self._node, produce_request, PRODUCE, wait_s, respond))
        return ProduceResponse.from_wire(answer) if respond else None

    def request_offset_limits(
        self, partition_requests: Iterable[PartitionOffsetRequest]
    ) -> ListOffsetResponse:
        """Look offsets up of partitions that this broker leads."""
        from .protocol.offset import ListOffsetRequest, ListOffsetResponse

        return self._ask(ListOffsetRequest(partition_requests), ListOffsetResponse)

    def request_metadata(self, topics: Sequence[str | bytes] | None = None) -> MetadataResponse:
        """Describe the cluster, as this broker sees it.

        :param topics: names; the brokers may create those that they lack. ``None`` for all.
        :raises LeaderNotAvailable: a topic that was named had no leaders in three tries,
            a second apart.
        """
        from .protocol.metadata import MetadataRequest, MetadataResponse

        request = _send(self._node, MetadataRequest(topics), GENERAL, self._core.socket_timeout_s)
        bound_s = (self._core.socket_timeout_s + 1) * _METADATA_TRIES
        answer = self._core.run(_metadata(request, bool(topics)), bound_s)
        return MetadataResponse.from_wire(answer)

    # -- a group's offsets ------------------------------------------------------------

    def commit_consumer_group_offsets(
        self,
        consumer_group: str | bytes,
        consumer_group_generation_id: int,
        consumer_id: str | bytes,
        preqs: Iterable[PartitionOffsetCommitRequest],
    ) -> OffsetCommitResponse:
        """Commit offsets of a group that this broker coordinates, to Kafka's storage."""
        from .protocol.offset_commit import OffsetCommitRequest, OffsetCommitResponse

        request = OffsetCommitRequest(
            consumer_group, consumer_group_generation_id, consumer_id, preqs
        )
        return self._ask(request, OffsetCommitResponse, COORDINATOR)

    def fetch_consumer_group_offsets(
        self, consumer_group: str | bytes, preqs: Iterable[PartitionOffsetFetchRequest]
    ) -> OffsetFetchResponse:
        """Ask for offsets that a group has committed to Kafka's storage."""
        from .protocol.offset_commit import OffsetFetchRequestV1, OffsetFetchResponseV1

        request = OffsetFetchRequestV1(consumer_group, preqs)
        return self._ask(request, OffsetFetchResponseV1, COORDINATOR)

    # -- membership of a group --------------------------------------------------------

    def join_group(
        self,
        connection_id: Any,
        consumer_group: str | bytes,
        member_id: str | bytes,
        topic_name: str | bytes,
        membership_protocol: GroupMembershipProtocol,
    ) -> JoinGroupResponse:
        """Join a group that this broker coordinates (Kafka 0.9 and newer).

        It waits until the group's other members have joined again, at most 30 seconds. Here and
        in the other requests of a member an error is a value (``error_code``).

        :param connection_id: anything that tells members of this client apart: each has a
            connection of its own, which :meth:`leave_group` closes.
        :param member_id: empty for a new member.
        """
        from .protocol.group_membership import JoinGroupRequest, JoinGroupResponse

        request = JoinGroupRequest(consumer_group, member_id, topic_name, membership_protocol)
        wait_s = request.session_timeout / 1000 + self._timeout_s(COORDINATOR)
        return self._ask(request, JoinGroupResponse, _membership(connection_id), wait_s)

    def sync_group(
        self,
        connection_id: Any,
        consumer_group: str | bytes,
        generation_id: int,
        member_id: str | bytes,
        group_assignment: Iterable[tuple[str | bytes, MemberAssignment]],
    ) -> SyncGroupResponse:
        """Get a member's partitions, when the group's leader has handed them in.

        :param group_assignment: from the leader the partitions of all members, else empty.
        """
        from .protocol.group_membership import SyncGroupRequest, SyncGroupResponse

        request = SyncGroupRequest(consumer_group, generation_id, member_id, group_assignment)
        wait_s = _SESSION_S + self._timeout_s(COORDINATOR)
        return self._ask(request, SyncGroupResponse, _membership(connection_id), wait_s)

    def heartbeat(
        self,
        connection_id: Any,
        consumer_group: str | bytes,
        generation_id: int,
        member_id: str | bytes,
    ) -> HeartbeatResponse:
        """Say that a member lives; ``error_code`` 27 asks it to join again."""
        from .protocol.group_membership import HeartbeatRequest, HeartbeatResponse

        request = HeartbeatRequest(consumer_group, generation_id, member_id)
        wait_s = self._timeout_s(COORDINATOR)
        return self._ask(request, HeartbeatResponse, _membership(connection_id), wait_s)

    def leave_group(
        self, connection_id: Any, consumer_group: str | bytes, member_id: str | bytes
    ) -> LeaveGroupResponse:
        """End a membership, and its connection."""
        from .protocol.group_membership import LeaveGroupRequest, LeaveGroupResponse

        purpose, wait_s = _membership(connection_id), self._timeout_s(COORDINATOR)
        send = _send(self._node, LeaveGroupRequest(consumer_group, member_id), purpose, wait_s)

        def procedure() -> Procedure[Any]:
            try:
                return (yield send)
            finally:
                self._core.pool.close_purpose(purpose)

        return LeaveGroupResponse.from_wire(self._core.run(procedure(), wait_s))

    # -- administration ---------------------------------------------------------------

    def fetch_api_versions(self) -> ApiVersionsResponse:
        """Ask which versions of which APIs the broker has (Kafka 0.10 and newer)."""
        from .protocol.admin import ApiVersionsRequest, ApiVersionsResponse

        return self._ask(ApiVersionsRequest(), ApiVersionsResponse)

    def list_groups(self) -> ListGroupsResponse:
        """List the groups that this broker coordinates (Kafka 0.9 and newer)."""
        from .protocol.admin import ListGroupsRequest, ListGroupsResponse

        return self._ask(ListGroupsRequest(), ListGroupsResponse, COORDINATOR)

    def describe_groups(self, group_ids: Iterable[str | bytes]) -> DescribeGroupsResponse:
        """Describe groups that this broker coordinates (Kafka 0.9 and newer).

        A group that is not there has the state ``Dead`` or the error code 69, and so has one of
        the protocol that came with 4.0:
        :meth:`~pykafka.cluster.Cluster.get_managed_group_descriptions` describes them as well.
        """
        from .protocol.admin import DescribeGroupsRequest, DescribeGroupsResponse

        return self._ask(DescribeGroupsRequest(group_ids), DescribeGroupsResponse, COORDINATOR)

    def create_topics(
        self, topic_reqs: Iterable[CreateTopicRequest], timeout: int = 0
    ) -> CreateTopicsResponse:
        """Create topics (Kafka 0.10.1 and newer).

        To be sent to the :attr:`~pykafka.cluster.Cluster.controller_broker`.
        :meth:`KafkaClient.create_topic <pykafka.client.KafkaClient.create_topic>` finds it, and
        waits until the topic can be used.

        :param timeout: how long the broker may wait until they are there, in milliseconds; 0 to
            have it begin and answer.
        :raises ProtocolClientError: one is not created; names it.
        """
        from .protocol.admin import CreateTopicsRequest, CreateTopicsResponse

        request = CreateTopicsRequest(topic_reqs, timeout)
        return CreateTopicsResponse.from_wire(self._administer(request, timeout, "topics"))

    def delete_topics(
        self, topics: Iterable[str | bytes], timeout: int = 0
    ) -> DeleteTopicsResponse:
        """Delete topics (Kafka 0.10.1 and newer).

        To be sent to the :attr:`~pykafka.cluster.Cluster.controller_broker`.
        :meth:`KafkaClient.delete_topic <pykafka.client.KafkaClient.delete_topic>` finds it, and
        waits until the topic is gone.

        :param timeout: how long the broker may wait until they are gone, in milliseconds; 0 to
            have it begin and answer.
        :raises ProtocolClientError: one is not deleted; names it.
        """
        from .protocol.admin import DeleteTopicsRequest, DeleteTopicsResponse

        request = DeleteTopicsRequest(topics, timeout)
        return DeleteTopicsResponse.from_wire(self._administer(request, timeout, "responses"))

    def _administer(self, request: Request, timeout: int, results: str) -> Any:
        wait_s = self._core.socket_timeout_s + max(timeout, 0) / 1000
        answer = self._exchange(_send(self._node, request, ADMINISTRATION, wait_s))
        if timeout <= 0:
            # What was asked for, in the brokers' words: it has begun.
            for result in getattr(answer, results):
                if result.error_code == RequestTimedOut.ERROR_CODE:
                    result.error_code = 0
        return answer

    # -- asking -----------------------------------------------------------------------

    @property
    def _node(self) -> Node:
        return self._id if self._id >= 0 else (self._host, self._port)

    def _timeout_s(self, purpose: str) -> float:
        settings = self._core.settings
        milliseconds: int = (
            settings.offsets_channel_socket_timeout_ms
            if purpose == COORDINATOR
            else settings.socket_timeout_ms
        )
        return milliseconds / 1000

    def _ask(
        self,
        request: Request,
        response_class: type[_R],
        purpose: str = GENERAL,
        timeout_s: float | None = None,
    ) -> _R:
        wait_s = self._timeout_s(purpose) if timeout_s is None else timeout_s
        return response_class.from_wire(self._exchange(_send(self._node, request, purpose, wait_s)))

    def _exchange(self, send: Send) -> Any:
        def procedure() -> Procedure[Any]:
            answer = yield send
            return answer

        return self._core.run(procedure(), send.timeout_s or self._core.socket_timeout_s)


def _membership(connection_id: Any) -> str:
    """The purpose of one member's connection: its requests wait for other members."""
    return f"member {connection_id} of a group"


def _send(
    node: Node, request: Request, purpose: str, timeout_s: float, respond: bool = True
) -> Send:
    # What cannot be written is the caller's mistake, to be raised where the caller is and not
    # on the I/O thread, which writes it in the version that it finds.
    request.get_bytes()
    api = request_class(request.API_KEY)
    return Send(
        node,
        request.to_wire,
        purpose,
        timeout_s,
        api=api,
        respond=respond,
        at_most=request.HIGHEST_VERSION,
    )


def _metadata(request: Send, named: bool) -> Procedure[Any]:
    for left in range(_METADATA_TRIES - 1, -1, -1):
        answer = yield request
        waiting = [topic for topic in answer.topics if topic.error_code == _LEADER_NOT_AVAILABLE]
        if not waiting or not named:
            return answer
        if not left:
            raise error_info(_LEADER_NOT_AVAILABLE).exception(f"metadata of {waiting[0].name!r}")
        yield Sleep(1.0)
