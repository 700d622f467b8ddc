"""Spouts: streamparse's import path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..utils.lazy import lazy_names
from .components.spout import ReliableSpout, Spout

if TYPE_CHECKING:
    from .topology import JavaSpout, ShellSpout

__all__ = ["JavaSpout", "ReliableSpout", "ShellSpout", "Spout"]

# A spout on a worker needs no topology.
__getattr__ = lazy_names("pykafka.storm", ["JavaSpout", "ShellSpout"], ("topology",))
