"""What is due when: ticks and batches by time."""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import NamedTuple

__all__ = ["Tick", "Timetable"]


class Tick(NamedTuple):
    """A tick that is due: ``seconds`` after the one before it."""

    due: float
    task: int
    seconds: float


class Timetable:
    """The ticks of all tasks, for ever, and the batches that wait for their time."""

    def __init__(self) -> None:
        self._ticks: list[Tick] = []
        self._deadlines: dict[int, float] = {}

    @property
    def has_batches(self) -> bool:
        """Whether a batch waits."""
        return bool(self._deadlines)

    def start_ticks(self, now: float, seconds: dict[int, float]) -> None:
        """Begin anew: for each task, the seconds between its ticks."""
        self._deadlines.clear()
        self._ticks = [Tick(now + every, task, every) for task, every in seconds.items()]
        heapify(self._ticks)

    def set_deadline(self, task: int, deadline: float | None) -> None:
        """Note when a task's batch is due; None for never."""
        if deadline is None:
            self._deadlines.pop(task, None)
        else:
            self._deadlines[task] = deadline

    def next_due(self) -> float:
        """Engine time of what comes next; infinite if nothing ever does."""
        due = self._ticks[0].due if self._ticks else math.inf
        return min(due, *self._deadlines.values()) if self._deadlines else due

    def ticks_due(self, now: float) -> list[Tick]:
        """Take the ticks that are due by now. One that comes late comes once, not in a burst."""
        due = []
        while self._ticks and self._ticks[0].due <= now:
            tick = heappop(self._ticks)
            due.append(tick)
            following = tick.due + tick.seconds
            if following <= now:
                following = now + tick.seconds
            heappush(self._ticks, tick._replace(due=following))
        return due

    def batches_due(self, now: float) -> list[int]:
        """Take the tasks whose batch is due by now."""
        due = [task for task, deadline in self._deadlines.items() if deadline <= now]
        for task in due:
            del self._deadlines[task]
        return due
