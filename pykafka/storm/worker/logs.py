"""Where log records of a component's process go: Storm's log, or a file."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from ..components.component import Component
from ..components.logs import StormHandler

__all__ = ["set_up_logging"]

_LEVELS = {
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}


def set_up_logging(component: Component, conf: dict[str, Any], name: str, task: Any) -> None:
    """Hand the root logger's records to Storm, or to the file that ``pystorm.log.path`` asks for.

    The keys are those of streamparse: ``pystorm.log.level`` (info), ``.path``, ``.file``,
    ``.max_bytes``, ``.backup_count`` and ``.format``. ``topology.debug`` means level debug.
    """
    level = _LEVELS.get(str(conf.get("pystorm.log.level", "info")).lower(), logging.INFO)
    if conf.get("topology.debug"):
        level = logging.DEBUG
    folder = conf.get("pystorm.log.path")
    handler: logging.Handler
    if folder:
        pattern = conf.get(
            "pystorm.log.file", "pystorm_{topology_name}_{component_name}_{task_id}_{pid}.log"
        )
        file = pattern.format(
            topology_name=conf.get("topology.name", ""),
            component_name=name,
            task_id=task,
            pid=component.pid,
        )
        handler = RotatingFileHandler(
            Path(folder, file),
            maxBytes=conf.get("pystorm.log.max_bytes", 1_000_000),
            backupCount=conf.get("pystorm.log.backup_count", 10),
        )
        default = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
    else:
        # Storm's log has its own time and level.
        handler = StormHandler(component.serializer)
        default = "%(name)s - %(message)s"
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(conf.get("pystorm.log.format", default)))
    logging.getLogger().addHandler(handler)
    logging.getLogger("pykafka.storm").setLevel(level)
