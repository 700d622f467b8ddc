"""``pykafka storm slot-usage``: which topologies use the slots of each supervisor."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..output import print_json, print_table
from .places import Place, place_options
from .words import NOTHING, counted

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus
    from ...storm.nimbus.reports import SupervisorState

__all__ = ["slot_usage"]


class _Usage(NamedTuple):
    """What topologies have of one supervisor: workers and executors, by topology."""

    supervisor: SupervisorState
    workers: Counter[str]
    executors: Counter[str]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@place_options
def slot_usage(place: Place, as_json: bool) -> None:
    """Show how many workers and executors each topology has on each supervisor, and how many
    slots are free."""
    with place.nimbus() as nimbus:
        usages = _usages(nimbus)
    if as_json:
        print_json([_as_json(usage) for usage in usages])
        return
    print_table(
        ["Host", "Supervisor", "Slots", "Used", "Topology", "Workers", "Executors"],
        [row for usage in usages for row in _rows(usage)],
    )
    slots = sum(usage.supervisor.slots for usage in usages)
    free = slots - sum(usage.workers.total() for usage in usages)
    print(f"{free} of {counted(slots, 'slot')} free.")


def _usages(nimbus: Nimbus) -> list[_Usage]:
    supervisors = sorted(nimbus.cluster().supervisors, key=lambda each: (each.host, each.id))
    usages = {each.id: _Usage(each, Counter(), Counter()) for each in supervisors}
    for worker in nimbus.workers():
        # One of a supervisor that has come in between.
        if usage := usages.get(worker.supervisor_id):
            usage.workers[worker.topology] += 1
            usage.executors[worker.topology] += worker.executors
    return [*usages.values()]


def _rows(usage: _Usage) -> list[tuple[object, ...]]:
    which = usage.supervisor
    fixed = (which.host, which.id, which.slots, usage.workers.total())
    return [
        (*fixed, topology, number, usage.executors[topology])
        for topology, number in sorted(usage.workers.items())
    ] or [(*fixed, NOTHING, 0, 0)]


def _as_json(usage: _Usage) -> dict[str, Any]:
    return {
        "host": usage.supervisor.host,
        "supervisor": usage.supervisor.id,
        "slots": usage.supervisor.slots,
        "used": usage.workers.total(),
        "topologies": [
            {"topology": topology, "workers": number, "executors": usage.executors[topology]}
            for topology, number in sorted(usage.workers.items())
        ],
    }
