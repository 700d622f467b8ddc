"""Consumers and producers that fetch and send with librdkafka; see :doc:`/librdkafka`."""

from __future__ import annotations

from .producer import RdKafkaProducer
from .simple_consumer import RdKafkaSimpleConsumer

__all__ = ["RdKafkaProducer", "RdKafkaSimpleConsumer"]
