"""Iterating a SimpleConsumer beside kafka-python's iterator and aiokafka's getmany.

Prints ns per message of each, interleaved on one broker, and their ratios. The peers have the
crc32c wheel. With --at-least, ours must also be faster than aiokafka, which speaks with Kafka
0.11 and newer.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Iterator
from typing import Any

from kafka import KafkaConsumer
from kafka.structs import TopicPartition
from peers import arguments, broker, interleave, peer_version, report, told_version

import pykafka

TOPIC = "benchmark-consume"
OURS = "pykafka SimpleConsumer, iterated"
FIRST_OF_AIOKAFKA = (0, 11)
WITHIN_MS = 10_000


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
            consumer = topic.get_simple_consumer(partitions=chosen, consumer_timeout_ms=WITHIN_MS)
            check(consumer, messages)
            consumer.stop()


def kafka_python(hosts: str, partitions: int, told: dict[str, Any]) -> Iterator[None]:
    """kafka-python's iterator over the same partitions."""
    while True:
        messages = yield
        consumer = KafkaConsumer(
            bootstrap_servers=hosts,
            auto_offset_reset="earliest",
            group_id=None,
            consumer_timeout_ms=WITHIN_MS,
            **told,
        )
        consumer.assign([TopicPartition(TOPIC, number) for number in range(partitions)])
        check(consumer, messages)
        consumer.close()


def check(consumer: Any, messages: int) -> None:
    """Read so many, touching value and offset of each."""
    size = 0
    for message in itertools.islice(consumer, messages):
        size += len(message.value) + (message.offset < 0)
        messages -= 1
    if messages:
        raise SystemExit(f"{messages} messages are missing")


def aiokafka(hosts: str, partitions: int) -> Iterator[None]:
    """aiokafka's getmany, the fastest of its ways, over the same partitions."""
    while True:
        messages = yield
        asyncio.run(_getmany(hosts, partitions, messages))


async def _getmany(hosts: str, partitions: int, messages: int) -> None:
    from aiokafka import AIOKafkaConsumer
    from aiokafka import TopicPartition as Place

    consumer = AIOKafkaConsumer(bootstrap_servers=hosts, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([Place(TOPIC, number) for number in range(partitions)])
        size = 0
        while messages > 0:
            found = await consumer.getmany(timeout_ms=WITHIN_MS)
            if not found:
                raise SystemExit(f"{messages} messages are missing")
            for some in found.values():
                for message in some:
                    size += len(message.value) + (message.offset < 0)
                messages -= len(some)
    finally:
        await consumer.stop()


def aiokafka_version() -> str | None:
    """What else is compared with; ``None`` if it is not installed."""
    try:
        from aiokafka import __version__
    except ModuleNotFoundError:
        return None
    return f"aiokafka {__version__}, getmany"


def main() -> int:
    parser = arguments(__doc__.splitlines()[0])
    args = parser.parse_args()
    with broker(args) as hosts:
        fill(hosts, args.partitions, args.messages, args.size)
        theirs = f"{peer_version()}, iterated"
        ways = {
            OURS: ours(hosts, args.partitions),
            theirs: kafka_python(hosts, args.partitions, told_version(args.release)),
        }
        wanted = {theirs: args.at_least}
        other = aiokafka_version()
        if other is None:
            print("aiokafka is not installed: pip install aiokafka")
        elif args.release.number >= FIRST_OF_AIOKAFKA:
            ways[other] = aiokafka(hosts, args.partitions)
            wanted[other] = None if args.at_least is None else 1.0
        for way in ways.values():
            next(way)
        calls = {name: _sender(way, args.messages) for name, way in ways.items()}
        return report(interleave(args.rounds, args.messages, calls), wanted)


def _sender(way: Any, messages: int) -> Callable[[], None]:
    return lambda: way.send(messages)


if __name__ == "__main__":
    sys.exit(main())
