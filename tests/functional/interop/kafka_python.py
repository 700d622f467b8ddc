"""kafka-python, as a peer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from functional.interop.records import PARTITIONS, Got, Sent

from pykafka.embedded.releases import KafkaRelease

__all__ = ["KafkaPython"]

_WITHIN_S = 30.0


class KafkaPython:
    """Its producers and its consumer; a :class:`.peers.Peer`."""

    def __init__(self, bootstrap: str, release: KafkaRelease, ends: ExitStack) -> None:
        # It cannot find out by itself what 0.8 and 0.9 speak.
        told = {"api_version": release.number[:3]} if release.number < (0, 10) else {}
        self._settings: dict[str, Any] = {"bootstrap_servers": bootstrap, **told}
        self._ends = ends
        self._producers: dict[str, Any] = {}
        self._consumer: Any = None

    def write(self, topic: str, codec: str, batches: Sequence[Sequence[Sent]]) -> list[int]:
        producer = self._producer(codec)
        outcomes = []
        for batch in batches:
            for record in batch:
                outcomes.append(
                    producer.send(
                        topic,
                        record.value,
                        record.key,
                        list(record.headers) or None,
                        record.partition,
                        record.timestamp,
                    )
                )
            producer.flush(_WITHIN_S)
        return [outcome.get(_WITHIN_S).offset for outcome in outcomes]

    def _producer(self, codec: str) -> Any:
        from kafka import KafkaProducer

        if codec not in self._producers:
            producer = KafkaProducer(
                **self._settings,
                compression_type=None if codec == "none" else codec,
                linger_ms=60_000,
                batch_size=900_000,
                acks=1,
                enable_idempotence=False,
            )
            self._ends.callback(producer.close, 5)
            self._producers[codec] = producer
        return self._producers[codec]

    def read(self, topic: str, count: int) -> list[Got]:
        from kafka import KafkaConsumer
        from kafka.structs import TopicPartition

        if self._consumer is None:
            self._consumer = KafkaConsumer(
                **self._settings,
                group_id=None,
                consumer_timeout_ms=int(_WITHIN_S * 1000),
                fetch_max_wait_ms=10,
            )
            self._ends.callback(self._consumer.close)
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        self._consumer.assign(partitions)
        self._consumer.seek_to_beginning(*partitions)
        return [
            Got(m.partition, m.offset, m.timestamp, m.timestamp_type, m.key, m.value, m.headers)
            for m in itertools.islice(self._consumer, count)
        ]
