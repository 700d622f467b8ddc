"""What can be asked of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...exceptions import UsageError
from .flow import Flow
from .layout import Layout
from .record import Emission, ErrorReport, LogLine, Metric, Record
from .task import Task

__all__ = ["Inspection"]


class Inspection:
    """The questions that an engine answers; they change nothing.

    :ivar record: all that happened; most of it has a method here.
    """

    def __init__(
        self, layout: Layout, record: Record, flow: Flow, tasks: Mapping[int, Task]
    ) -> None:
        self.record = record
        self._layout = layout
        self._flow = flow
        self._tasks = tasks

    def task(self, component: str, index: int = 0) -> Any:
        """The object that runs as one of a component's tasks.

        :raises UsageError: there is no such component or task.
        """
        objects = self.tasks(component)
        if not 0 <= index < len(objects):
            raise UsageError(f"component {component!r} has {len(objects)} tasks; none is {index}")
        return objects[index]

    def tasks(self, component: str) -> list[Any]:
        """The objects that run as a component's tasks, in the order of their numbers."""
        return [self._tasks[number].component for number in self.task_ids(component)]

    def task_ids(self, component: str) -> list[int]:
        """Numbers of a component's tasks, ascending."""
        numbers = self._layout.tasks.get(component)
        if numbers is None:
            raise UsageError(
                f"the topology has no component {component!r}; it has "
                f"{', '.join(map(repr, self._layout.tasks))}"
            )
        return list(numbers)

    def emissions(self, component: str, stream: str = "default") -> list[Emission]:
        """What all tasks of a component emitted to a stream, in order."""
        self.task_ids(component)
        return list(self.record.emissions.get((component, stream), ()))

    def emitted(self, component: str, stream: str = "default") -> list[list[Any]]:
        """The values of what all tasks of a component emitted to a stream, in order."""
        return [emission.values for emission in self.emissions(component, stream)]

    def acked(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples whose trees were acked, in order."""
        return self._ended(self.record.acked, spout)

    def failed(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that failed, time-outs included, in order."""
        return self._ended(self.record.failed, spout)

    def timed_out(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that failed by time, in order."""
        return self._ended(self.record.timed_out, spout)

    def lost(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that were under way at a restart: nobody tells the spout."""
        return self._ended(self.record.lost, spout)

    def _ended(self, ids: Mapping[str, Any], spout: str) -> list[Any]:
        self.task_ids(spout)
        return list(ids.get(spout, ()))

    def pending(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that are under way, oldest first."""
        numbers = self.task_ids(spout)
        return [tree.message_id for tree in self._flow.trees if tree.task in numbers]

    def held(self, bolt: str) -> int:
        """Count the tuples that a bolt has got, and neither acked nor failed."""
        numbers = self.task_ids(bolt)
        sent = sum(len(self._flow.held_by(number)) for number in numbers)
        return sent - sum(
            step.kind == "process" and step.task in numbers for step in self._flow.queue
        )

    def waiting(self) -> int:
        """Count the steps that wait."""
        return len(self._flow.queue)

    @property
    def logs(self) -> list[LogLine]:
        """What all components logged, in order."""
        return list(self.record.logs)

    @property
    def errors(self) -> list[ErrorReport]:
        """What all components reported as errors, in order."""
        return list(self.record.errors)

    @property
    def metrics(self) -> list[Metric]:
        """What all components sent as metrics, in order."""
        return list(self.record.metrics)
