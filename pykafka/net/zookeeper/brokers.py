"""The brokers that are registered in ZooKeeper."""

from __future__ import annotations

import json
import logging

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

from ...exceptions import InvalidOptionError, ZookeeperConnectionError
from ..address import Address

__all__ = ["brokers_from_zookeeper"]

log = logging.getLogger("pykafka.cluster")


def brokers_from_zookeeper(hosts: str, timeout_s: float) -> list[Address]:
    """The plain-text addresses of the brokers that are registered now.

    Wire fact: ``/brokers/ids/<id>`` holds JSON with ``host`` and ``port``; a broker without a
    plain-text listener has host null and port -1 there (Kafka 0.9 and newer). Blocking.

    :param hosts: ``host:port,...`` with an optional chroot at the end.
    :raises InvalidOptionError: that is not what ``hosts`` is.
    :raises ZookeeperConnectionError: no answer in time, or no broker is registered.
    """
    try:
        client = KazooClient(hosts=hosts, timeout=timeout_s)
    except ValueError as error:
        raise InvalidOptionError(f"option zookeeper_hosts: {hosts!r}: {error}") from error
    try:
        client.start(timeout=timeout_s)
    except KazooTimeoutError as error:
        client.close()
        raise ZookeeperConnectionError(
            f"ZooKeeper at {hosts} did not answer within {timeout_s:g} s; check zookeeper_hosts="
        ) from error
    try:
        found = _registered(client, hosts)
    except KazooException as error:
        raise ZookeeperConnectionError(f"ZooKeeper at {hosts} failed: {error!r}") from error
    finally:
        client.stop()
        client.close()
    if not found:
        raise ZookeeperConnectionError(
            f"ZooKeeper at {hosts} lists no broker with a plain-text listener under /brokers/ids;"
            " check the chroot path, and that brokers run"
        )
    return found


def _registered(client: KazooClient, hosts: str) -> list[Address]:
    try:
        ids = client.get_children("/brokers/ids")
    except NoNodeError as error:
        raise ZookeeperConnectionError(
            f"ZooKeeper at {hosts} has no /brokers/ids: no Kafka ever ran there; check the"
            " chroot path in zookeeper_hosts="
        ) from error
    found = []
    for id_ in sorted(ids):
        try:
            data, _ = client.get(f"/brokers/ids/{id_}")
        except NoNodeError:
            continue  # left between the two questions
        registration = json.loads(data)
        if registration.get("host") and registration.get("port", -1) > 0:
            found.append(Address(registration["host"], registration["port"]))
    return found
