"""Python's logging of components, into the record of a run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType

from ..components.logs import level_number

__all__ = ["Logging"]

#: Above the loggers of all components.
_LOGGER = logging.getLogger("pykafka.storm.component")


class Logging(logging.Handler):
    """While entered, takes what components log by their ``logger`` too, from level info on.

    The records go on to the handlers that the program has set up.

    :param write: called with a message and Storm's number of its level.
    """

    def __init__(self, write: Callable[[str, int], None]) -> None:
        super().__init__()
        self._write = write
        self._depth = 0
        self._level_before = logging.NOTSET

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, with its traceback if it has one."""
        self._write(self.format(record), level_number(record.levelname))

    def __enter__(self) -> Logging:
        self._depth += 1
        if self._depth == 1:
            self._level_before = _LOGGER.level
            if self._level_before == logging.NOTSET:
                _LOGGER.setLevel(logging.INFO)
            _LOGGER.addHandler(self)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            _LOGGER.removeHandler(self)
            _LOGGER.setLevel(self._level_before)
