"""The seam between components and what runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["Outlet"]


class Outlet(Protocol):
    """Where what a component says goes: a worker's pipe, the in-process engine, a test.

    Called on the thread that runs the component, in the order in which things happened.
    """

    def emit(
        self,
        values: Sequence[Any],
        tup_id: Any,
        stream: str,
        anchors: Sequence[str],
        direct_task: int | None,
        need_task_ids: bool,
    ) -> list[int] | None:
        """Send a tuple.

        :param tup_id: a spout's id of a tuple that is to be acked or failed; None for none.
        :param anchors: ids of the input tuples of a bolt whose trees it joins.
        :param direct_task: the task that alone gets it, of a direct stream.
        :returns: the tasks it went to, if ``need_task_ids``; None otherwise.
        :raises SerializationError: a value cannot be sent. Nothing was.
        """

    def emit_many(self, tuples: Sequence[list[Any]], tup_ids: Sequence[str] | None) -> bool:
        """Send tuples of a spout into the default stream, if they can be sent together.

        :param tup_ids: one for each; None for none.
        :returns: whether they were sent. If not, none was, and each is to be sent by itself.
        """

    def ack(self, tup_id: Any) -> None:
        """Tell that a bolt is done with the input tuple of this id."""

    def fail(self, tup_id: Any) -> None:
        """Tell that a bolt could not process the input tuple of this id."""

    def log(self, message: str, level: int) -> None:
        """Write to Storm's log. Levels: 0 trace, 1 debug, 2 info, 3 warn, 4 error."""

    def report_error(self, message: str) -> None:
        """Tell of an error, which Storm shows with the topology."""

    def report_metric(self, name: str, value: Any) -> None:
        """Send a metric."""
