"""What is left of runs that were interrupted: kept aside, or to be handed over next."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from ...core.partition_keys import PartitionKey
from .source import Run

__all__ = ["InterruptedRuns"]


class InterruptedRuns:
    """At most one of each partition; guarded by whoever has it."""

    def __init__(self) -> None:
        self._aside: dict[PartitionKey, Run] = {}
        self._next: deque[Run] = deque()

    def next(self) -> Run | None:
        """The one that is to be handed over next, if there is one."""
        return self._next.popleft() if self._next else None

    def begin_with(self, run: Run) -> None:
        """Hand this one over next."""
        self._next.appendleft(run)

    def set_aside(self, keys: Collection[PartitionKey], run: Run | None) -> None:
        """Hand nothing of these partitions over; ``run`` is what is left of one of them."""
        if run is not None:
            self._aside[run.key] = run
        for one in [one for one in self._next if one.key in keys]:
            self._next.remove(one)
            self._aside[one.key] = one

    def bring_back(self, keys: Collection[PartitionKey]) -> None:
        """Hand these over again."""
        self._next.extend(self._aside.pop(key) for key in list(self._aside) if key in keys)

    def forget(self, keys: Collection[PartitionKey]) -> None:
        """Keep nothing of these."""
        self.set_aside(keys, None)
        for key in keys:
            self._aside.pop(key, None)

    def clear(self) -> None:
        """Keep nothing at all."""
        self._aside.clear()
        self._next.clear()
