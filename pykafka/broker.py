"""A broker of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.metadata import BrokerInfo

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = ["Broker"]


class Broker:
    """One broker; found in :attr:`pykafka.cluster.Cluster.brokers`. Thread-safe."""

    def __init__(
        self, id_: int, host: str, port: int, cluster: Cluster, info: BrokerInfo | None
    ) -> None:
        self._id = id_
        self._host = host
        self._port = port
        self._cluster = cluster

    def update(self, info: BrokerInfo) -> None:
        """Follow the cluster's metadata."""
        self._host, self._port = info.host, info.port

    @property
    def id(self) -> int:
        """Its number in the cluster; -1 if it is not known."""
        return self._id

    @property
    def host(self) -> bytes:
        """The host that it is reached at."""
        return self._host.encode()

    @property
    def port(self) -> int:
        """The port that it is reached at."""
        return self._port

    def __repr__(self) -> str:
        return (
            f"<{type(self).__module__}.{type(self).__name__} id={self._id}"
            f" host={self._host}:{self._port}>"
        )
