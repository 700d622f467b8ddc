"""What happened in a run, for tests and for people to look at."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Emission", "ErrorReport", "LogLine", "Metric", "Record"]

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")


class Emission(NamedTuple):
    """A tuple that was emitted.

    :ivar task: that emitted it.
    :ivar values: as its readers get them, after a trip through JSON.
    :ivar message_id: the spout's id; None of bolts and of tuples that are not tracked.
    :ivar anchors: ids of the input tuples it was anchored to.
    :ivar targets: tasks that it went to.
    """

    component: str
    task: int
    stream: str
    values: list[Any]
    message_id: Any
    anchors: tuple[str, ...]
    targets: tuple[int, ...]


class LogLine(NamedTuple):
    """What a component logged. Levels: 0 trace, 1 debug, 2 info, 3 warn, 4 error."""

    component: str
    task: int
    level: int
    message: str

    def __str__(self) -> str:
        return f"{_LEVELS[self.level]} {self.component}[{self.task}] {self.message}"


class ErrorReport(NamedTuple):
    """An error that a component reported, with its traceback."""

    component: str
    task: int
    message: str


class Metric(NamedTuple):
    """A metric that a component sent."""

    component: str
    task: int
    name: str
    value: Any


class Record:
    """All that components emitted, logged and reported, and how their ids ended.

    :param keep: how many of each kind are kept, the latest ones, per component and stream;
        None for all.
    :param on_log: called with each line that is logged.
    """

    def __init__(self, keep: int | None, on_log: Callable[[LogLine], None] | None) -> None:
        def latest() -> deque[Any]:
            return deque(maxlen=keep)

        self._on_log = on_log
        self.emissions: dict[tuple[str, str], deque[Emission]] = defaultdict(latest)
        self.acked: dict[str, deque[Any]] = defaultdict(latest)
        self.failed: dict[str, deque[Any]] = defaultdict(latest)
        self.timed_out: dict[str, deque[Any]] = defaultdict(latest)
        self.lost: dict[str, deque[Any]] = defaultdict(latest)
        self.logs: deque[LogLine] = latest()
        self.errors: deque[ErrorReport] = latest()
        self.metrics: deque[Metric] = latest()

    def log(self, line: LogLine) -> None:
        """Keep a line and pass it on."""
        self.logs.append(line)
        if self._on_log is not None:
            self._on_log(line)
