"""confluent-kafka, which is librdkafka, as a peer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from functional.interop.records import PARTITIONS, Got, Sent

from pykafka.embedded.releases import KafkaRelease

__all__ = ["Confluent", "settings_for"]

_WITHIN_S = 30.0


def settings_for(bootstrap: str, release: KafkaRelease) -> dict[str, Any]:
    """What it has to be told of a broker."""
    # Level 0: what it says of brokers that have ended is no news to a test.
    settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0}
    if release.number < (0, 10):
        # It would ask which versions there are, and 0.8 and 0.9 hang up on that.
        settings |= {"api.version.request": False, "broker.version.fallback": release.version}
    return settings


class Confluent:
    """Its producers and its consumer; a :class:`.peers.Peer`."""

    def __init__(self, bootstrap: str, release: KafkaRelease, ends: ExitStack) -> None:
        self._settings = settings_for(bootstrap, release)
        self._ends = ends
        self._producers: dict[str, Any] = {}
        self._consumer: Any = None
        ends.callback(self._producers.clear)

    def write(self, topic: str, codec: str, batches: Sequence[Sequence[Sent]]) -> list[int]:
        producer = self._producer(codec)
        offsets: list[int] = [-1] * sum(map(len, batches))
        numbers = itertools.count()
        for batch in batches:
            for record in batch:
                extra: dict[str, Any] = {}
                if record.headers:
                    extra["headers"] = list(record.headers)
                if record.timestamp is not None:
                    extra["timestamp"] = record.timestamp
                number = next(numbers)
                producer.produce(
                    topic,
                    record.value,
                    record.key,
                    record.partition,
                    on_delivery=lambda error, message, number=number: _note(
                        offsets, number, error, message
                    ),
                    **extra,
                )
            assert producer.flush(_WITHIN_S) == 0
        return offsets

    def _producer(self, codec: str) -> Any:
        from confluent_kafka import Producer

        if codec not in self._producers:
            settings = {"compression.type": codec, "linger.ms": 60_000, "acks": 1}
            self._producers[codec] = Producer({**self._settings, **settings})
        return self._producers[codec]

    def read(self, topic: str, count: int) -> list[Got]:
        from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

        if self._consumer is None:
            settings = {
                "group.id": "interop",
                "enable.auto.commit": False,
                "check.crcs": True,
                "fetch.wait.max.ms": 10,
            }
            self._consumer = Consumer({**self._settings, **settings})
            self._ends.callback(self._consumer.close)
        self._consumer.assign(
            [TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(PARTITIONS)]
        )
        found: list[Got] = []
        while len(found) < count:
            messages = self._consumer.consume(count - len(found), _WITHIN_S)
            if not messages:
                break
            found += map(_of_confluent, messages)
        self._consumer.unassign()
        return found


def _note(offsets: list[int], number: int, error: Any, message: Any) -> None:
    assert error is None, error
    offsets[number] = message.offset()


def _of_confluent(message: Any) -> Got:
    assert message.error() is None, message.error()
    kind, timestamp = message.timestamp()
    return Got(
        message.partition(),
        message.offset(),
        timestamp,
        kind - 1,  # it counts 0 = none, 1 = the producer's, 2 = the broker's
        message.key(),
        message.value(),
        message.headers() or [],
    )
