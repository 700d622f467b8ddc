"""Real servers on this machine: ZooKeeper, Kafka of any release and Storm, from their published
jars.

For tests, demonstrations and the command ``pykafka up``. Nothing outlives the process that
started it, and all but Storm listens on 127.0.0.1 alone.
"""

from __future__ import annotations

from .cluster import EmbeddedKafka
from .storm import EmbeddedStorm
from .zookeeper import EmbeddedZookeeper

__all__ = ["EmbeddedKafka", "EmbeddedStorm", "EmbeddedZookeeper"]
