"""Bolts: streamparse's import path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..utils.lazy import lazy_names
from .components.batching import BatchingBolt, TicklessBatchingBolt
from .components.bolt import Bolt

if TYPE_CHECKING:
    from .topology import JavaBolt, ShellBolt

__all__ = ["BatchingBolt", "Bolt", "JavaBolt", "ShellBolt", "TicklessBatchingBolt"]

# A bolt on a worker needs no topology.
__getattr__ = lazy_names("pykafka.storm", ["JavaBolt", "ShellBolt"], ("topology",))
