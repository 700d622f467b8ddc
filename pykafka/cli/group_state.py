"""What brokers and ZooKeeper know of a group: who is in it, who has what, how far it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..common import OffsetType
from ..core.groups import DEAD
from ..core.procedures.coordinator import Patience
from ..core.procedures.group_offsets import fetch_all_offsets, fetch_offsets
from ..core.procedures.log_offsets import find_places
from ..exceptions import (
    GroupIdNotFound,
    RemoteError,
    UnknownTopicOrPartition,
    UnsupportedVersion,
)
from .group_offsets import lag

if TYPE_CHECKING:
    from ..client import KafkaClient
    from ..core.groups import Group
    from ..core.membership.zookeeper_view import ZooKeeperGroup
    from ..core.metadata import Snapshot
    from ..core.partition_keys import PartitionKey
    from .session import Session

__all__ = ["GroupState", "Standing", "look_at", "patience_of"]

_RETRIES, _BACKOFF_S = 5, 0.25


class Standing(NamedTuple):
    """Where a group is in a partition.

    :ivar exists: whether brokers know the partition.
    :ivar end: the offset that the next message will get; ``None`` if nobody could say.
    :ivar kafka: committed to Kafka, ``None`` if nothing is.
    :ivar zookeeper: likewise.
    :ivar unreadable: what stands in ZooKeeper instead of an offset.
    :ivar lag: how much there is yet to read; ``None`` if nobody could say.
    :ivar owners: what its owners are called; more than one is a fault, or a change of layout.
    """

    topic: str
    partition: int
    exists: bool
    end: int | None
    kafka: int | None
    zookeeper: int | None
    unreadable: str | None
    lag: int | None
    owners: tuple[str, ...]

    @property
    def committed(self) -> int | None:
        """The higher offset of both homes: the other one is a copy, or left over."""
        return max((at for at in (self.kafka, self.zookeeper) if at is not None), default=None)

    @property
    def home(self) -> str | None:
        """Where :attr:`committed` stands: ``kafka``, ``zookeeper``, ``both``."""
        if self.committed is None:
            return None
        if self.kafka == self.zookeeper:
            return "both"
        return "kafka" if self.committed == self.kafka else "zookeeper"


class GroupState(NamedTuple):
    """A group at one moment.

    :ivar managed: as its coordinator describes it; ``None`` if brokers do not coordinate it.
    :ivar zookeeper: as ZooKeeper has it; ``None`` if it does not, or was not asked.
    :ivar asked_zookeeper: whether it was.
    :ivar complete: whether brokers could say what all is committed to Kafka; else there may be
        more topics.
    """

    name: str
    managed: Group | None
    zookeeper: ZooKeeperGroup | None
    asked_zookeeper: bool
    complete: bool
    standings: list[Standing]

    @property
    def lag(self) -> int:
        """Over all partitions that have one."""
        return sum(row.lag or 0 for row in self.standings)


def look_at(
    client: KafkaClient, session: Session, name: str, only: Collection[str] = ()
) -> GroupState:
    """A group, in its own topics or in some.

    :param only: these topics; without, all that it has offsets or members for.
    :raises GroupIdNotFound: neither brokers nor ZooKeeper know it.
    :raises UnknownTopicOrPartition: one of ``only`` does not exist.
    :raises UnsupportedVersion: brokers are too old to be asked, and nobody else was.
    """
    cluster = client.cluster
    snapshot = cluster.core.refresh()
    for topic in only:
        if topic not in snapshot.topics:
            raise UnknownTopicOrPartition(f"there is no topic {topic!r} in this cluster")
    too_old: UnsupportedVersion | None = None
    managed = zookeeper = None
    try:
        managed = cluster.managed_groups([name])[name]
        managed = None if managed.state == DEAD else managed
    except UnsupportedVersion as error:
        too_old = error
    if session.zookeeper:
        zookeeper = cluster.zookeeper_groups(session.zookeeper, [name]).get(name)
    topics = _topics(managed, zookeeper, snapshot)
    complete, committed = _committed(client, name, topics, snapshot, only)
    if managed is None and zookeeper is None and not any(at >= 0 for at in committed.values()):
        raise _unknown(session, name, only, too_old)
    standings = _standings(client, snapshot, (managed, zookeeper), committed, only)
    asked = session.zookeeper is not None
    return GroupState(name, managed, zookeeper, asked, complete, standings)


def patience_of(client: KafkaClient) -> Patience:
    """How long the commands ask a coordinator."""
    timeout_s = client.cluster.core.settings.offsets_channel_socket_timeout_ms / 1000
    return Patience(_RETRIES, _BACKOFF_S, timeout_s)


def _unknown(
    session: Session, name: str, only: Collection[str], too_old: UnsupportedVersion | None
) -> RemoteError:
    if too_old is None or session.zookeeper:
        where = "nor in its ZooKeeper" if session.zookeeper else "as far as brokers know"
        return GroupIdNotFound(f"there is no group {name!r} in this cluster {where}")
    if only:
        return GroupIdNotFound(
            f"group {name!r} has committed nothing for {', '.join(only)} to Kafka; --zookeeper"
            " HOSTS looks at groups and offsets there, too"
        )
    return UnsupportedVersion(
        f"{too_old}; --zookeeper HOSTS shows groups that ZooKeeper coordinates, and pykafka lag"
        " --topic what was committed to Kafka"
    )


# -- which topics, and what was committed -------------------------------------------------


def _topics(
    managed: Group | None, zookeeper: ZooKeeperGroup | None, snapshot: Snapshot
) -> set[str]:
    """What the members of a group read, and what ZooKeeper has of it."""
    found: set[str] = set()
    for member in managed.members if managed else ():
        found.update(member.subscription.topics)
        found.update(topic for topic, _ in member.assignment.partitions)
    if zookeeper is not None:
        found.update(zookeeper.topics)
        for one in zookeeper.members:
            found.update(one.topics)
            found.update(topic for topic in snapshot.topics if one.reads(topic))
    return found


def _committed(
    client: KafkaClient,
    name: str,
    topics: set[str],
    snapshot: Snapshot,
    only: Collection[str],
) -> tuple[bool, dict[PartitionKey, int]]:
    """What there is in Kafka; with -1 for partitions of these topics without any.

    Before it, whether that is all.
    """
    core, patience = client.cluster.core, patience_of(client)
    bound_s = 2 * (patience.retries + 1) * (patience.timeout_s + 1)
    keys = _partitions(snapshot, only or topics)
    if not only:
        try:
            found = core.run(fetch_all_offsets(core, name, patience), bound_s)
        except UnsupportedVersion:
            pass  # then only those that are known otherwise
        else:
            there = {topic for topic, _ in found}
            every = dict.fromkeys(_partitions(snapshot, topics | there), -1)
            return True, {**every, **{key: one.offset for key, one in found.items()}}
    if not keys:
        return False, {}
    found = core.run(fetch_offsets(core, name, keys, patience), bound_s)
    return bool(only), {key: one.offset for key, one in found.items()}


def _partitions(snapshot: Snapshot, topics: Iterable[str]) -> list[PartitionKey]:
    return [
        (topic, id_)
        for topic in sorted(topics)
        if topic in snapshot.topics
        for id_ in snapshot.topics[topic].partitions
    ]


# -- how far it is ------------------------------------------------------------------------


def _standings(
    client: KafkaClient,
    snapshot: Snapshot,
    groups: tuple[Group | None, ZooKeeperGroup | None],
    committed: Mapping[PartitionKey, int],
    only: Collection[str],
) -> list[Standing]:
    managed, zookeeper = groups
    owners = _owners(managed, zookeeper)
    offsets = zookeeper.offsets if zookeeper else {}
    unreadable = zookeeper.unreadable if zookeeper else {}
    keys = sorted({*committed, *owners, *offsets, *unreadable})
    keys = [key for key in keys if not only or key[0] in only]
    limits = _limits(client, snapshot, keys)
    rows = []
    for key in keys:
        kafka = committed.get(key, -1)
        first, end = limits.get(key, (None, None))
        at = max(kafka, offsets.get(key, -1))
        rows.append(
            Standing(
                key[0],
                key[1],
                key[0] in snapshot.topics and key[1] in snapshot.topics[key[0]].partitions,
                end,
                kafka if kafka >= 0 else None,
                offsets.get(key),
                unreadable.get(key),
                None if end is None or first is None else lag(end, first, at),
                owners.get(key, ()),
            )
        )
    return rows


def _owners(
    managed: Group | None, zookeeper: ZooKeeperGroup | None
) -> dict[PartitionKey, tuple[str, ...]]:
    owners: dict[PartitionKey, tuple[str, ...]] = defaultdict(tuple)
    for member in managed.members if managed else ():
        for topic, ids in member.assignment.partitions:
            for id_ in ids:
                owners[topic, id_] += (member.id,)
    for key, names in (zookeeper.owners if zookeeper else {}).items():
        owners[key] += names
    return owners


def _limits(
    client: KafkaClient, snapshot: Snapshot, keys: Iterable[PartitionKey]
) -> dict[PartitionKey, tuple[int, int]]:
    """First and next offset of partitions, as far as their leaders can say."""
    core = client.cluster.core
    led: dict[int, list[PartitionKey]] = defaultdict(list)
    for key in keys:
        leader = snapshot.leader(*key)
        if leader is not None:
            led[leader].append(key)
    found = {}
    bound_s = 6 * core.socket_timeout_s + 5
    for theirs in led.values():
        first, last = (dict.fromkeys(theirs, int(where)) for where in _ENDS)
        try:
            # One leader at a time: one that does not answer hides only its own partitions.
            begins = core.run(find_places(core, first, core.socket_timeout_s), bound_s)
            ends = core.run(find_places(core, last, core.socket_timeout_s), bound_s)
        except RemoteError:
            continue
        found.update({key: (begins[key].offset, ends[key].offset) for key in theirs})
    return found


_ENDS = (OffsetType.EARLIEST, OffsetType.LATEST)
