"""Every error that this package raises.

Three questions are answered by the type: whose fault it is (:class:`UsageError` is the
caller's, :class:`RemoteError` a peer's or the network's), which code a broker gave
(:class:`ProtocolClientError`), and which name 2.x knew it by: those names are kept.
Which codes are retriable, or ask for fresh metadata, stands in :mod:`pykafka.wire.errors`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ERROR_CODES",
    "BrokerNotAvailable",
    "ClientClosedError",
    "ClusterAuthorizationFailed",
    "CodecNotAvailableError",
    "ConnectFailedError",
    "ConsumerStoppedException",
    "CorruptRecordError",
    "DownloadError",
    "FencedInstanceId",
    "ForkedProcessError",
    "FrameTooLargeError",
    "GroupAuthorizationFailed",
    "GroupCoordinatorNotAvailable",
    "GroupIdNotFound",
    "GroupLoadInProgress",
    "IllegalGeneration",
    "ImplementationNotAvailableError",
    "InconsistentGroupProtocol",
    "InvalidCommitOffsetSize",
    "InvalidConfig",
    "InvalidMessageError",
    "InvalidMessageSize",
    "InvalidMessageTypeError",
    "InvalidOffsetError",
    "InvalidOptionError",
    "InvalidOptionTypeError",
    "InvalidPartitions",
    "InvalidReplicaAssignment",
    "InvalidReplicationFactor",
    "InvalidRequiredAcks",
    "InvalidSessionTimeout",
    "InvalidTopic",
    "KafkaException",
    "LeaderNotAvailable",
    "LeaderNotFoundError",
    "LogTruncatedError",
    "MalformedDataError",
    "MessageSetDecodeFailure",
    "MessageSizeTooLarge",
    "MissingRequirementError",
    "NoBrokersAvailableError",
    "NoMessagesConsumedError",
    "NotController",
    "NotCoordinatorForGroup",
    "NotEnoughReplicas",
    "NotEnoughReplicasAfterAppend",
    "NotLeaderForPartition",
    "OffsetMetadataTooLarge",
    "OffsetOutOfRangeError",
    "OffsetRequestFailedError",
    "PartitionOwnedError",
    "PolicyViolation",
    "ProduceFailureError",
    "ProducerQueueFullError",
    "ProducerStoppedException",
    "ProtocolClientError",
    "RdKafkaException",
    "RdKafkaStoppedException",
    "RebalanceInProgress",
    "RecordListTooLarge",
    "RemoteError",
    "ReplicaNotAvailable",
    "RequestTimedOut",
    "ServiceStartError",
    "SocketDisconnectedError",
    "TopicAlreadyExists",
    "TopicAuthorizationFailed",
    "TopicDeletionDisabled",
    "UnicodeException",
    "UnknownError",
    "UnknownMemberId",
    "UnknownOptionError",
    "UnknownTopicOrPartition",
    "UnsupportedVersion",
    "UsageError",
    "WaitTimedOutError",
    "ZookeeperConnectionError",
]


class KafkaException(Exception):
    """The root of this package's errors (all but :class:`UnicodeException`, as in 2.x)."""


class UnicodeException(Exception):
    """A name that must be ASCII on the wire (topic, group) is not."""


class UsageError(KafkaException):
    """The caller asked for something that cannot be done: change the call."""


class RemoteError(KafkaException):
    """A peer or the network failed: the same call may succeed later."""


# --- the caller's side ---------------------------------------------------------------


class InvalidOptionError(UsageError, ValueError):
    """An option has a value outside its bounds; names option, value and bounds."""


class InvalidOptionTypeError(UsageError, TypeError):
    """An option has a value of the wrong type; names option, value and type."""


class UnknownOptionError(UsageError, TypeError):
    """There is no such option; names the nearest one there is."""


class InvalidMessageTypeError(UsageError, TypeError):
    """A value or key is no ``bytes`` (nor ``None``) and no serializer was given."""


class ClientClosedError(UsageError):
    """The client was closed; make a new one."""


class ForkedProcessError(UsageError):
    """A consumer or producer started before a fork was used in the child process."""


class CodecNotAvailableError(UsageError):
    """A codec was asked for, or met in a message, whose package is not installed."""


class ConsumerStoppedException(UsageError):
    """The consumer is stopped; ``start()`` it again."""


class ProducerStoppedException(UsageError):
    """The producer is stopped; ``start()`` it again."""


class ImplementationNotAvailableError(UsageError, ImportError):
    """An implementation (librdkafka, say) was asked for that is not there; says what was tried."""


class NoMessagesConsumedError(UsageError):
    """Offsets were to be committed before any message was consumed (2.x name)."""


class MissingRequirementError(UsageError):
    """Something an embedded server needs (Java, a jar, a package, a program) is missing."""


# --- the peer's side -----------------------------------------------------------------


class SocketDisconnectedError(RemoteError):
    """The connection to a broker ended, or could not be made."""


class ConnectFailedError(SocketDisconnectedError):
    """The connection could not be made: nothing was sent."""


class NoBrokersAvailableError(RemoteError):
    """No broker could be reached; lists each address and what happened there."""


class ZookeeperConnectionError(RemoteError):
    """ZooKeeper could not be reached, or knows no broker; names the hosts tried."""


class WaitTimedOutError(RemoteError):
    """An answer did not come within the bound; names what was waited for and how long."""


class ServiceStartError(RemoteError):
    """An embedded server did not start, or died; carries the end of its log."""


class DownloadError(RemoteError):
    """A published file could not be fetched whole; names its address and what went wrong."""


class MalformedDataError(RemoteError):
    """Bytes from a peer that are not what the protocol says they must be."""


class InvalidOffsetError(MalformedDataError):
    """What ZooKeeper keeps as the offset of a group is no number; names the path."""


class FrameTooLargeError(MalformedDataError):
    """A peer announced a response larger than ``receive_max_bytes``."""


class LeaderNotFoundError(RemoteError):
    """A partition has no leader, or none this client knows."""


class OffsetRequestFailedError(RemoteError):
    """The offsets of a partition could not be looked up."""


class MessageSetDecodeFailure(RemoteError):
    """A message is larger than what a fetch may return; names the size it needs."""


class PartitionOwnedError(RemoteError):
    """Another member holds the partition in ZooKeeper.

    :ivar partition: the partition.
    """

    def __init__(self, partition: object, *args: object) -> None:
        super().__init__(partition, *args)
        self.partition = partition

    def __str__(self) -> str:
        return " ".join(map(str, self.args[1:] or self.args))


class ProduceFailureError(RemoteError):
    """Messages were not acknowledged; they may or may not be in the log.

    :ivar messages: those messages, where they are not reported one by one.
    """

    def __init__(self, *args: object, messages: list[Any] | None = None) -> None:
        super().__init__(*args)
        self.messages = messages or []


class ProducerQueueFullError(KafkaException):
    """``max_queued_messages`` are waiting and ``block_on_queue_full`` is off."""


class RdKafkaException(KafkaException):
    """librdkafka reported an error."""


class RdKafkaStoppedException(RdKafkaException):
    """The librdkafka handle was stopped."""


# --- error codes of brokers ----------------------------------------------------------


class ProtocolClientError(RemoteError):
    """A broker answered with an error code.

    :ivar ERROR_CODE: the code that a subclass stands for.
    :ivar error_code: the code of this error; also set for codes without a subclass.
    """

    ERROR_CODE: int | None = None

    def __init__(self, *args: object, error_code: int | None = None) -> None:
        super().__init__(*args)
        self.error_code = self.ERROR_CODE if error_code is None else error_code


class UnknownError(ProtocolClientError):
    """The broker met an error it has no code for; its log says which."""

    ERROR_CODE = -1


class OffsetOutOfRangeError(ProtocolClientError):
    """The offset is outside the range that the partition's log holds."""

    ERROR_CODE = 1


class LogTruncatedError(OffsetOutOfRangeError):
    """The log lost messages that were read already: a leader was elected that was not in sync.

    :ivar topic: the topic's name.
    :ivar partition: the partition's number.
    :ivar offset: where reading would have gone on.
    :ivar diverging_offset: the first offset that holds something else now, or will; ``None`` if
        the new leader cannot tell.
    """

    def __init__(
        self,
        *args: object,
        topic: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
        diverging_offset: int | None = None,
    ) -> None:
        super().__init__(*args)
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.diverging_offset = diverging_offset


class InvalidMessageError(ProtocolClientError):
    """A message's content does not match its checksum."""

    ERROR_CODE = 2


class CorruptRecordError(InvalidMessageError):
    """Records that were fetched are damaged.

    :ivar topic: the topic's name.
    :ivar partition: the partition's number.
    :ivar offset: the first offset that cannot be read.
    :ivar next_offset: where reading can go on (``None`` if the damage hides it).
    """

    def __init__(
        self,
        *args: object,
        topic: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
        next_offset: int | None = None,
    ) -> None:
        super().__init__(*args)
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.next_offset = next_offset


class UnknownTopicOrPartition(ProtocolClientError):
    """The broker does not know (or no longer hosts) the topic or partition."""

    ERROR_CODE = 3


class InvalidMessageSize(ProtocolClientError):
    """The message has a negative size."""

    ERROR_CODE = 4


class LeaderNotAvailable(ProtocolClientError):
    """The partition has no leader at the moment: an election is under way."""

    ERROR_CODE = 5


class NotLeaderForPartition(ProtocolClientError):
    """The request went to a broker that does not lead the partition (any more)."""

    ERROR_CODE = 6


class RequestTimedOut(ProtocolClientError):
    """The broker gave up waiting, for instance for the in-sync replicas."""

    ERROR_CODE = 7


class BrokerNotAvailable(ProtocolClientError):
    """A broker that the request needs is not alive."""

    ERROR_CODE = 8


class ReplicaNotAvailable(ProtocolClientError):
    """A replica is expected on a broker but is not there."""

    ERROR_CODE = 9


class MessageSizeTooLarge(ProtocolClientError):
    """The message is larger than the broker, or ``max_request_size``, admits."""

    ERROR_CODE = 10


class OffsetMetadataTooLarge(ProtocolClientError):
    """The metadata string of an offset commit is too long."""

    ERROR_CODE = 12


class GroupLoadInProgress(ProtocolClientError):
    """The coordinator is still reading the group's offsets."""

    ERROR_CODE = 14


class GroupCoordinatorNotAvailable(ProtocolClientError):
    """There is no coordinator for the group yet (the offsets topic is being made)."""

    ERROR_CODE = 15


class NotCoordinatorForGroup(ProtocolClientError):
    """The request went to a broker that does not coordinate the group (any more)."""

    ERROR_CODE = 16


class InvalidTopic(ProtocolClientError):
    """The topic's name is not a legal one."""

    ERROR_CODE = 17


class RecordListTooLarge(ProtocolClientError):
    """A batch is larger than a log segment of the broker."""

    ERROR_CODE = 18


class NotEnoughReplicas(ProtocolClientError):
    """Fewer replicas are in sync than ``min.insync.replicas`` asks; nothing was written."""

    ERROR_CODE = 19


class NotEnoughReplicasAfterAppend(ProtocolClientError):
    """The same, noticed after the message was written to the leader's log."""

    ERROR_CODE = 20


class InvalidRequiredAcks(ProtocolClientError):
    """The broker does not accept this ``required_acks``."""

    ERROR_CODE = 21


class IllegalGeneration(ProtocolClientError):
    """The generation of the group is not the current one."""

    ERROR_CODE = 22


class InconsistentGroupProtocol(ProtocolClientError):
    """The member shares no assignor with the rest of its group."""

    ERROR_CODE = 23


class UnknownMemberId(ProtocolClientError):
    """The coordinator does not know this member (any more)."""

    ERROR_CODE = 25


class InvalidSessionTimeout(ProtocolClientError):
    """The session time-out is outside what the broker admits."""

    ERROR_CODE = 26


class RebalanceInProgress(ProtocolClientError):
    """The group is rebalancing: join again."""

    ERROR_CODE = 27


class InvalidCommitOffsetSize(ProtocolClientError):
    """An offset commit is larger than the broker admits."""

    ERROR_CODE = 28


class TopicAuthorizationFailed(ProtocolClientError):
    """The client may not use the topic so."""

    ERROR_CODE = 29


class GroupAuthorizationFailed(ProtocolClientError):
    """The client may not use the group so."""

    ERROR_CODE = 30


class ClusterAuthorizationFailed(ProtocolClientError):
    """The client may not use the cluster so."""

    ERROR_CODE = 31


class UnsupportedVersion(ProtocolClientError):
    """Broker and client have no version of a request in common, or a field needs a newer one.

    Names the API, the versions on both sides, and the release that the broker seems to be.
    """

    ERROR_CODE = 35


class TopicAlreadyExists(ProtocolClientError):
    """There is a topic of that name, or one is being deleted."""

    ERROR_CODE = 36


class InvalidPartitions(ProtocolClientError):
    """A topic cannot have that number of partitions."""

    ERROR_CODE = 37


class InvalidReplicationFactor(ProtocolClientError):
    """There are not enough brokers for so many copies, or fewer than one were asked for."""

    ERROR_CODE = 38


class InvalidReplicaAssignment(ProtocolClientError):
    """The brokers that were named for the partitions do not fit."""

    ERROR_CODE = 39


class InvalidConfig(ProtocolClientError):
    """A topic has no such setting, or not with that value."""

    ERROR_CODE = 40


class NotController(ProtocolClientError):
    """The broker is not the cluster's controller (any more)."""

    ERROR_CODE = 41


class PolicyViolation(ProtocolClientError):
    """The brokers' rules for topics forbid it; their words follow."""

    ERROR_CODE = 44


class GroupIdNotFound(ProtocolClientError):
    """There is no such group."""

    ERROR_CODE = 69


class TopicDeletionDisabled(ProtocolClientError):
    """The brokers delete no topics (``delete.topic.enable``)."""

    ERROR_CODE = 73


class FencedInstanceId(ProtocolClientError):
    """Another member of the group has taken over this one's ``group_instance_id``."""

    ERROR_CODE = 82


def _subclasses(root: type[ProtocolClientError]) -> dict[int, type[ProtocolClientError]]:
    return {cls.ERROR_CODE: cls for cls in root.__subclasses__() if cls.ERROR_CODE is not None}


#: Code -> class, for the codes that have a class of their own.
ERROR_CODES: dict[int, type[ProtocolClientError]] = _subclasses(ProtocolClientError)
