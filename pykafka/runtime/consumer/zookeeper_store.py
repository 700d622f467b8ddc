"""Offsets in ZooKeeper, where Java's high-level consumer of Kafka 0.8 has them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ...core.effects import Await, Procedure
from ...core.membership.zookeeper import GroupPaths
from ...core.partition_keys import PartitionKey
from ...core.procedures.group_offsets import Committed
from ...exceptions import InvalidOffsetError, RemoteError, ZookeeperConnectionError
from ...net.zookeeper.session import ZooKeeperSession
from .offset_store import OffsetStore

__all__ = ["ZooKeeperOffsetStore", "chosen_store"]

log = logging.getLogger("pykafka.balancedconsumer")

#: Bound on all of a commit or look-up: ZooKeeper answers in milliseconds, or its session ends.
_TIMEOUT_S = 30.0


class ZooKeeperOffsetStore:
    """One node for each partition, with the next offset as text.

    :param session: the session with ZooKeeper, ``None`` while there is none.
    """

    timeout_s = _TIMEOUT_S

    def __init__(self, session: Callable[[], ZooKeeperSession | None], group: str) -> None:
        self._session = session
        self._paths = GroupPaths(group)

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        session = self._connected()
        for key, offset in offsets.items():
            yield Await(partial(session.write_soon, self._paths.offset(key), b"%d" % offset))

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        """:raises InvalidOffsetError: what is there is no offset."""
        session = self._connected()
        found = {}
        for key in keys:
            path = self._paths.offset(key)
            data = yield Await(partial(session.read_soon, path))
            found[key] = Committed(-1 if data is None else _offset(path, data), "", 0)
        return found

    def _connected(self) -> ZooKeeperSession:
        session = self._session()
        if session is None:
            raise ZookeeperConnectionError("the consumer has no session with ZooKeeper any more")
        return session


def _offset(path: str, data: bytes) -> int:
    try:
        return int(data)
    except ValueError as error:
        raise InvalidOffsetError(
            f"{path} in ZooKeeper holds {data!r}, which is no offset: write the next one to read"
            " there, or delete it to begin by auto_offset_reset"
        ) from error


class BothOffsetStores:
    """Offsets in Kafka and in ZooKeeper; the higher one counts, as for Java's dual commit."""

    def __init__(self, kafka: OffsetStore, zookeeper: OffsetStore) -> None:
        self._stores = (kafka, zookeeper)
        self.timeout_s = kafka.timeout_s + zookeeper.timeout_s

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        for store in self._stores:
            yield from store.commit(offsets)

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        wanted = list(keys)
        kafka, zookeeper = self._stores
        found = yield from kafka.fetch(wanted)
        others = yield from zookeeper.fetch(wanted)
        return {
            key: max(found[key], others[key], key=lambda committed: committed.offset)
            for key in wanted
        }


class AttentiveOffsetStore:
    """Offsets in one place; says so when the group seems to keep them in the other.

    :param option: the value of ``offsets_storage`` that the group seems to need.
    """

    def __init__(self, store: OffsetStore, elsewhere: OffsetStore, group: str, option: str) -> None:
        self._store = store
        self._elsewhere = elsewhere
        self._group = group
        self._option = option
        self.timeout_s = store.timeout_s + elsewhere.timeout_s

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        return self._store.commit(offsets)

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        wanted = list(keys)
        found = yield from self._store.fetch(wanted)
        try:
            others = yield from self._elsewhere.fetch(wanted)
        except RemoteError as error:
            log.debug("offsets of group %r in %s: %s", self._group, self._option, error)
            return found
        ahead = [key for key in wanted if others[key].offset > found[key].offset]
        if ahead:
            topic, id_ = key = min(ahead)
            log.warning(
                "group %r has offsets in %s that are ahead of those that this member reads: %s/%s"
                " at %d, here %d (%d partitions in all). Use offsets_storage=%r, or move them with"
                " pykafka move-offsets",
                self._group,
                self._option,
                topic,
                id_,
                others[key].offset,
                found[key].offset,
                len(ahead),
                self._option,
            )
        return found


def chosen_store(where: str, kafka: OffsetStore, zookeeper: OffsetStore, group: str) -> OffsetStore:
    """The store that ``offsets_storage`` means."""
    if where == "both":
        return BothOffsetStores(kafka, zookeeper)
    if where == "zookeeper":
        return AttentiveOffsetStore(zookeeper, kafka, group, "kafka")
    return AttentiveOffsetStore(kafka, zookeeper, group, "zookeeper")
