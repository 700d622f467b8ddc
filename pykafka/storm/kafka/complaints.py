"""Telling Storm of what goes wrong, without telling it again with every tuple."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["Complaints"]

#: Seconds for which a kind of error is only counted after it was told.
_QUIET_S = 60.0


class Complaints:
    """Tells each kind of error when it comes first, and then at most once a minute.

    :param tell: shows an error with the tuple that it is about.
    :param log: writes a line of text.
    """

    def __init__(
        self, tell: Callable[[BaseException, Any], None], log: Callable[[str], None]
    ) -> None:
        self._tell = tell
        self._log = log
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def __call__(self, what: str, error: Exception, about: Any = None, count: int = 1) -> None:
        """Tell, or count.

        :param what: what went wrong; with the error's type, the kind.
        :param about: the tuple, if there is one.
        :param count: how many tuples it is about.
        """
        kind = f"{what}: {type(error).__name__}"
        now = time.monotonic()
        if now - self._told.get(kind, -_QUIET_S) < _QUIET_S:
            self._untold[kind] = self._untold.get(kind, 0) + count
            return
        self._told[kind] = now
        self._say_untold(kind)
        self._log(f"{what} ({count} tuples): {error}" if count > 1 else f"{what}: {error}")
        self._tell(error, about)

    def close(self) -> None:
        """Tell what was only counted."""
        for kind in list(self._untold):
            self._say_untold(kind)

    def _say_untold(self, kind: str) -> None:
        count = self._untold.pop(kind, 0)
        if count:
            self._log(f"{kind}: {count} more since that was last told")
