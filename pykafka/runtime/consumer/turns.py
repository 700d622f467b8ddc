"""Partitions with something to hand over take turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from .source import Run

__all__ = ["TakesTurns", "Turns"]


class TakesTurns(Protocol):
    """One partition that may have something.

    :ivar held: its turns are passed over.
    :ivar listed: whether it is on the line.
    """

    held: bool
    listed: bool

    def has_data(self) -> bool:
        """Whether taking may bring something."""


_Feed = TypeVar("_Feed", bound=TakesTurns)


class Turns(Generic[_Feed]):
    """Feeds with data, in the order of their turn. The I/O thread adds to it, too."""

    def __init__(self) -> None:
        self._line: deque[_Feed] = deque()

    def filled(self, feed: _Feed) -> None:
        """A feed may have something; on the I/O thread."""
        if not feed.listed:
            feed.listed = True
            self._line.append(feed)

    def next_run(self, take: Callable[[_Feed], Run | None]) -> Run | None:
        """What the first one that has something gives; ``None`` if none has."""
        line = self._line
        while line:
            feed = line.popleft()
            # Off the line first, then looked at: the I/O thread, which looks whether it is on
            # the line after it has added data, either sees it off or has added what is found.
            feed.listed = False
            if feed.held:
                continue
            run = take(feed)
            if not feed.listed and feed.has_data():
                feed.listed = True
                line.append(feed)
            if run is not None:
                return run
        return None

    def clear(self) -> None:
        """Nobody has anything."""
        self._line.clear()
