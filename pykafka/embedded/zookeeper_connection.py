"""A connection to a ZooKeeper, for looking at and changing what servers keep there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

from ..exceptions import ZookeeperConnectionError

__all__ = ["KazooClient", "NoNodeError", "connected"]

#: Seconds to connect.
_CONNECT_WITHIN = 20.0


@contextlib.contextmanager
def connected(address: str) -> Iterator[KazooClient]:
    """A client of the ZooKeeper at ``address``, to the end of the ``with``.

    :raises ZookeeperConnectionError: nothing answers there within 20 s.
    """
    client = KazooClient(hosts=address)
    try:
        client.start(timeout=_CONNECT_WITHIN)
        yield client
    except KazooTimeoutError as error:
        raise ZookeeperConnectionError(
            f"ZooKeeper at {address}: no connection within {_CONNECT_WITHIN:g} s"
        ) from error
    finally:
        client.stop()
        client.close()
