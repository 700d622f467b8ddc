"""Who waits until what is queued is settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.producing import Lane

__all__ = ["Then", "Waiter"]


class Waiter:
    """Somebody who waits until lanes have settled what is in them now."""

    __slots__ = ("event", "targets")

    def __init__(self, event: Any) -> None:
        self.event = event
        self.targets: dict[Lane, int] = {}

    def is_over(self) -> bool:
        """Whether they have."""
        # A lane may be empty short of its target: threads that met a stop took messages back.
        return all(
            lane.settled >= target or not lane.unsettled() for lane, target in self.targets.items()
        )


class Then:
    """An event whose setting calls a function."""

    def __init__(self, function: Callable[[], object]) -> None:
        self.set = function
