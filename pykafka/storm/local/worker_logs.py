"""What components say in workers' logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Line", "WorkerLog"]

#: A line of an embedded worker's log: time, level, logger, thread, text.
_HEAD = re.compile(
    r"\d{4}-\d\d-\d\d (?P<time>\d\d:\d\d:\d\d),\d{3} (?P<level>[A-Z]+) +(?P<logger>\S+)"
    r" (?P<thread>\S+) (?P<text>.*)"
)
#: What Storm's ShellLogHandler writes for a component's ``log``.
_SAID = re.compile(r"ShellLog pid:\d+, name:(?P<name>\S+) (?P<text>.*)")
#: Java's frames are of no use to who wrote Python.
_FRAME = re.compile(r"\s+at |\s*\.\.\. \d+ ")


@dataclass
class Line:
    """Something that was said, perhaps over several lines.

    :ivar component: who said it; Storm's logger where it was Storm.
    :ivar time: hours, minutes, seconds.
    :ivar level: ``INFO``, ``WARN``, ...
    """

    time: str
    level: str
    component: str
    text: str


class WorkerLog:
    """Reads what components log and print, and Storm's errors about them, while it is written.

    :param path: of a worker's log.
    :param components: the topology's.
    """

    def __init__(self, path: Path, components: Iterable[str]) -> None:
        self._file = path.open("rb")
        self._names = set(components)
        self._rest = b""
        #: May go on with the next line.
        self._current: Line | None = None

    def read(self) -> Iterator[Line]:
        """What has been said since the last time, and was complete then."""
        data = self._file.read()
        if not data and self._current is not None:
            yield self._current
            self._current = None
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._take(line.decode("utf-8", "replace"))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _take(self, text: str) -> Iterator[Line]:
        head = _HEAD.match(text)
        if head is None:
            if self._current is not None and not _FRAME.match(text):
                self._current.text += f"\n{text}"
            return
        if self._current is not None:
            yield self._current
        self._current = _line(head, self._names)


def _line(head: re.Match[str], names: set[str]) -> Line | None:
    said = _SAID.match(head["text"])
    if said is not None:
        return Line(head["time"], head["level"], said["name"], said["text"])
    if head["logger"] in names:  # what it printed
        return Line(head["time"], head["level"], head["logger"], head["text"])
    if head["level"] in {"ERROR", "FATAL"}:
        return Line(head["time"], head["level"], head["logger"], head["text"])
    return None
