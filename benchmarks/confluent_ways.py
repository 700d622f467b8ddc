"""Consuming and producing with confluent-kafka as its users write it, for benchmarks."""

from __future__ import annotations

from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition, libversion, version

__all__ = ["BETWEEN_POLLS", "NAME", "Producing", "consume", "poll"]

NAME = f"confluent-kafka {version()} (librdkafka {libversion()[0]})"
#: Without these it waits for most of the time.
_TUNED = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "fetch.queue.backoff.ms": 10,
    "group.id": "benchmark",
    "queued.max.messages.kbytes": 1_000_000,
    "queued.min.messages": 1_000_000,
}
_WITHIN_S = 10.0
#: So many messages are produced between two looks at outcomes.
BETWEEN_POLLS = 1000


def _consumer(hosts: str, topic: str, partitions: int) -> Any:
    """A consumer of these partitions, from their beginning."""
    consumer = Consumer({"bootstrap.servers": hosts, "log_level": 0, **_TUNED})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    return consumer


def consume(hosts: str, topic: str, partitions: int, messages: int) -> None:
    """By consume(): asked for no more than are left, or it waits for the whole time-out."""
    consumer = _consumer(hosts, topic, partitions)
    size = 0
    while messages:
        found = consumer.consume(min(1000, messages), _WITHIN_S)
        if not found:
            raise SystemExit(f"{messages} messages are missing")
        for message in found:
            size += len(message.value()) + (message.offset() < 0)
        messages -= len(found)
    consumer.close()


def poll(hosts: str, topic: str, partitions: int, messages: int) -> None:
    """By poll()."""
    consumer = _consumer(hosts, topic, partitions)
    size = 0
    while messages:
        message = consumer.poll(_WITHIN_S)
        if message is None:
            raise SystemExit(f"{messages} messages are missing")
        size += len(message.value()) + (message.offset() < 0)
        messages -= 1
    consumer.close()


class Producing:
    """A producer, with the same acknowledgements and patience as ours."""

    def __init__(self, hosts: str, topic: str, linger_ms: int) -> None:
        settings = {"bootstrap.servers": hosts, "acks": 1, "linger.ms": linger_ms, "log_level": 0}
        self._producer = Producer(settings)
        self._topic = topic
        self._delivered = 0

    def run(self, value: bytes, messages: int) -> None:
        """Produce so many, and flush."""
        produce, topic = self._producer.produce, self._topic
        for _ in range(messages):
            while True:
                try:
                    produce(topic, value)
                    break
                except BufferError:
                    self._producer.poll(0.01)
        self._flush()

    def run_reported(self, value: bytes, messages: int) -> None:
        """The same, told of each outcome."""
        produce, topic, note = self._producer.produce, self._topic, self._note
        self._delivered = 0
        for number in range(messages):
            while True:
                try:
                    produce(topic, value, on_delivery=note)
                    break
                except BufferError:
                    self._producer.poll(0.01)
            if number % BETWEEN_POLLS == 0:
                self._producer.poll(0)
        self._flush()
        if self._delivered != messages:
            raise SystemExit(f"{messages - self._delivered} messages were not delivered")

    def _flush(self) -> None:
        if self._producer.flush(_WITHIN_S):
            raise SystemExit("not everything was delivered")

    def _note(self, error: object, message: Message) -> None:
        self._delivered += error is None and message.offset() >= 0
