"""Waiting for a condition, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..exceptions import WaitTimedOutError

__all__ = ["wait_until"]

#: Seconds between looks.
_INTERVAL = 0.05


def wait_until(condition: Callable[[], bool], within: float, what: str) -> None:
    """Return as soon as ``condition()`` is true.

    :raises WaitTimedOutError: it was not within ``within`` seconds; names ``what``.
    """
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise WaitTimedOutError(f"{what}: not within {within:g} s")
        time.sleep(_INTERVAL)
