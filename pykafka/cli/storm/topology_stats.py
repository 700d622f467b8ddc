"""What a topology has done, component by component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ...storm.nimbus.reports import ComponentReport, Failure, TopologyReport
from ..output import print_table
from .counts import (
    BOLT_HEADS,
    SPOUT_HEADS,
    cells,
    has_reported,
    no_counts_yet,
    unless_unreported,
)
from .words import counted, duration, failure_in_words

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus

__all__ = ["TopologyLook", "look", "topology_in_words"]


class TopologyLook(NamedTuple):
    """A topology at one moment.

    :ivar components: with no counts where nobody has told them.
    :ivar failures: the last of each component that had one.
    """

    report: TopologyReport
    components: Sequence[ComponentReport]
    failures: dict[str, Failure]

    def print(self) -> None:
        """As tables, of spouts and of bolts."""
        print(topology_in_words(self.report))
        for kind, heads in (("spout", SPOUT_HEADS), ("bolt", BOLT_HEADS)):
            of_kind = [each for each in self.components if each.kind == kind]
            if of_kind:
                print()
                print_table(
                    [kind.capitalize(), "Executors", "Tasks", *heads, "Last error"],
                    [
                        (
                            each.id,
                            each.executors,
                            self._tasks(each.id),
                            *cells(each),
                            failure_in_words(self.failures.get(each.id)),
                        )
                        for each in of_kind
                    ],
                )
        if not self.report.reported:
            print(f"\n{no_counts_yet(self.report.topology.name, self.report.topology.uptime)}")

    def as_json(self) -> dict[str, Any]:
        """For programs; ``reported`` says whether there are counts; times in seconds."""
        return {
            **asdict(self.report.topology),
            "window": self.report.window,
            "reported": self.report.reported,
            "components": [
                {
                    **asdict(each),
                    "tasks": self._tasks(each.id),
                    "last_failure": failure and asdict(failure),
                }
                for each in self.components
                for failure in [self.failures.get(each.id)]
            ],
            "worker_processes": [asdict(each) for each in self.report.workers],
        }

    def _tasks(self, component: str) -> int:
        """Storm's own figure is of executors that have reported."""
        return sum(
            each.tasks[1] - each.tasks[0] + 1
            for each in self.report.executors
            if each.component == component
        )


def look(nimbus: Nimbus, name: str, window: str) -> TopologyLook:
    """Ask Nimbus.

    :raises TopologyNotRunningError: there is none of that name; tells those there are.
    """
    report = nimbus.topology_report(name, window)
    components = [
        unless_unreported(each, has_reported(each.id, report.executors))
        for each in report.components
    ]
    # A component's own last failure is not told as long as it has no counts.
    failures = {failure.component: failure for failure in nimbus.topology_errors(name)}
    return TopologyLook(report, components, failures)


def topology_in_words(report: TopologyReport) -> str:
    """Its state and what it consists of, in a sentence or two."""
    state = report.topology
    text = (
        f"Topology {state.name} ({state.id}) is {state.status}, submitted"
        f" {duration(state.uptime)} ago: {counted(state.workers, 'worker')},"
        f" {counted(state.executors, 'executor')} and {counted(state.tasks, 'task')}"
        " (Storm's own among them)."
    )
    if not state.workers and state.scheduling:
        text += f" {state.scheduling}."
    return text
