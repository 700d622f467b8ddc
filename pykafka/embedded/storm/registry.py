"""What Storm's servers write into ZooKeeper about themselves."""

from __future__ import annotations

from ..zookeeper_connection import KazooClient, NoNodeError

__all__ = ["Registry"]


class Registry:
    """Nimbus and supervisors as ZooKeeper knows them.

    :param client: connected to it.
    :param root: ``storm.zookeeper.root``.
    """

    def __init__(self, client: KazooClient, root: str) -> None:
        self._client = client
        self._supervisors = f"{root}/supervisors"
        self._nimbuses = f"{root}/nimbuses"
        self._leadership = f"{root}/leader-lock"

    def supervisors(self) -> frozenset[str]:
        """The ids of the supervisors that are there."""
        return frozenset(self._children(self._supervisors))

    def nimbuses(self) -> frozenset[str]:
        """The host of each Nimbus that is there: no two can have the same one."""
        return frozenset(self._children(self._nimbuses))

    def leader(self) -> str | None:
        """The address (``"host:port"``) of the Nimbus that leads; None while there is none."""
        candidates = self._candidates()
        return candidates[0][1] if candidates else None

    def forget_nimbus(self, address: str) -> None:
        """Remove what a killed Nimbus left, as ZooKeeper does when the session expires.

        One that is started again before that would be taken for there, and for the leader,
        without being either.
        """
        for node, candidate in self._candidates():
            if candidate == address:
                self._delete(f"{self._leadership}/{node}")
        self._delete(f"{self._nimbuses}/{address.partition(':')[0]}")

    def forget_supervisor(self, supervisor: str) -> None:
        """As :meth:`forget_nimbus`, for the supervisor of that id."""
        self._delete(f"{self._supervisors}/{supervisor}")

    def _candidates(self) -> list[tuple[str, str]]:
        """Who leads and who would next: node and address. Curator's latch goes by the number
        that ZooKeeper gave to each node."""
        found = []
        for node in sorted(self._children(self._leadership), key=lambda node: node[-10:]):
            try:
                content, _ = self._client.get(f"{self._leadership}/{node}")
            except NoNodeError:
                continue
            # A port for TLS may follow.
            host, port, *_ = content.decode().split(":")
            found.append((node, f"{host}:{port}"))
        return found

    def _children(self, path: str) -> list[str]:
        try:
            children: list[str] = self._client.get_children(path)
        except NoNodeError:
            return []
        return children

    def _delete(self, path: str) -> None:
        try:
            self._client.delete(path)
        except NoNodeError:
            return
