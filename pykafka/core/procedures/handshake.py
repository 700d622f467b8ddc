"""From nothing to a connection whose versions are known."""

from __future__ import annotations

from typing import Any

from ...exceptions import SocketDisconnectedError, UnsupportedVersion
from ...wire.errors import error_info
from ...wire.messages.api_versions import ApiVersionsRequest
from ..effects import Connect, Disconnect, Exchange, Procedure
from ..versions import LEGACY, BrokerVersions, from_answer

__all__ = ["open_connection"]

_UNSUPPORTED_VERSION = 35


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
        answer = yield Exchange(connection, ApiVersionsRequest(), 0)
    except SocketDisconnectedError:
        # Kafka before 0.10 does not know the request and hangs up (observed on 0.8.2.2 and
        # 0.9.0.1). Anything else that hangs up is found out by the first real request.
        connection = yield Connect(host, port)
        return connection, LEGACY
    refused = answer.error_code not in (0, _UNSUPPORTED_VERSION)
    if refused or not answer.api_keys:
        yield Disconnect(connection)
    if refused:
        raise error_info(answer.error_code).exception(f"ApiVersions of {host}:{port}")
    ranges = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
    if not ranges:
        raise UnsupportedVersion(f"the broker at {host}:{port} names no version of any request")
    return connection, from_answer(ranges)
