"""Time as components see it: stepped by the engine, or the machine's."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "RealClock", "SteppedClock"]

#: Seconds between two looks at spouts that have nothing, as Storm waits.
_IDLE = 0.001


class Clock(Protocol):
    """Seconds since the start of a run."""

    def time(self) -> float:
        """Tell the time."""

    def took(self, seconds: float) -> None:
        """Let the time pass that something takes under Storm."""

    def wait(self, due: float) -> None:
        """Let time pass while nothing happens, at most until something is due."""


class SteppedClock:
    """Stands still until it is moved, so that each run is the same."""

    def __init__(self) -> None:
        self._now = 0.0

    def time(self) -> float:
        """Tell the time."""
        return self._now

    def took(self, seconds: float) -> None:
        """Move on."""
        # Without rounding a thousand milliseconds are a little less than a second.
        self._now = round(self._now + seconds, 6)

    def move_to(self, due: float) -> None:
        """Move on to a time, never back."""
        self._now = max(self._now, due)

    def wait(self, due: float) -> None:
        """Jump to what is due."""
        self.move_to(due)


class RealClock:
    """The machine's: what takes time takes it by itself."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def time(self) -> float:
        """Tell the time."""
        return time.monotonic() - self._start

    def took(self, seconds: float) -> None:
        """Nothing: it passed."""

    def wait(self, due: float) -> None:
        """Sleep a moment: a spout may have something before anything is due."""
        left = min(_IDLE, due - self.time())
        if left > 0:
            time.sleep(left)
