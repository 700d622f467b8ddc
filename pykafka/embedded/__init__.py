"""Real servers on this machine: ZooKeeper and Kafka of any release, from their published jars.

For tests, demonstrations and the command ``pykafka up``. Everything listens on 127.0.0.1, and
nothing outlives the process that started it.
"""

from __future__ import annotations

from .cluster import EmbeddedKafka
from .zookeeper import EmbeddedZookeeper

__all__ = ["EmbeddedKafka", "EmbeddedZookeeper"]
