"""``pykafka storm rebalance``: spread a topology anew over workers."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from ...exceptions import WaitTimedOutError
from ...storm.exceptions import NimbusError
from .naming import topology_options
from .places import Place, place_options
from .switching import check_not_ending
from .words import counted

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus
    from ...storm.nimbus.reports import TopologyState

__all__ = ["rebalance"]

#: Seconds beyond the wait for Nimbus to have it done, and between looks.
_GRACE = 60.0
_LOOK_EVERY = 0.5
_MESSAGE_TIMEOUT = "topology.message.timeout.secs"


def _shares(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, int]:
    """Each ``COMPONENT=N``."""
    shares: dict[str, int] = {}
    for text in texts:
        component, _, number = text.rpartition("=")
        if not component or not number.isdecimal() or not int(number):
            raise click.BadParameter(f"{text!r} is not COMPONENT=N with an N of 1 or more")
        shares[component] = int(number)
    return shares


@click.command()
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.IntRange(min=0),
    help="For what is on its way to be worked off, before workers end and start."
    "  [default: the topology's message time-out]",
)
@click.option(
    "-w", "--workers", metavar="N", type=click.IntRange(min=1), help="As many workers from then on."
)
@click.option(
    "-p",
    "--parallelism",
    "executors",
    metavar="COMPONENT=N",
    multiple=True,
    callback=_shares,
    help="As many executors of a component; repeatable. No more than it has tasks, whose number"
    " stays as it was submitted.",
)
@place_options
@topology_options
def rebalance(
    place: Place, name: str, wait: int | None, workers: int | None, executors: dict[str, int]
) -> None:
    """Spread TOPOLOGY (by default the project's only one) anew over the supervisors there are: its
    spouts pause, and after the wait its workers end and start as they are to be. Returns when
    Nimbus has given it its workers."""
    from ...storm.nimbus import submission

    with place.nimbus() as nimbus:
        check_not_ending(nimbus, name)
        if executors:
            _check_shares(nimbus, name, executors)
        if wait is None:
            wait = int(nimbus.topology_configuration(name)[_MESSAGE_TIMEOUT])
        submission.rebalance(nimbus, name, wait, workers, executors)
        click.echo(f"{name} is spread anew in {wait} s.")
        state = _await_spread(nimbus, name, wait + _GRACE)
        click.echo(
            f"{name} is {state.status}, with {counted(state.workers, 'worker')} and"
            f" {counted(state.executors, 'executor')} (Storm's own among them)."
        )


def _check_shares(nimbus: Nimbus, name: str, executors: dict[str, int]) -> None:
    """Storm passes over names that it does not know, and caps what is too much.

    :raises NimbusError: the topology has no such component, or that one not so many tasks.
    """
    report = nimbus.topology_report(name)
    known = {component.id for component in report.components}
    tasks = Counter[str]()
    for executor in report.executors:
        tasks[executor.component] += executor.tasks[1] - executor.tasks[0] + 1
    for component, wanted in executors.items():
        if component not in known:
            there = ", ".join(sorted(known))
            raise NimbusError(f"topology {name!r} has no {component!r}; it has {there}")
        # While it has no worker, nobody tells how many there are.
        if 0 < tasks[component] < wanted:
            raise NimbusError(
                f"component {component!r} of topology {name!r} has {tasks[component]} tasks: more"
                " executors than that it can have only if it is submitted anew"
            )


def _await_spread(nimbus: Nimbus, name: str, within: float) -> TopologyState:
    """:raises WaitTimedOutError: Nimbus has not done it by then."""
    deadline = time.monotonic() + within
    while (state := nimbus.topology(name)).status == "REBALANCING" or not state.workers:
        if time.monotonic() > deadline:
            raise WaitTimedOutError(
                f"topology {name!r} is {state.status} with {counted(state.workers, 'worker')}"
                f" after {within:g} s: {state.scheduling or 'is a slot free?'}"
            )
        time.sleep(_LOOK_EVERY)
    return state
