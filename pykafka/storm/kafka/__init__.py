"""Kafka in a topology: the spout that reads it, the bolt that writes it.

``tracker`` decides what may be committed and what is emitted again, and knows neither clock nor
thread; ``intake`` comes by messages on threads of its own; ``engine`` drives both from whatever
runs the spout, which is ``spout`` for this package's components, and ``adapters`` for others'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...utils.lazy import lazy_names

if TYPE_CHECKING:
    from .bolt import KafkaBolt
    from .reports import PartitionReport
    from .spout import KafkaSpout

__all__ = ["KafkaBolt", "KafkaSpout", "PartitionReport"]

__getattr__ = lazy_names(__name__, __all__, ("bolt", "reports", "spout"))
