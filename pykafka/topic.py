"""A topic, and what is made from it."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

from .common import OffsetType
from .core.metadata import TopicInfo
from .partition import Partition, Place, offset_limits, places
from .runtime.implementation import RDKAFKA, require_implementation

if TYPE_CHECKING:
    from .balancedconsumer import BalancedConsumer
    from .cluster import Cluster
    from .groupconsumer import Topics
    from .producer import Producer
    from .protocol import OffsetPartitionResponse
    from .simpleconsumer import SimpleConsumer

__all__ = ["Topic"]

log = logging.getLogger(__name__)


class Topic:
    """A topic of a cluster; ``client.topics[name]`` makes it. Thread-safe."""

    def __init__(self, cluster: Cluster, topic_metadata: TopicInfo) -> None:
        self._name = topic_metadata.name.encode()
        self._cluster = cluster
        self._partitions: dict[int, Partition] = {}
        self.update(topic_metadata)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} name={self._name!r}>"

    @property
    def name(self) -> bytes:
        """The topic's name."""
        return self._name

    @property
    def cluster(self) -> Cluster:
        """The cluster that it lies in."""
        return self._cluster

    @property
    def partitions(self) -> dict[int, Partition]:
        """The partitions by id."""
        self._cluster.topics  # noqa: B018 - brings this topic up to the newest metadata
        return self._partitions

    def update(self, metadata: TopicInfo) -> None:
        """Follow the cluster's metadata."""
        for id_, info in metadata.partitions.items():
            leader = self._cluster.replicas([info.leader])
            replicas = self._cluster.replicas(info.replicas)
            isr = self._cluster.replicas(info.isr)
            known = self._partitions.get(id_)
            if known is None:
                self._partitions[id_] = Partition(
                    self, id_, leader[0] if leader else None, replicas, isr
                )
            else:
                known.follow(leader[0] if leader else None, replicas, isr)

    def fetch_offset_limits(
        self, offsets_before: int | dt.datetime, max_offsets: int = 1
    ) -> dict[int, OffsetPartitionResponse]:
        """Offsets of all partitions at a time, newest first.

        :param offsets_before: a naive UTC datetime, milliseconds since 1970, or an
            :class:`~pykafka.common.OffsetType`. Brokers before 0.10.1 know the time of
            segments only, and answer with the first offset of one, and none if there is none as
            old as that; later ones with the first message at or after that time, and the
            end if there is none: :meth:`find_offsets` tells which it was.
        :param max_offsets: only brokers before 4.0 answer with more than one.
        :returns: partition id -> ``(offset=[...], err)``.
        :raises RemoteError: a leader could not be asked.
        """
        return offset_limits(self, list(self.partitions), offsets_before, max_offsets)

    def find_offsets(self, when: int | dt.datetime) -> dict[int, Place]:
        """Where to begin to read the messages from a time on, in each partition.

        :param when: a naive UTC datetime, or milliseconds since 1970.
        :returns: partition id -> ``(offset, timestamp, exact, beyond)``. ``exact`` says that
            ``offset`` is the first message at or after that time, and ``timestamp`` (ms) is its
            own; else (brokers before 0.10.1) it begins a segment, and messages before that
            time may follow. ``beyond``: there is nothing at that time; the offset is the end of
            the log, or without ``exact`` its beginning.
        :raises RemoteError: a leader could not be asked.
        """
        return places(self, list(self.partitions), when)

    def earliest_available_offsets(self) -> dict[int, OffsetPartitionResponse]:
        """The first offset of each partition; see :meth:`fetch_offset_limits`."""
        return self.fetch_offset_limits(OffsetType.EARLIEST)

    def latest_available_offsets(self) -> dict[int, OffsetPartitionResponse]:
        """The offset of the next message of each partition; see :meth:`fetch_offset_limits`."""
        return self.fetch_offset_limits(OffsetType.LATEST)

    def get_producer(self, use_rdkafka: bool = False, **kwargs: Any) -> Producer:
        """A :class:`~pykafka.producer.Producer` for this topic, with its options.

        :param use_rdkafka: send with librdkafka: a
            :class:`~pykafka.rdkafka.producer.RdKafkaProducer`.
        :raises ImplementationNotAvailableError: there is no librdkafka; lists what was tried.
        """
        if require_implementation(use_rdkafka) == RDKAFKA:
            from .rdkafka.producer import RdKafkaProducer

            return RdKafkaProducer(self._cluster, self, **kwargs)
        from .producer import Producer

        return Producer(self._cluster, self, **kwargs)

    def get_sync_producer(self, **kwargs: Any) -> Producer:
        """A producer whose ``produce`` returns when the message is acknowledged, or raises.

        Takes what :meth:`get_producer` takes.
        """
        return self.get_producer(sync=True, **kwargs)

    def get_simple_consumer(
        self,
        consumer_group: str | bytes | None = None,
        use_rdkafka: bool = False,
        **kwargs: Any,
    ) -> SimpleConsumer:
        """A :class:`~pykafka.simpleconsumer.SimpleConsumer` of this topic, with its options.

        :param use_rdkafka: fetch with librdkafka: a
            :class:`~pykafka.rdkafka.simple_consumer.RdKafkaSimpleConsumer`.
        :raises ImplementationNotAvailableError: there is no librdkafka; lists what was tried.
        """
        kwargs["consumer_group"] = consumer_group
        if require_implementation(use_rdkafka) == RDKAFKA:
            from .rdkafka.simple_consumer import RdKafkaSimpleConsumer

            return RdKafkaSimpleConsumer(self, self._cluster, **kwargs)
        from .simpleconsumer import SimpleConsumer

        return SimpleConsumer(self, self._cluster, **kwargs)

    def get_balanced_consumer(
        self, consumer_group: str | bytes, managed: bool = False, **kwargs: Any
    ) -> BalancedConsumer:
        """A consumer that shares this topic with the other members of its group.

        See :meth:`pykafka.client.KafkaClient.get_balanced_consumer`, which takes several topics.
        """
        return balanced_consumer(self, self._cluster, consumer_group, managed, **kwargs)


def balanced_consumer(
    topics: Topics, cluster: Cluster, consumer_group: str | bytes, managed: bool, **kwargs: Any
) -> BalancedConsumer:
    """A member of a group, of the one kind or the other."""
    from . import balancedconsumer, managedbalancedconsumer

    if managed:
        return managedbalancedconsumer.ManagedBalancedConsumer(
            topics, cluster, consumer_group, **kwargs
        )
    return balancedconsumer.BalancedConsumer(topics, cluster, consumer_group, **kwargs)
