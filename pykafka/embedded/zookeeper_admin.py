"""What clusters before 4.0 keep in ZooKeeper, changed there directly.

Kafka's own tools do the same, at two seconds a call for the JVM. The formats hold for 0.8.2
to 3.9 (which adds what is newer, such as the topic's id, itself).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence

from ..exceptions import UsageError
from .topics import Placement
from .zookeeper_connection import NoNodeError, connected

__all__ = ["ZookeeperTopics", "forget_broker"]


class ZookeeperTopics:
    """Topics of the cluster at ``address``, made on ``brokers`` (ids; those that run if None)."""

    def __init__(self, address: str, brokers: Sequence[int] | None = None) -> None:
        self._address = address
        self._brokers = brokers

    def create(
        self, name: str, partitions: int, replication_factor: int, config: Mapping[str, str]
    ) -> None:
        """Write the topic's nodes; the controller does the rest.

        :raises UsageError: it exists.
        """
        path, settings = f"/brokers/topics/{name}", f"/config/topics/{name}"
        with connected(self._address) as zookeeper:
            brokers = self._brokers or sorted(map(int, zookeeper.get_children("/brokers/ids")))
            if zookeeper.exists(path):
                raise UsageError(f"topic {name!r} exists")
            # First, since the controller acts on the other.
            zookeeper.ensure_path(settings)
            zookeeper.set(settings, _json({"version": 1, "config": dict(config)}))
            assignment = _assign(partitions, replication_factor, brokers)
            content = _json({"version": 1, "partitions": assignment})
            zookeeper.create(path, content, makepath=True)

    def delete(self, name: str) -> None:
        """Ask the controller to delete the topic."""
        with connected(self._address) as zookeeper:
            zookeeper.ensure_path(f"/admin/delete_topics/{name}")

    def names(self) -> list[str]:
        """The topics that are registered."""
        with connected(self._address) as zookeeper:
            return sorted(zookeeper.get_children("/brokers/topics"))

    def placements(self, name: str) -> dict[int, Placement]:
        """Where the partitions are, as leaders and the controller have written it down."""
        path, found = f"/brokers/topics/{name}", {}
        with connected(self._address) as zookeeper:
            assignment = json.loads(zookeeper.get(path)[0])["partitions"]
            for partition, replicas in assignment.items():
                with contextlib.suppress(NoNodeError):
                    content, _ = zookeeper.get(f"{path}/partitions/{partition}/state")
                    state = json.loads(content)
                    leader = state["leader"] if state["leader"] >= 0 else None
                    in_sync = frozenset(state["isr"])
                    found[int(partition)] = Placement(leader, tuple(replicas), in_sync)
        return found


def _assign(
    partitions: int, replication_factor: int, brokers: Sequence[int]
) -> dict[str, list[int]]:
    """Replicas of each partition, its preferred leader first, turning through the brokers."""
    return {
        str(partition): [
            brokers[(partition + replica) % len(brokers)] for replica in range(replication_factor)
        ]
        for partition in range(partitions)
    }


def forget_broker(address: str, broker_id: int) -> None:
    """Remove what a killed broker left, as ZooKeeper does when the session expires.

    Broker 0.8.2.2, observed: one that was the controller, and is started again before that,
    takes the old registration for its own and fails to give it up when it goes: the cluster
    then has no controller.
    """
    with connected(address) as zookeeper:
        with contextlib.suppress(NoNodeError):
            content, _ = zookeeper.get("/controller")
            if json.loads(content)["brokerid"] == broker_id:
                zookeeper.delete("/controller")
        with contextlib.suppress(NoNodeError):
            zookeeper.delete(f"/brokers/ids/{broker_id}")


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content).encode()
