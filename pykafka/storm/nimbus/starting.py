"""Waiting until a topology that was submitted runs, or says why it does not."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...exceptions import WaitTimedOutError
from ..exceptions import ComponentStartError
from .client import Nimbus
from .failures import has_traceback, own_words
from .reports import Failure, TopologyReport

__all__ = ["await_started"]

#: Seconds between looks.
_LOOK_EVERY = 0.5

#: Told what is waited for, in a line, whenever that changes.
Tell = Callable[[str], None]


def _ignore(_line: str) -> None:
    pass


def await_started(
    nimbus: Nimbus, name: str, within: float, tell: Tell = _ignore, *, settled: float = 5.0
) -> TopologyReport:
    """Return once all executors of a topology are up and none of its components has failed.

    A component's process answers Storm before it imports the component, so that a class which
    does not import fails a moment after its executor is up. Of an inactive topology no more can be
    seen than that its executors have workers: Storm starts no component before it is active.

    :param within: seconds for all executors to be up. Less than 90 may be too few for a topology
        that is well: executors tell that they are up when they start or, having missed that, a
        minute later (``executor.metrics.frequency.secs`` of the cluster; Storm 2.8.3, observed).
    :param tell: told what is waited for.
    :param settled: seconds that nothing may fail for after that.
    :raises ComponentStartError: a component reported an error; with the worker's traceback. The
        topology stays: Storm goes on trying to start it.
    :raises WaitTimedOutError: some executors are not up by then; says what is known of why.
    :raises TopologyNotRunningError: there is no topology of that name.
    :raises NimbusError: for other reasons of the cluster's.
    """
    deadline = time.monotonic() + within
    settled_at: float | None = None
    told = ""
    while True:
        failures = nimbus.topology_errors(name)
        if failures:
            raise _start_error(name, failures)
        report = nimbus.topology_report(name)
        state = _in_words(report)
        if state != told:
            tell(state)
            told = state
        now = time.monotonic()
        if not _all_started(report):
            settled_at = None
        elif settled_at is None:
            settled_at = now + settled
        elif now >= settled_at:
            return report
        if settled_at is None and now > deadline:
            raise WaitTimedOutError(_late(nimbus, report, within))
        time.sleep(_LOOK_EVERY)


def _all_started(report: TopologyReport) -> bool:
    if report.topology.status == "INACTIVE":
        # Its executors tell nothing of themselves (Storm 2.8.3, observed): that they have
        # workers is all there is to see.
        return bool(report.executors)
    return bool(report.executors) and all(each.started for each in report.executors)


def _in_words(report: TopologyReport) -> str:
    if not report.executors:
        return "waiting for workers"
    workers = len({(each.host, each.port) for each in report.executors})
    where = f"on {workers} worker{'s' if workers != 1 else ''}"
    if report.topology.status == "INACTIVE":
        return f"{len(report.executors)} executors of an inactive topology are {where}"
    up = sum(each.started for each in report.executors)
    return f"{up} of {len(report.executors)} executors are up, {where}"


def _late(nimbus: Nimbus, report: TopologyReport, within: float) -> str:
    """What to say when the time is up."""
    name = report.topology.name
    text = f"topology {name!r} has not started within {within:g} s: {_in_words(report)}"
    if report.executors:
        return f"{text}; pykafka storm tail {name} shows what its workers log"
    supervisors = nimbus.cluster().supervisors
    slots = sum(each.slots for each in supervisors)
    if sum(each.used_slots for each in supervisors) >= slots:
        return f"{text}; none of the cluster's {slots} slots is free: end another topology"
    return f"{text}; {report.topology.scheduling or 'the log of Nimbus may say why'}"


def _start_error(name: str, failures: list[Failure]) -> ComponentStartError:
    """The error for the first of the failures that tells most."""
    first = next(filter(has_traceback, failures), failures[0])
    where = f" on {first.host}:{first.port}" if first.host else ""
    return ComponentStartError(
        first.component,
        first.host,
        first.port,
        f"component {first.component!r} of topology {name!r} failed{where}:\n{own_words(first)}",
    )
