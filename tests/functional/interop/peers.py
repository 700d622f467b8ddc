"""Clients that nobody here wrote, and ours, behind one shape."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from functional.interop.java_client import JavaClient
from functional.interop.records import PARTITIONS, Got, Sent

from pykafka import KafkaClient
from pykafka.common import CompressionType

__all__ = ["CODECS", "PEERS", "JavaPeer", "Kind", "Ours", "Peer"]

CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
    "zstd": CompressionType.ZSTD,
}

Batches = Sequence[Sequence[Sent]]
_WITHIN_S = 30.0


class Peer(Protocol):
    """A client of one broker."""

    def write(self, topic: str, codec: str, batches: Batches) -> list[int]:
        """Send; each batch when all before it is acknowledged. The offset of each record."""

    def read(self, topic: str, count: int) -> list[Got]:
        """So many records from the beginning, or what came in time."""


class Ours:
    """This package.

    :param options: what selects the implementation.
    """

    def __init__(self, client: KafkaClient, options: dict[str, Any]) -> None:
        self._client = client
        self._options = options

    def write(self, topic: str, codec: str, batches: Batches) -> list[int]:
        """As :meth:`Peer.write`."""
        place = iter([record.partition for batch in batches for record in batch])
        produced = []
        with self._client.topics[topic].get_producer(
            partitioner=lambda partitions, _key: partitions[next(place)],
            compression=CODECS[codec],
            linger_ms=60_000,
            **self._options,
        ) as producer:
            for batch in batches:
                for record in batch:
                    extra = {"headers": record.headers} if record.headers else {}
                    message = producer.produce(record.value, record.key, record.timestamp, **extra)
                    produced.append(message)
                producer.flush()
        return [message.offset for message in produced]

    def read(self, topic: str, count: int) -> list[Got]:
        """As :meth:`Peer.read`."""
        consumer = self._client.topics[topic].get_simple_consumer(
            consumer_timeout_ms=int(_WITHIN_S * 1000), **self._options
        )
        try:
            found = list(itertools.islice(consumer, count))
        finally:
            consumer.stop()
        return [
            Got(
                m.partition_id,
                m.offset,
                m.timestamp,
                m.timestamp_type,
                m.partition_key,
                m.value,
                m.headers,
            )
            for m in found
        ]


class JavaPeer:
    """The Java client of a release."""

    def __init__(self, java: JavaClient, bootstrap: str) -> None:
        self._java = java
        java.meet(bootstrap)

    def write(self, topic: str, codec: str, batches: Batches) -> list[int]:
        return self._java.write(topic, codec, batches)

    def read(self, topic: str, count: int) -> list[Got]:
        return self._java.read(topic, PARTITIONS, count)


class Kind(NamedTuple):
    """What is known about one peer.

    :ivar module: what has to be importable for it.
    :ivar java: the release of the Java client, if it is one.
    :ivar since: the first broker release that it can speak with, and ``before``, the first one
        that it cannot any more.
    :ivar modern: whether it knows timestamps, headers and zstd.
    :ivar particular: whether it refuses to send a message that has neither key nor value, and
        headers without a value.
    """

    module: str | None = None
    java: str | None = None
    since: tuple[int, ...] = (0,)
    before: tuple[int, ...] = (1000,)
    modern: bool = True
    particular: bool = False


#: By name. What each speaks with is what its makers say: KIP-896 for the Java clients.
PEERS = {
    "java-0.8.2.2": Kind(java="0.8.2.2", before=(4, 0), modern=False),
    "java-4.3.0": Kind(java="4.3.0", since=(2, 1)),
    "confluent-kafka": Kind(module="confluent_kafka"),
    "kafka-python": Kind(module="kafka", particular=True),
}
