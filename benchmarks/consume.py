"""Iterating a SimpleConsumer beside kafka-python's iterator, on the same broker.

Prints ns per message of each, interleaved, and their ratio. kafka-python is told the
broker's version and has the crc32c wheel.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

from kafka import KafkaConsumer
from kafka.structs import TopicPartition
from peers import TOLD_VERSION, arguments, broker, interleave, peer_version, report

import pykafka

TOPIC = "benchmark-consume"
OURS = "pykafka SimpleConsumer, iterated"


def fill(hosts: str, partitions: int, messages: int, size: int) -> None:
    """Put messages into a topic, evenly over its partitions."""
    with pykafka.KafkaClient(hosts) as client:
        topic = client.topics[TOPIC]
        if len(topic.partitions) < partitions:
            raise SystemExit(f"{TOPIC} has {len(topic.partitions)} partitions: use num.partitions")
        chosen = itertools.cycle(list(topic.partitions.values())[:partitions])
        value = b"x" * size
        with topic.get_producer(
            partitioner=lambda _partitions, _key: next(chosen), linger_ms=100
        ) as producer:
            for _ in range(messages):
                producer.produce(value)


def ours(hosts: str, partitions: int) -> Iterator[None]:
    """Our consumer, told how many messages to read by each ``send``."""
    with pykafka.KafkaClient(hosts) as client:
        topic = client.topics[TOPIC]
        chosen = list(topic.partitions.values())[:partitions]
        while True:
            messages = yield
            consumer = topic.get_simple_consumer(partitions=chosen, consumer_timeout_ms=10_000)
            check(consumer, messages)
            consumer.stop()


def kafka_python(hosts: str, partitions: int) -> Iterator[None]:
    """kafka-python's iterator over the same partitions."""
    while True:
        messages = yield
        consumer = KafkaConsumer(
            bootstrap_servers=hosts,
            api_version=TOLD_VERSION,
            auto_offset_reset="earliest",
            group_id=None,
            consumer_timeout_ms=10_000,
        )
        consumer.assign([TopicPartition(TOPIC, number) for number in range(partitions)])
        check(consumer, messages)
        consumer.close()


def check(consumer, messages) -> None:
    """Read so many, touching value and offset of each."""
    size = 0
    for message in itertools.islice(consumer, messages):
        size += len(message.value) + (message.offset < 0)
        messages -= 1
    if messages:
        raise SystemExit(f"{messages} messages are missing")


def main() -> int:
    parser = arguments(__doc__.splitlines()[0])
    args = parser.parse_args()
    with broker(args.hosts, args.partitions) as hosts:
        fill(hosts, args.partitions, args.messages, args.size)
        ways = {}
        for name, make in ((OURS, ours), (f"{peer_version()}, iterated", kafka_python)):
            way = make(hosts, args.partitions)
            next(way)
            ways[name] = lambda way=way: way.send(args.messages)
        return report(interleave(args.rounds, args.messages, ways), OURS, args.at_least)


if __name__ == "__main__":
    sys.exit(main())
