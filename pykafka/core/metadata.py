"""What is known of a cluster at one moment: immutable snapshots and how they follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..wire.primitives import ZERO_UUID

__all__ = ["EMPTY", "BrokerInfo", "PartitionInfo", "Snapshot", "TopicInfo"]

_UNKNOWN_TOPIC = 3


class BrokerInfo(NamedTuple):
    """One broker's address."""

    id: int
    host: str
    port: int
    rack: str | None = None


class PartitionInfo(NamedTuple):
    """One partition: who leads it and who replicates it.

    :ivar leader: broker id, ``-1`` if there is none.
    :ivar leader_epoch: ``-1`` where the broker is too old to tell.
    :ivar error_code: code of the partition in the answer, 0 for none.
    """

    id: int
    leader: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader_epoch: int = -1
    error_code: int = 0


class TopicInfo(NamedTuple):
    """One topic.

    :ivar error_code: code of the topic in the answer, 0 for none.
    :ivar id: changes when a topic of the same name is made anew; ``ZERO_UUID`` where the broker
        is too old to tell (before 2.8).
    """

    name: str
    partitions: Mapping[int, PartitionInfo]
    error_code: int = 0
    id: bytes = ZERO_UUID


class Snapshot(NamedTuple):
    """A cluster at one moment.

    :ivar controller_id: ``None`` where the broker is too old to tell.
    :ivar fetched_at: on the monotonic clock, in seconds; 0 for the empty snapshot.
    """

    brokers: Mapping[int, BrokerInfo]
    topics: Mapping[str, TopicInfo]
    controller_id: int | None = None
    fetched_at: float = 0.0

    def leader(self, topic: str, partition: int) -> int | None:
        """The id of the broker that leads a partition, ``None`` if none is known."""
        info = self.topics.get(topic)
        found = info.partitions.get(partition) if info is not None else None
        if found is None or found.leader not in self.brokers:
            return None
        return found.leader

    def leader_epoch(self, topic: str, partition: int) -> int:
        """Of a partition's leader, -1 where the brokers are too old to tell (before 2.1)."""
        info = self.topics.get(topic)
        found = info.partitions.get(partition) if info is not None else None
        return -1 if found is None else found.leader_epoch

    def topic_ids(self, names: Iterable[str]) -> dict[str, bytes] | None:
        """The ids of these topics, ``None`` unless all are known: then they go by name."""
        found = {name: self.topics[name].id for name in names if name in self.topics}
        if any(name not in found for name in names) or ZERO_UUID in found.values():
            return None
        return found

    def following(self, answer: Any, whole: bool, now: float) -> Snapshot:
        """The snapshot after a MetadataResponse.

        :param whole: whether the answer lists all topics, so that others are gone.
        """
        brokers = {b.node_id: BrokerInfo(b.node_id, b.host, b.port, b.rack) for b in answer.brokers}
        topics = {} if whole else dict(self.topics)
        for found in answer.topics:
            if found.error_code == _UNKNOWN_TOPIC and not found.partitions:
                # Gone. One of the same name may come; its leaders' epochs begin anew.
                topics.pop(found.name, None)
            else:
                topics[found.name] = _topic(found, self.topics.get(found.name))
        controller = answer.controller_id if answer.controller_id >= 0 else None
        # An answer without brokers comes from a broker that has just started: the known
        # addresses stay, or nobody could be asked again.
        return Snapshot(brokers or self.brokers, topics, controller, now)


#: What is known before the first answer.
EMPTY = Snapshot({}, {})


def _topic(found: Any, before: TopicInfo | None) -> TopicInfo:
    if before is not None and ZERO_UUID not in (found.topic_id, before.id):
        # Another topic of the same name begins anew, its leaders' epochs too.
        before = before if found.topic_id == before.id else None
    old = before.partitions if before is not None else {}
    partitions = {}
    for part in found.partitions:
        info = PartitionInfo(
            part.partition_index,
            part.leader_id,
            tuple(part.replica_nodes),
            tuple(part.isr_nodes),
            part.leader_epoch,
            part.error_code,
        )
        known = old.get(info.id)
        # Epochs never go back: a broker that lags behind would send us to a deposed leader.
        if known is not None and 0 <= info.leader_epoch < known.leader_epoch:
            info = known
        partitions[info.id] = info
    if not partitions and found.error_code and before is not None:
        # "Leader not available" for a whole topic says nothing about its partitions.
        partitions = dict(old)
    id_ = found.topic_id
    if id_ == ZERO_UUID and before is not None:
        id_ = before.id  # an older broker of the same cluster was asked this time
    return TopicInfo(found.name, dict(sorted(partitions.items())), found.error_code, id_)
