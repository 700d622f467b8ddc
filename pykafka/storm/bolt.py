"""Bolts: streamparse's import path."""

from __future__ import annotations

from .components.batching import BatchingBolt, TicklessBatchingBolt
from .components.bolt import Bolt

__all__ = ["BatchingBolt", "Bolt", "TicklessBatchingBolt"]
