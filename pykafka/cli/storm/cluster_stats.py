"""What a cluster consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ...storm.nimbus.reports import Cluster
from ..output import print_table
from .topology_tables import Listed, listed, print_topologies, topology_as_json
from .words import duration, or_nothing

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus

__all__ = ["ClusterLook", "look"]


class ClusterLook(NamedTuple):
    """A cluster at one moment."""

    cluster: Cluster
    topologies: Sequence[Listed]

    def print(self) -> None:
        """As tables."""
        print("Nimbus")
        print_table(
            ["Host", "Port", "Leads", "Storm", "Uptime"],
            [
                (
                    each.host,
                    each.port,
                    "yes" if each.leads else "no",
                    each.version,
                    duration(each.uptime),
                )
                for each in self.cluster.nimbuses
            ],
        )
        print("\nSupervisors")
        print_table(
            ["Host", "Supervisor", "Slots", "Used", "Storm", "Uptime"],
            [
                (
                    each.host,
                    each.id,
                    each.slots,
                    each.used_slots,
                    or_nothing(each.version),
                    duration(each.uptime),
                )
                for each in self.cluster.supervisors
            ],
        )
        print("\nTopologies")
        print_topologies(self.topologies)

    def as_json(self) -> dict[str, Any]:
        """For programs; times in seconds."""
        return {
            "nimbuses": [asdict(each) for each in self.cluster.nimbuses],
            "supervisors": [asdict(each) for each in self.cluster.supervisors],
            "topologies": [topology_as_json(each) for each in self.topologies],
        }


def look(nimbus: Nimbus) -> ClusterLook:
    """Ask Nimbus for all of it."""
    cluster = nimbus.cluster()
    return ClusterLook(cluster, listed(nimbus, cluster.topologies))
