"""What members have told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Event", "EventFile", "Place"]

#: A topic's name and the id of a partition.
Place = tuple[str, int]


class Event(NamedTuple):
    """Something that happened to a member, at ``t`` seconds of CLOCK_MONOTONIC.

    ``event`` is ``ready`` (it is started), ``assigned``, ``revoked`` or ``lost`` (a partition),
    ``delivered`` (a message), ``committed`` (``offset`` is the next to be read), ``stopping``
    (it has called its client's end), ``stopped``, ``session`` (it has another one in ZooKeeper),
    or ``error`` (``value`` says which).
    """

    t: float
    member: str
    event: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    value: str | None = None
    #: Of ``session``; the password in hexadecimal digits.
    session: int | None = None
    password: str | None = None

    @property
    def place(self) -> Place:
        """The partition that it is about."""
        assert self.topic is not None
        assert self.partition is not None
        return self.topic, self.partition


class EventFile:
    """The events of one member, read as they are written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """All so far; the same list at each call, longer."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
            # A line that is being written is left for the next time.
            whole = content[: content.rfind(b"\n") + 1]
            self._read += len(whole)
            self._events += map(_event, whole.splitlines())
        return self._events


def _event(line: bytes) -> Event:
    fields: dict[str, Any] = json.loads(line)
    return Event(**fields)
