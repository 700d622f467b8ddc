"""The one table of error codes: what each is called, and what it asks of the client.

Codes and names are those of ``org.apache.kafka.common.protocol.Errors`` in kafka-clients
4.3.0. *Retry* and *metadata* follow its RetriableException and InvalidMetadataException, but
for the codes of :data:`DIFFERENCES`. Some names changed over the releases (code 6 was
NotLeaderForPartition); the classes in :mod:`pykafka.exceptions` keep those of 2.x.
"""

from __future__ import annotations

from typing import NamedTuple

from ..exceptions import ERROR_CODES, ProtocolClientError

__all__ = ["ErrorInfo", "error_info"]


class ErrorInfo(NamedTuple):
    """What is known of an error code.

    :ivar code: as it stands in a response; 0 says that there is no error.
    :ivar name: Kafka's name, such as ``"OFFSET_OUT_OF_RANGE"``.
    :ivar exception_class: what :meth:`exception` makes.
    :ivar retriable: the same request may succeed later.
    :ivar refresh_metadata: the client's picture of the cluster is out of date.
    :ivar find_coordinator: the coordinator has to be looked up again.
    :ivar rejoin: the member has to join its group again.
    :ivar fatal: nothing that the client repeats will help: rights, settings or another
        instance that took over. The user has to act.
    """

    code: int
    name: str
    exception_class: type[ProtocolClientError]
    retriable: bool
    refresh_metadata: bool
    find_coordinator: bool
    rejoin: bool
    fatal: bool

    def exception(self, text: str) -> ProtocolClientError:
        """The error to raise.

        :param text: what was asked of whom; the code's name and number are added.
        """
        return self.exception_class(f"{text}: {self.name} ({self.code})", error_code=self.code)


def error_info(code: int) -> ErrorInfo:
    """What is known of ``code``. Never raises: an unknown code gets its number for a name."""
    info = _TABLE.get(code)
    return _info(code, f"unknown error code {code}", 0) if info is None else info


_RETRY, _METADATA, _COORDINATOR, _REJOIN, _FATAL = 1, 2, 4, 8, 16

#: Where *retry* or *metadata* is not what the Java client says, and why.
DIFFERENCES = {
    8: "0.8 brokers answer so while the broker that a request needs starts or stops",
    41: "the metadata names the new controller",
    129: "the bootstrap list is the way to fresh metadata",
}


def _info(code: int, name: str, asks: int) -> ErrorInfo:
    return ErrorInfo(
        code=code,
        name=name,
        exception_class=ERROR_CODES.get(code, ProtocolClientError),
        retriable=bool(asks & _RETRY),
        refresh_metadata=bool(asks & _METADATA),
        find_coordinator=bool(asks & _COORDINATOR),
        rejoin=bool(asks & _REJOIN),
        fatal=bool(asks & _FATAL),
    )


_ROWS = (
    (-1, "UNKNOWN_SERVER_ERROR", 0),
    (0, "NONE", 0),
    (1, "OFFSET_OUT_OF_RANGE", 0),
    (2, "CORRUPT_MESSAGE", _RETRY),
    (3, "UNKNOWN_TOPIC_OR_PARTITION", _RETRY | _METADATA),
    (4, "INVALID_FETCH_SIZE", 0),
    (5, "LEADER_NOT_AVAILABLE", _RETRY | _METADATA),
    (6, "NOT_LEADER_OR_FOLLOWER", _RETRY | _METADATA),
    (7, "REQUEST_TIMED_OUT", _RETRY),
    (8, "BROKER_NOT_AVAILABLE", _RETRY | _METADATA),
    (9, "REPLICA_NOT_AVAILABLE", _RETRY | _METADATA),
    (10, "MESSAGE_TOO_LARGE", 0),
    (11, "STALE_CONTROLLER_EPOCH", 0),
    (12, "OFFSET_METADATA_TOO_LARGE", 0),
    (13, "NETWORK_EXCEPTION", _RETRY | _METADATA),
    (14, "COORDINATOR_LOAD_IN_PROGRESS", _RETRY),
    (15, "COORDINATOR_NOT_AVAILABLE", _RETRY | _COORDINATOR),
    (16, "NOT_COORDINATOR", _RETRY | _COORDINATOR),
    (17, "INVALID_TOPIC_EXCEPTION", 0),
    (18, "RECORD_LIST_TOO_LARGE", 0),
    (19, "NOT_ENOUGH_REPLICAS", _RETRY),
    (20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", _RETRY),
    (21, "INVALID_REQUIRED_ACKS", 0),
    (22, "ILLEGAL_GENERATION", _REJOIN),
    (23, "INCONSISTENT_GROUP_PROTOCOL", _FATAL),
    (24, "INVALID_GROUP_ID", _FATAL),
    (25, "UNKNOWN_MEMBER_ID", _REJOIN),
    (26, "INVALID_SESSION_TIMEOUT", _FATAL),
    (27, "REBALANCE_IN_PROGRESS", _REJOIN),
    (28, "INVALID_COMMIT_OFFSET_SIZE", 0),
    (29, "TOPIC_AUTHORIZATION_FAILED", _FATAL),
    (30, "GROUP_AUTHORIZATION_FAILED", _FATAL),
    (31, "CLUSTER_AUTHORIZATION_FAILED", _FATAL),
    (32, "INVALID_TIMESTAMP", 0),
    (33, "UNSUPPORTED_SASL_MECHANISM", _FATAL),
    (34, "ILLEGAL_SASL_STATE", _FATAL),
    (35, "UNSUPPORTED_VERSION", _FATAL),
    (36, "TOPIC_ALREADY_EXISTS", 0),
    (37, "INVALID_PARTITIONS", 0),
    (38, "INVALID_REPLICATION_FACTOR", 0),
    (39, "INVALID_REPLICA_ASSIGNMENT", 0),
    (40, "INVALID_CONFIG", 0),
    (41, "NOT_CONTROLLER", _RETRY | _METADATA),
    (42, "INVALID_REQUEST", 0),
    (43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", 0),
    (44, "POLICY_VIOLATION", 0),
    (45, "OUT_OF_ORDER_SEQUENCE_NUMBER", 0),
    (46, "DUPLICATE_SEQUENCE_NUMBER", 0),
    (47, "INVALID_PRODUCER_EPOCH", 0),
    (48, "INVALID_TXN_STATE", 0),
    (49, "INVALID_PRODUCER_ID_MAPPING", 0),
    (50, "INVALID_TRANSACTION_TIMEOUT", 0),
    (51, "CONCURRENT_TRANSACTIONS", _RETRY),
    (52, "TRANSACTION_COORDINATOR_FENCED", 0),
    (53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", _FATAL),
    (54, "SECURITY_DISABLED", 0),
    (55, "OPERATION_NOT_ATTEMPTED", 0),
    (56, "KAFKA_STORAGE_ERROR", _RETRY | _METADATA),
    (57, "LOG_DIR_NOT_FOUND", 0),
    (58, "SASL_AUTHENTICATION_FAILED", _FATAL),
    (59, "UNKNOWN_PRODUCER_ID", 0),
    (60, "REASSIGNMENT_IN_PROGRESS", 0),
    (61, "DELEGATION_TOKEN_AUTH_DISABLED", 0),
    (62, "DELEGATION_TOKEN_NOT_FOUND", 0),
    (63, "DELEGATION_TOKEN_OWNER_MISMATCH", 0),
    (64, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", 0),
    (65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", _FATAL),
    (66, "DELEGATION_TOKEN_EXPIRED", 0),
    (67, "INVALID_PRINCIPAL_TYPE", 0),
    (68, "NON_EMPTY_GROUP", 0),
    (69, "GROUP_ID_NOT_FOUND", 0),
    (70, "FETCH_SESSION_ID_NOT_FOUND", _RETRY),
    (71, "INVALID_FETCH_SESSION_EPOCH", _RETRY),
    (72, "LISTENER_NOT_FOUND", _RETRY | _METADATA),
    (73, "TOPIC_DELETION_DISABLED", 0),
    (74, "FENCED_LEADER_EPOCH", _RETRY | _METADATA),
    (75, "UNKNOWN_LEADER_EPOCH", _RETRY),
    (76, "UNSUPPORTED_COMPRESSION_TYPE", 0),
    (77, "STALE_BROKER_EPOCH", 0),
    (78, "OFFSET_NOT_AVAILABLE", _RETRY),
    (79, "MEMBER_ID_REQUIRED", _REJOIN),
    (80, "PREFERRED_LEADER_NOT_AVAILABLE", _RETRY | _METADATA),
    (81, "GROUP_MAX_SIZE_REACHED", _FATAL),
    (82, "FENCED_INSTANCE_ID", _FATAL),
    (83, "ELIGIBLE_LEADERS_NOT_AVAILABLE", _RETRY | _METADATA),
    (84, "ELECTION_NOT_NEEDED", _RETRY | _METADATA),
    (85, "NO_REASSIGNMENT_IN_PROGRESS", 0),
    (86, "GROUP_SUBSCRIBED_TO_TOPIC", 0),
    (87, "INVALID_RECORD", 0),
    (88, "UNSTABLE_OFFSET_COMMIT", _RETRY),
    (89, "THROTTLING_QUOTA_EXCEEDED", _RETRY),
    (90, "PRODUCER_FENCED", _FATAL),
    (91, "RESOURCE_NOT_FOUND", 0),
    (92, "DUPLICATE_RESOURCE", 0),
    (93, "UNACCEPTABLE_CREDENTIAL", 0),
    (94, "INCONSISTENT_VOTER_SET", 0),
    (95, "INVALID_UPDATE_VERSION", 0),
    (96, "FEATURE_UPDATE_FAILED", 0),
    (97, "PRINCIPAL_DESERIALIZATION_FAILURE", 0),
    (98, "SNAPSHOT_NOT_FOUND", 0),
    (99, "POSITION_OUT_OF_RANGE", 0),
    (100, "UNKNOWN_TOPIC_ID", _RETRY | _METADATA),
    (101, "DUPLICATE_BROKER_REGISTRATION", 0),
    (102, "BROKER_ID_NOT_REGISTERED", 0),
    (103, "INCONSISTENT_TOPIC_ID", _RETRY | _METADATA),
    (104, "INCONSISTENT_CLUSTER_ID", 0),
    (105, "TRANSACTIONAL_ID_NOT_FOUND", 0),
    (106, "FETCH_SESSION_TOPIC_ID_ERROR", _RETRY),
    (107, "INELIGIBLE_REPLICA", 0),
    (108, "NEW_LEADER_ELECTED", 0),
    (109, "OFFSET_MOVED_TO_TIERED_STORAGE", 0),
    (110, "FENCED_MEMBER_EPOCH", _REJOIN),
    (111, "UNRELEASED_INSTANCE_ID", _FATAL),
    (112, "UNSUPPORTED_ASSIGNOR", _FATAL),
    (113, "STALE_MEMBER_EPOCH", 0),
    (114, "MISMATCHED_ENDPOINT_TYPE", 0),
    (115, "UNSUPPORTED_ENDPOINT_TYPE", 0),
    (116, "UNKNOWN_CONTROLLER_ID", 0),
    (117, "UNKNOWN_SUBSCRIPTION_ID", 0),
    (118, "TELEMETRY_TOO_LARGE", 0),
    (119, "INVALID_REGISTRATION", 0),
    (120, "TRANSACTION_ABORTABLE", 0),
    (121, "INVALID_RECORD_STATE", 0),
    (122, "SHARE_SESSION_NOT_FOUND", _RETRY),
    (123, "INVALID_SHARE_SESSION_EPOCH", _RETRY),
    (124, "FENCED_STATE_EPOCH", 0),
    (125, "INVALID_VOTER_KEY", 0),
    (126, "DUPLICATE_VOTER", 0),
    (127, "VOTER_NOT_FOUND", 0),
    (128, "INVALID_REGULAR_EXPRESSION", 0),
    (129, "REBOOTSTRAP_REQUIRED", _METADATA),
    (130, "STREAMS_INVALID_TOPOLOGY", 0),
    (131, "STREAMS_INVALID_TOPOLOGY_EPOCH", 0),
    (132, "STREAMS_TOPOLOGY_FENCED", 0),
    (133, "SHARE_SESSION_LIMIT_REACHED", _RETRY),
)

_TABLE = {code: _info(code, name, asks) for code, name, asks in _ROWS}
