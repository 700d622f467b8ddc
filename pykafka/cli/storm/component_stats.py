"""What one component of a topology has done, by stream and by executor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ...storm.nimbus.reports import (
    ComponentPage,
    ComponentReport,
    ExecutorReport,
    StreamReport,
    TopologyReport,
)
from ..output import print_table
from .counts import (
    BOLT_HEADS,
    SPOUT_HEADS,
    cells,
    counts_as_json,
    has_reported,
    no_counts_yet,
    unless_unreported,
)
from .topology_stats import topology_in_words
from .words import NOTHING, duration, failure_in_words, milliseconds, or_nothing

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus

__all__ = ["ComponentLook", "look"]


class ComponentLook(NamedTuple):
    """A component at one moment.

    :ivar reported: whether anything of it has told its counts.
    :ivar executors: those that run, whether they have told anything or not, by their tasks; and
        what each has done.
    """

    report: TopologyReport
    page: ComponentPage
    reported: bool
    executors: Sequence[tuple[ExecutorReport, ComponentReport]]

    def print(self) -> None:
        """As tables."""
        whole = self.page.whole
        heads = SPOUT_HEADS if whole.kind == "spout" else BOLT_HEADS
        print(topology_in_words(self.report))
        print(f"\n{whole.kind.capitalize()} {whole.id}")
        print_table(
            ["Executors", "Tasks", *heads],
            [
                (
                    whole.executors,
                    whole.tasks,
                    *cells(unless_unreported(whole, self.reported)),
                )
            ],
        )
        read = [each for each in self.page.streams if each.source is not None]
        emitted = [each for each in self.page.streams if each.source is None]
        if read:
            print("\nReads")
            print_table(
                ["From", "Stream", "Executed", "Acked", "Failed", "Execute ms", "Process ms"],
                [_read_cells(each) for each in read],
            )
        if emitted:
            print("\nEmits")
            print_table(
                ["Stream", "Emitted", "Transferred", *_acks_heads(whole)],
                [_emitted_cells(each) for each in emitted],
            )
        if self.executors:
            print("\nExecutors")
            print_table(
                ["Tasks", "Host", "Port", "Uptime", *heads],
                [
                    (_tasks(each), each.host, each.port, duration(each.uptime), *cells(done))
                    for each, done in self.executors
                ],
            )
        if self.page.failures:
            print("\nErrors")
            for failure in reversed(self.page.failures):
                print(failure_in_words(failure))
        if not self.reported:
            print(f"\n{no_counts_yet(whole.id, self.report.topology.uptime)}")

    def as_json(self) -> dict[str, Any]:
        """For programs; ``reported`` says whether there are counts; times in seconds."""
        whole = self.page.whole
        return {
            "topology": self.report.topology.name,
            "component": whole.id,
            "kind": whole.kind,
            "window": self.report.window,
            "reported": self.reported,
            "executors": whole.executors,
            "tasks": whole.tasks,
            **counts_as_json(unless_unreported(whole, self.reported)),
            "streams": [
                {"source": each.source, "stream": each.stream, **counts_as_json(each.counts)}
                for each in self.page.streams
            ],
            "by_executor": [
                {**asdict(each), **counts_as_json(done)} for each, done in self.executors
            ],
            "errors": [asdict(failure) for failure in self.page.failures],
        }


def look(nimbus: Nimbus, name: str, component: str, window: str) -> ComponentLook:
    """Ask Nimbus.

    :raises TopologyNotRunningError: there is no topology of that name; tells those there are.
    :raises NimbusError: it has no such component; names those it has.
    """
    page = nimbus.component_report(name, component, window)
    report = nimbus.topology_report(name, window)
    done = {each.executor.tasks: each.counts for each in page.executors}
    mine = sorted(
        (each for each in report.executors if each.component == component),
        key=lambda each: each.tasks,
    )
    return ComponentLook(
        report,
        page,
        has_reported(component, report.executors),
        [
            (
                each,
                unless_unreported(
                    done.get(each.tasks, page.whole), each.reported and each.tasks in done
                ),
            )
            for each in mine
        ],
    )


def _tasks(executor: ExecutorReport) -> str:
    first, last = executor.tasks
    return str(first) if first == last else f"{first}-{last}"


def _read_cells(stream: StreamReport) -> tuple[object, ...]:
    counts = stream.counts
    return (
        stream.source or NOTHING,
        stream.stream,
        *map(or_nothing, (counts.executed, counts.acked, counts.failed)),
        milliseconds(counts.execute_ms),
        milliseconds(counts.process_ms),
    )


def _acks_heads(whole: ComponentReport) -> tuple[str, ...]:
    return ("Acked", "Failed", "Complete ms") if whole.kind == "spout" else ()


def _emitted_cells(stream: StreamReport) -> tuple[object, ...]:
    counts = stream.counts
    emitted = (or_nothing(counts.emitted), or_nothing(counts.transferred))
    if counts.kind == "bolt":
        return (stream.stream, *emitted)
    return (
        stream.stream,
        *emitted,
        or_nothing(counts.acked),
        or_nothing(counts.failed),
        milliseconds(counts.complete_ms),
    )
