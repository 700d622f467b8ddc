"""Topologies of a cluster as a table, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ...storm.exceptions import TopologyNotRunningError
from ...storm.nimbus.reports import Failure, TopologyState
from ..output import print_table
from .words import duration

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus

__all__ = ["Listed", "listed", "print_topologies", "topology_as_json"]


class Listed(NamedTuple):
    """A topology with the errors that Storm has kept of it (the last ten of each component)."""

    state: TopologyState
    failures: Sequence[Failure]


def listed(nimbus: Nimbus, states: Sequence[TopologyState]) -> list[Listed]:
    """Topologies by name, with their errors. One that has ended meanwhile has none."""
    return [
        Listed(state, _failures(nimbus, state.name))
        for state in sorted(states, key=lambda state: state.name)
    ]


def _failures(nimbus: Nimbus, name: str) -> Sequence[Failure]:
    try:
        return nimbus.topology_errors(name)
    except TopologyNotRunningError:
        return ()


def print_topologies(topologies: Sequence[Listed]) -> None:
    """A table; and why the scheduler has given some no worker."""
    print_table(
        ["Topology", "Status", "Uptime", "Workers", "Executors", "Tasks", "Errors"],
        [
            (
                each.state.name,
                each.state.status,
                duration(each.state.uptime),
                each.state.workers,
                each.state.executors,
                each.state.tasks,
                len(each.failures),
            )
            for each in topologies
        ],
    )
    for each in topologies:
        if not each.state.workers and each.state.scheduling:
            print(f"{each.state.name} has no worker: {each.state.scheduling}")


def topology_as_json(topology: Listed) -> dict[str, Any]:
    """Times are in seconds."""
    last = asdict(topology.failures[-1]) if topology.failures else None
    return {**asdict(topology.state), "errors": len(topology.failures), "last_error": last}
