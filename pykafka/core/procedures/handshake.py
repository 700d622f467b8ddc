"""From nothing to a connection whose versions are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...exceptions import (
    NoBrokersAvailableError,
    RemoteError,
    SocketDisconnectedError,
    UnsupportedVersion,
)
from ...version import VERSION
from ...wire.errors import error_info
from ...wire.messages.api_versions import ApiVersionsRequest
from ...wire.messages.list_groups import ListGroupsRequest
from ...wire.messages.list_offsets import ListOffsetsRequest
from ..effects import Connect, Disconnect, Exchange, Node, Procedure
from ..versions import KAFKA_0_8, KAFKA_0_9, BrokerVersions, from_answer
from .cluster import no_broker_text
from .cluster_view import ClusterView

__all__ = ["ask_versions", "open_connection"]

_UNSUPPORTED_VERSION = 35
#: About no partition: every old broker answers it, and it changes nothing.
_NOTHING = ListOffsetsRequest(replica_id=-1, topics=[])
_REQUEST = ApiVersionsRequest(client_software_name="pykafka", client_software_version=VERSION)


def open_connection(
    host: str, port: int, known: BrokerVersions | None
) -> Procedure[tuple[Any, BrokerVersions]]:
    """Connect and learn what the broker speaks.

    :param known: what another live connection to the same broker has learnt; saves asking.
    """
    connection = yield Connect(host, port)
    if known is not None:
        return connection, known
    try:
        versions = yield from _ask(connection, host, port)
    except SocketDisconnectedError:
        return (yield from _tell_the_old_apart(host, port, False))
    if versions is None:
        return (yield from _tell_the_old_apart(host, port, True))
    return connection, versions


def _ask(connection: Any, host: str, port: int) -> Procedure[BrokerVersions | None]:
    """ApiVersions in the highest version that both know.

    Kafka before 0.10 does not know the request: 0.8 hangs up (observed on 0.8.2.2), 0.9 passes over
    it and answers the next one (observed on 0.9.0.1), which is ``None`` here.
    """
    newest = ApiVersionsRequest.valid_versions[-1]
    answer = yield Exchange(connection, _REQUEST, newest, probe=ListGroupsRequest())
    if answer is None:
        return None
    if answer.error_code == _UNSUPPORTED_VERSION:
        # Brokers from 2.4 on say which versions of this they have; before, only 0 is sure.
        named = [key.max_version for key in answer.api_keys if key.api_key == _REQUEST.api_key]
        answer = yield Exchange(connection, _REQUEST, min([newest, *named]) if named else 0)
    refused = bool(answer.error_code)
    if refused or not answer.api_keys:
        yield Disconnect(connection)
    if refused:
        raise error_info(answer.error_code).exception(f"ApiVersions of {host}:{port}")
    ranges = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
    if not ranges:
        raise UnsupportedVersion(f"the broker at {host}:{port} names no version of any request")
    return from_answer(ranges)


def _tell_the_old_apart(
    host: str, port: int, passed_over: bool
) -> Procedure[tuple[Any, BrokerVersions]]:
    """0.9 has groups, about which 0.8 can only hang up again.

    Something in front of a newer broker may hang up, too, while that one starts. So an old one is
    only taken for what it seems to be if it answers what it knows, and ApiVersions still not.

    :param passed_over: whether it has shown that already.
    """
    connection = yield Connect(host, port)
    seems = KAFKA_0_9
    try:
        yield Exchange(connection, ListGroupsRequest(), 0)
    except SocketDisconnectedError:
        seems, passed_over = KAFKA_0_8, False
        connection = yield Connect(host, port)
        yield Exchange(connection, _NOTHING, 0)
    if passed_over:
        return connection, seems
    try:
        versions = yield from _ask(connection, host, port)
    except SocketDisconnectedError:
        versions = None
    if versions is not None:
        return connection, versions
    connection = yield Connect(host, port)
    return connection, seems


def ask_versions(view: ClusterView) -> Procedure[Mapping[int, tuple[int, int]]]:
    """The lowest and highest version of each API that one of the brokers has, by its key.

    :raises NoBrokersAvailableError: none answered; names each and why.
    """
    brokers = view.snapshot.brokers
    addresses = [
        (brokers[node].host, brokers[node].port) if isinstance(node, int) else node
        for node in view.nodes()
    ]
    failures: list[tuple[Node, RemoteError]] = []
    for host, port in addresses:
        try:
            connection, versions = yield from open_connection(host, port, None)
        except RemoteError as error:
            failures.append(((host, port), error))
            continue
        yield Disconnect(connection)
        return versions.ranges
    raise NoBrokersAvailableError(no_broker_text(failures))
