"""The message that a producer returns where nothing is known of it but a value."""

from __future__ import annotations

import time
from typing import Any

from ...message import Bare

__all__ = ["Produced"]


class Produced(Bare):
    """A message on its way to a broker, made without a look at the clock.

    Who makes it sets everything but the timestamp, which is the time when somebody first asks.
    """

    __slots__ = ("_stamp",)

    @property
    def timestamp(self) -> Any:
        """See :class:`~pykafka.message.Message`."""
        try:
            return self._stamp
        except AttributeError:
            self._stamp: Any = time.time_ns() // 1_000_000
            return self._stamp

    @timestamp.setter
    def timestamp(self, value: Any) -> None:
        self._stamp = value
