"""The client: the object that everything else is reached from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import options
from .broker import Broker
from .cluster import Cluster, TopicDict
from .handlers import GEventHandler, Handler, ThreadingHandler

if TYPE_CHECKING:
    from .balancedconsumer import BalancedConsumer
    from .groupconsumer import Topics

__all__ = ["KafkaClient"]


class KafkaClient:
    """A connection to a Kafka cluster.

    :param hosts: brokers to start from, ``host:port,...``; the rest are found through them.
    :param zookeeper_hosts: ZooKeeper to find brokers through instead, ``host:port,.../chroot``.
    :param socket_timeout_ms: how long a broker may take to connect or to answer.
    :param offsets_channel_socket_timeout_ms: the same for a group's coordinator.
    :param use_greenlets: run on gevent instead of threads.
    :param exclude_internal_topics: hide topics whose name starts with two underscores.
    :param source_address: local ``host`` or ``host:port`` that connections start from.
    :param ssl_config: TLS: a :class:`~pykafka.connection.SslConfig`, an ``ssl.SSLContext``,
        or anything with ``wrap_socket``.
    :param broker_version: accepted for 2.x and checked to be a version; chooses nothing.
    :param client_id: the name that brokers log this client under.
    :param receive_max_bytes: the largest response that is accepted.
    :raises NoBrokersAvailableError: no broker answers; names each address and why.
    :raises ZookeeperConnectionError: ZooKeeper does not answer, or knows no broker.
    :raises InvalidOptionError: an option is outside its bounds.

    Thread-safe. It has one I/O thread; :meth:`close` ends it, as does leaving a ``with``
    block. After a fork the child's copy connects anew when it is used.
    """

    @options.checked(options.CLIENT)
    def __init__(
        self,
        hosts: str | bytes = "127.0.0.1:9092",
        zookeeper_hosts: str | bytes | None = None,
        socket_timeout_ms: int = 30000,
        offsets_channel_socket_timeout_ms: int = 10000,
        use_greenlets: bool = False,
        exclude_internal_topics: bool = True,
        source_address: str | bytes = "",
        ssl_config: Any = None,
        broker_version: str | bytes = "0.9.0",
        client_id: str | bytes = "pykafka",
        receive_max_bytes: int = 104857600,
    ) -> None:
        handler: Handler = GEventHandler() if use_greenlets else ThreadingHandler()
        self.cluster = Cluster(
            hosts,
            handler,
            socket_timeout_ms=socket_timeout_ms,
            offsets_channel_socket_timeout_ms=offsets_channel_socket_timeout_ms,
            exclude_internal_topics=exclude_internal_topics,
            source_address=source_address,
            zookeeper_hosts=zookeeper_hosts,
            ssl_config=ssl_config,
            broker_version=broker_version,
            client_id=client_id,
            receive_max_bytes=receive_max_bytes,
        )

    @property
    def brokers(self) -> dict[int, Broker]:
        """The brokers of the cluster by id."""
        return self.cluster.brokers

    @property
    def topics(self) -> TopicDict:
        """The topics of the cluster by name (``bytes``; ``str`` is understood)."""
        return self.cluster.topics

    def get_balanced_consumer(
        self,
        topics: Topics,
        consumer_group: str | bytes,
        managed: bool = False,
        **kwargs: Any,
    ) -> BalancedConsumer:
        """A consumer that shares one topic or several with the other members of its group.

        :param topics: a topic or its name, a list of these, or a compiled pattern that the whole
            names of topics match, also of those that come later.
        :param managed: whether brokers coordinate the group (Kafka 0.9 and newer), or its members
            through ZooKeeper.
        :param kwargs: options of
            :class:`~pykafka.managedbalancedconsumer.ManagedBalancedConsumer` or
            :class:`~pykafka.balancedconsumer.BalancedConsumer`.
        """
        from .topic import balanced_consumer

        return balanced_consumer(topics, self.cluster, consumer_group, managed, **kwargs)

    def update_cluster(self) -> None:
        """Fetch the metadata of all topics now.

        :raises NoBrokersAvailableError: no broker answers.
        """
        self.cluster.update()

    def create_topic(
        self,
        name: str | bytes,
        partitions: int = 1,
        replication_factor: int = 1,
        config: Mapping[str, str | bytes | float | bool | None] | None = None,
        replica_assignment: Mapping[int, Sequence[int]] | None = None,
        timeout_ms: int = 30000,
    ) -> None:
        """Create a topic; returns when all brokers that answer see leaders for its partitions.

        :param partitions: how many; -1 for the brokers' default (Kafka 2.4 and newer).
        :param replication_factor: how many copies of each; -1 likewise.
        :param config: settings of the topic, such as ``{"retention.ms": 60000}``.
        :param replica_assignment: partition id -> the ids of the brokers that hold it, the
            preferred leader first. Says how many there are of both.
        :param timeout_ms: how long all of it may take.
        :raises UnsupportedVersion: the brokers are older than 0.10.1, or too old for -1.
        :raises TopicAlreadyExists: there is one of that name. One that is being deleted is
            waited for.
        :raises ProtocolClientError: the controller refuses for another reason
            (:exc:`~pykafka.exceptions.InvalidPartitions`,
            :exc:`~pykafka.exceptions.InvalidReplicationFactor`,
            :exc:`~pykafka.exceptions.InvalidConfig`, ...); names the topic.
        :raises WaitTimedOutError: it is begun, but a broker does not show it yet.
        :raises RemoteError: the controller did not answer; it may have been created all the same.
        """
        self.cluster.create_topic(
            name, partitions, replication_factor, config, replica_assignment, timeout_ms
        )

    def delete_topic(self, name: str | bytes, timeout_ms: int = 30000) -> None:
        """Delete a topic with all its messages; returns when no broker that answers lists it.

        Consumers and producers of it, in whatever program, should be stopped before: where
        brokers create topics automatically, an old client may create it anew.

        :param timeout_ms: how long all of it may take.
        :raises UnsupportedVersion: the brokers are older than 0.10.1.
        :raises UnknownTopicOrPartition: there is none of that name.
        :raises ProtocolClientError: the controller refuses for another reason; names the topic.
        :raises WaitTimedOutError: it is begun, but a broker lists it still, or again.
        :raises RemoteError: the controller did not answer; it may have been deleted all the same.
        """
        self.cluster.delete_topic(name, timeout_ms)

    def close(self) -> None:
        """Stop the consumers and producers that were made from it, and close all connections.

        Idempotent. Bounded: consumers and producers by their own time-outs, the rest by five
        seconds.
        """
        self.cluster.close()

    def __enter__(self) -> KafkaClient:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} brokers={list(self.brokers)}>"
