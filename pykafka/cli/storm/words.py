"""How commands put times, counts and failures into words."""

from __future__ import annotations

import time

from ...storm.nimbus.failures import cause
from ...storm.nimbus.reports import Failure

__all__ = ["NOTHING", "counted", "duration", "failure_in_words", "milliseconds", "or_nothing"]

#: In the place of a value that there is not.
NOTHING = "-"
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def duration(seconds: int) -> str:
    """``2d 3h``, ``5m 1s``, ``0s``: the two largest units."""
    parts: list[str] = []
    for unit, size in _UNITS:
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append(f"{number}{unit}")
    return " ".join(parts[:2]) or "0s"


def counted(number: int, what: str) -> str:
    """``1 worker``, ``2 workers``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def or_nothing(value: object) -> object:
    """The value, or a dash for None."""
    return NOTHING if value is None else value


def milliseconds(value: float | None) -> str:
    """With one decimal; a dash for None."""
    return NOTHING if value is None else f"{value:.1f}"


def failure_in_words(failure: Failure | None) -> str:
    """What went wrong, where and how long ago, in a line; a dash for None."""
    if failure is None:
        return NOTHING
    ago = duration(max(int(time.time()) - failure.time, 0))
    where = f" on {failure.host}:{failure.port}" if failure.host else ""
    return f"{cause(failure)} ({ago} ago{where})"
