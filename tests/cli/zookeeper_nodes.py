"""What members of other clients leave in ZooKeeper, written by hand."""

from __future__ import annotations

import json

from kazoo.client import KazooClient

__all__ = ["GroupNodes"]


class GroupNodes:
    """The nodes of a group."""

    def __init__(self, zookeeper: KazooClient, group: str) -> None:
        self.name = group
        self._zookeeper = zookeeper

    def write(self, path: str, data: str) -> None:
        """Below the group."""
        self._zookeeper.create(f"/consumers/{self.name}/{path}", data.encode(), makepath=True)

    def java_member(self, id_: str, kind: str, **streams: int) -> None:
        """A member of the high-level consumer."""
        said = {"version": 1, "subscription": streams, "pattern": kind, "timestamp": "1"}
        self.write(f"ids/{id_}", json.dumps(said))
