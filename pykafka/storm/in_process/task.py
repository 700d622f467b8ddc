"""One task: a component and the outlet that it speaks into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..exceptions import RefusedEmitError, SerializationError
from .carrying import carried
from .flow import Flow, Outgoing
from .plan import ComponentPlan
from .record import ErrorReport, LogLine, Metric, Record

__all__ = ["Task"]


class Task:
    """A component of a run and its outlet.

    :ivar number: of the task, in the whole topology.
    :ivar component: the object; another one after a restart.
    :ivar running: whether it was initialized, and has not raised or been closed since.
    :ivar plan: of all tasks of this component.
    """

    def __init__(
        self,
        plan: ComponentPlan,
        number: int,
        flow: Flow,
        record: Record,
        outgoing: dict[str, Outgoing],
    ) -> None:
        self.plan = plan
        self.number = number
        self.component: Any = None
        self.running = False
        self._flow = flow
        self._record = record
        self._outgoing = outgoing
        self._source = (plan.name, number)

    @property
    def description(self) -> str:
        """What errors call it."""
        kind = "spout" if self.plan.is_spout else "bolt"
        return f"{kind} {self.plan.name!r} (task {self.number}, {self.plan.label})"

    def emit(
        self,
        values: Sequence[Any],
        tup_id: Any,
        stream: str,
        anchors: Sequence[str],
        direct_task: int | None,
        need_task_ids: bool,
    ) -> list[int] | None:
        """Send a tuple to the tasks that the groupings choose.

        :raises RefusedEmitError: Storm would refuse it.
        :raises SerializationError: a value is none that JSON carries.
        """
        outgoing = self._outgoing.get(stream)
        if outgoing is None:
            raise self._undeclared(stream)
        if outgoing.width is not None and len(values) != outgoing.width:
            raise RefusedEmitError(
                f"{self.description} emitted {list(values)!r} to stream {stream!r}: "
                f"{len(values)} for the fields {list(outgoing.stream.fields or ())}"
            )
        try:
            values = carried(values)
            if tup_id is not None and type(tup_id) is not str:
                tup_id = carried(tup_id)
        except SerializationError as error:
            raise SerializationError(
                f"{self.description} emitted {values!r} to stream {stream!r}: {error}"
            ) from error
        to = self._targets(outgoing, stream, values, direct_task)
        if self.plan.is_spout:
            self._flow.emit_root(self._source, values, tup_id, stream, to)
        else:
            self._flow.emit_from(self._source, values, anchors, stream, to)
        return list(to) if need_task_ids else None

    def _targets(
        self, outgoing: Outgoing, stream: str, values: Sequence[Any], direct_task: int | None
    ) -> Sequence[int]:
        if direct_task is not None:
            return self._direct_target(outgoing, stream, direct_task)
        if outgoing.stream.direct:
            raise RefusedEmitError(
                f"{self.description} emitted to stream {stream!r} without a task, but the stream "
                "is direct: name the task with direct_task"
            )
        readers = outgoing.readers
        if len(readers) == 1:
            return readers[0](values)
        return [task for choose in readers for task in choose(values)]

    def _direct_target(self, outgoing: Outgoing, stream: str, task: int) -> Sequence[int]:
        if not outgoing.stream.direct:
            raise RefusedEmitError(
                f"{self.description} emitted to task {task} by stream {stream!r}, which is not "
                "direct: declare it as Stream(..., direct=True)"
            )
        if task not in outgoing.direct_tasks:
            raise RefusedEmitError(
                f"{self.description} emitted to task {task} by stream {stream!r}, which that "
                "task does not read by direct grouping; the tasks that do: "
                f"{sorted(outgoing.direct_tasks)}"
            )
        return [task]

    def _undeclared(self, stream: str) -> RefusedEmitError:
        declared = ", ".join(map(repr, self._outgoing)) or "none"
        return RefusedEmitError(
            f"{self.description} emitted to stream {stream!r}, which its outputs do not declare; "
            f"declared: {declared}"
        )

    def emit_many(self, tuples: Sequence[list[Any]], tup_ids: Sequence[str] | None) -> bool:
        """Nothing is gained by that here."""
        return False

    def ack(self, tup_id: Any) -> None:
        """A bolt is done with a tuple."""
        self._flow.ack(self.plan.name, self.number, tup_id)

    def fail(self, tup_id: Any) -> None:
        """A bolt could not process a tuple."""
        self._flow.fail(self.plan.name, self.number, tup_id)

    def log(self, message: str, level: int) -> None:
        """Keep a line of the log."""
        self._record.log(LogLine(self.plan.name, self.number, level, message))

    def report_error(self, message: str) -> None:
        """Keep a report."""
        self._record.errors.append(ErrorReport(self.plan.name, self.number, message))

    def report_metric(self, name: str, value: Any) -> None:
        """Keep a metric."""
        self._record.metrics.append(Metric(self.plan.name, self.number, name, value))
