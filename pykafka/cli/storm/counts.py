"""What components have counted: as cells of tables, and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from ...storm.nimbus.reports import ComponentReport, ExecutorReport
from .words import duration, milliseconds, or_nothing

__all__ = [
    "BOLT_HEADS",
    "SPOUT_HEADS",
    "cells",
    "counts_as_json",
    "has_reported",
    "no_counts_yet",
    "unless_unreported",
]

SPOUT_HEADS = ("Emitted", "Transferred", "Acked", "Failed", "Complete ms")
BOLT_HEADS = (
    *("Emitted", "Transferred", "Executed", "Acked", "Failed"),
    *("Execute ms", "Process ms", "Capacity"),
)
_COUNTS = ("emitted", "transferred", "acked", "failed", "executed", "capacity")
_LATENCIES = ("complete_ms", "execute_ms", "process_ms")


def cells(report: ComponentReport) -> tuple[object, ...]:
    """Those under :data:`SPOUT_HEADS` or :data:`BOLT_HEADS`."""
    if report.kind == "spout":
        counts = (report.emitted, report.transferred, report.acked, report.failed)
        return (*map(or_nothing, counts), milliseconds(report.complete_ms))
    counted = (report.emitted, report.transferred, report.executed, report.acked, report.failed)
    return (
        *map(or_nothing, counted),
        milliseconds(report.execute_ms),
        milliseconds(report.process_ms),
        or_nothing(None if report.capacity is None else f"{report.capacity:.3f}"),
    )


def counts_as_json(report: ComponentReport) -> dict[str, Any]:
    """Without what a table of counts does not have."""
    values = asdict(report)
    return {name: values[name] for name in (*_COUNTS, *_LATENCIES)}


def has_reported(component: str, executors: Iterable[ExecutorReport]) -> bool:
    """Whether some executor of a component has told its counts."""
    return any(each.reported for each in executors if each.component == component)


def unless_unreported(report: ComponentReport, reported: bool) -> ComponentReport:
    """The same, with no counts in the place of the zeros that nobody has told."""
    if reported:
        return report
    nothing: dict[str, None] = dict.fromkeys((*_COUNTS, *_LATENCIES))
    return replace(report, **nothing)  # type: ignore[arg-type]  # each of them may be None


def no_counts_yet(what: str, uptime: int) -> str:
    """What to say in the place of counts."""
    return (
        f"No worker has told the counts of {what} yet: they do so about once a minute"
        f" (submitted {duration(uptime)} ago)."
    )
