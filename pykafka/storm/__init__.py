"""Python on Apache Storm: components, topologies, local run and submit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..utils.lazy import lazy_names

if TYPE_CHECKING:
    from .bolt import BatchingBolt, Bolt, TicklessBatchingBolt
    from .component import Component, StormHandler, Tuple
    from .in_process import run_in_process, wire
    from .kafka import KafkaBolt, KafkaSpout
    from .spout import ReliableSpout, Spout
    from .topology import (
        GlobalStreamId,
        Grouping,
        JavaBolt,
        JavaSpout,
        ShellBolt,
        ShellSpout,
        Stream,
        Topology,
    )

__all__ = [
    "BatchingBolt",
    "Bolt",
    "Component",
    "GlobalStreamId",
    "Grouping",
    "JavaBolt",
    "JavaSpout",
    "KafkaBolt",
    "KafkaSpout",
    "ReliableSpout",
    "ShellBolt",
    "ShellSpout",
    "Spout",
    "StormHandler",
    "Stream",
    "TicklessBatchingBolt",
    "Topology",
    "Tuple",
    "run_in_process",
    "wire",
]

# Loaded when asked for: a component on a worker needs no topology, and a topology no Nimbus.
__getattr__ = lazy_names(
    __name__, __all__, ("component", "spout", "bolt", "kafka", "topology", "in_process")
)
