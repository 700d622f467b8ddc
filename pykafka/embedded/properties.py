"""The configuration of one Kafka node, for each generation of releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .ports import HOST
from .releases import KafkaRelease

__all__ = [
    "Ports",
    "Properties",
    "Quorum",
    "broker_properties",
    "controller_properties",
    "rolling_properties",
]

Properties = dict[str, object]


@dataclass(frozen=True)
class Quorum:
    """The one controller that a KRaft cluster (4.0 and newer) asks, as ZooKeeper before."""

    node_id: int
    port: int
    cluster_id: str

    @property
    def properties(self) -> Properties:
        """How every node finds it."""
        return {
            "controller.quorum.voters": f"{self.node_id}@{HOST}:{self.port}",
            "controller.listener.names": "CONTROLLER",
            # With TLS on any listener, no listener's protocol goes without saying.
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL",
        }


@dataclass(frozen=True)
class Ports:
    """Where a broker listens."""

    plain: int
    #: None for no TLS.
    tls: int | None

    @property
    def listeners(self) -> str:
        """As the property of that name wants it (0.9 and newer)."""
        plain = f"PLAINTEXT://{HOST}:{self.plain}"
        return plain if self.tls is None else f"{plain},SSL://{HOST}:{self.tls}"


def broker_properties(
    release: KafkaRelease,
    node_id: int,
    ports: Ports,
    folder: Path,
    brokers: int,
    metadata: str | Quorum,
    overrides: Mapping[str, object],
) -> Properties:
    """``server.properties`` of a broker that suits tests; ``overrides`` win.

    :param brokers: how many the cluster has, which bounds what can be replicated.
    :param metadata: ZooKeeper's address, or the KRaft quorum.
    """
    properties: Properties = {
        **_identity(node_id, ports, release, metadata),
        "log.dirs": folder / "data",
        "auto.create.topics.enable": True,
        "delete.topic.enable": True,
        "controlled.shutdown.enable": True,
        "controlled.shutdown.max.retries": 2,
        "controlled.shutdown.retry.backoff.ms": 500,
        # A topic of 50 partitions takes longer to make than the broker to start.
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": min(3, brokers),
        "num.network.threads": 2,
        "num.io.threads": 4,
        # Preallocates per cleaner thread: 128 MB would not fit the small heap.
        "log.cleaner.dedupe.buffer.size": 8 << 20,
        "log.cleaner.threads": 1,
        # A leader that died is replaced when the others notice; 30 s is long in a test.
        "replica.lag.time.max.ms": 10_000,
        "replica.socket.timeout.ms": 10_000,
    }
    if release.number >= (0, 11):
        properties |= {
            "group.initial.rebalance.delay.ms": 0,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": min(3, brokers),
            "transaction.state.log.min.isr": 1,
        }
    if release.kraft:
        properties |= {
            "share.coordinator.state.topic.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": min(3, brokers),
            "share.coordinator.state.topic.min.isr": 1,
        }
    return properties | dict(overrides)


def rolling_properties(first: KafkaRelease, release: KafkaRelease) -> Properties:
    """How a broker of ``release`` makes itself understood by older ones, as old as ``first``.

    Requests among brokers, and records on disk, stay those of ``first``, as Kafka's own
    instructions for a rolling upgrade have it. KRaft (4.0 and newer) agrees on that by itself.
    """
    if release == first or release.kraft:
        return {}
    properties: Properties = {"inter.broker.protocol.version": first.protocol}
    if release.number >= (0, 10):
        # Must not be newer than the other, and is by default as new as the release (before 3.0).
        properties["log.message.format.version"] = first.protocol
    return properties


def controller_properties(quorum: Quorum, folder: Path) -> Properties:
    """``server.properties`` of the node that is the quorum."""
    return {
        "process.roles": "controller",
        "node.id": quorum.node_id,
        "listeners": f"CONTROLLER://{HOST}:{quorum.port}",
        "log.dirs": folder / "data",
        # So long does a killed broker stay the leader in metadata, and does one that starts
        # again wait for its predecessor's session, also after an orderly end.
        "broker.session.timeout.ms": 4000,
        **quorum.properties,
    }


def _identity(
    node_id: int, ports: Ports, release: KafkaRelease, metadata: str | Quorum
) -> Properties:
    if isinstance(metadata, Quorum):
        return {
            "process.roles": "broker",
            "node.id": node_id,
            "listeners": ports.listeners,
            "broker.heartbeat.interval.ms": 500,
            **metadata.properties,
        }
    addresses: Properties = {"listeners": ports.listeners}
    if release.number < (0, 9):
        addresses = {
            "host.name": HOST,
            "advertised.host.name": HOST,
            "port": ports.plain,
        }
    return {
        "broker.id": node_id,
        **addresses,
        "zookeeper.connect": metadata,
        "zookeeper.session.timeout.ms": 6000,
        "zookeeper.connection.timeout.ms": 20_000,
    }
