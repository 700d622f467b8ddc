"""Logging of components through Storm."""

from __future__ import annotations

import logging
from typing import Any, Protocol

__all__ = ["LEVELS", "StormHandler", "level_number"]

#: Storm's numbers of the levels (STORM-414), by the names that Python and Storm give them.
LEVELS = {
    "trace": 0,
    "debug": 1,
    "info": 2,
    "warn": 3,
    "warning": 3,
    "error": 4,
    "critical": 4,
}


def level_number(name: str | None) -> int:
    """Storm's number of a level; that of ``info`` for a name that is none."""
    return LEVELS.get((name or "info").lower(), LEVELS["info"])


class _Sender(Protocol):
    def send_message(self, message: dict[str, Any], /) -> None: ...


class StormHandler(logging.Handler):
    """A :class:`logging.Handler` that writes to Storm's log.

    :param serializer: a component's :attr:`serializer
        <pykafka.storm.component.Component.serializer>`.
    """

    def __init__(self, serializer: _Sender) -> None:
        super().__init__()
        self.serializer = serializer

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, with its traceback if it has one."""
        try:
            message = {
                "command": "log",
                "msg": self.format(record),
                "level": level_number(record.levelname),
            }
            self.serializer.send_message(message)
        except Exception:  # noqa: BLE001 - logging's own rule: a log line breaks nobody
            self.handleError(record)
