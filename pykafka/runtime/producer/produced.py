"""The message that a producer returns where nothing is known of it but a value."""

from __future__ import annotations

import time
from typing import Any

from ...message import Message

__all__ = ["Produced"]


class Produced(Message):
    """A message on its way to a broker of which only the value, and what it shares, are set.

    Made without arguments. What is not set costs nothing until somebody asks for it; its
    timestamp is the time when that is first done.
    """

    __slots__ = ()

    # In C, where Message's own would be a call for each.
    __init__ = object.__init__

    def __getattr__(self, name: str) -> Any:
        """What a slot has that is empty; only the I/O thread may fill that of the offset."""
        if name == "timestamp":
            self.timestamp = now_ms = time.time_ns() // 1_000_000
            return now_ms
        if name == "offset":
            return -1
        if name == "partition_key":
            return None
        raise AttributeError(f"a message has no {name}")
