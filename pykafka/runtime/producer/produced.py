"""The message that a producer returns where nothing is known of it but a value."""

from __future__ import annotations

import time
from typing import Any

from ...message import Bare

__all__ = ["Produced"]


class Produced(Bare):
    """A message on its way to a broker of which only the value, and what it shares, are set.

    Its timestamp is the time when somebody first asks for it.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name == "timestamp":
            self.timestamp = now_ms = time.time_ns() // 1_000_000
            return now_ms
        return super().__getattr__(name)
