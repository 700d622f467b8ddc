"""Iterating a SimpleConsumer with the extension module's scan, without it, and confluent-kafka.

Prints ns per message of each, interleaved on one broker, and their ratios to the first. Value and
offset of each message are touched. confluent-kafka has fetch.queue.backoff.ms 10 and a large
queue, without which it waits for most of the time; it takes part on Kafka 0.10 and newer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from confluent_kafka import Consumer, TopicPartition, version
from consume import OURS, TOPIC, fill, ours
from peers import arguments, broker, interleave, report

from pykafka.embedded.releases import find_release
from pykafka.native import SCAN_VARIABLE

RELEASE = "4.3.0"
SCAN = f"{OURS}, with the scan"
CONSUME = f"confluent-kafka {version()}, consume(1000)"
POLL = f"confluent-kafka {version()}, poll()"
_FIRST_OF_CONFLUENT = (0, 10)
_TUNED = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "fetch.queue.backoff.ms": 10,
    "group.id": "benchmark",
    "queued.max.messages.kbytes": 1_000_000,
    "queued.min.messages": 1_000_000,
}
_WITHIN_S = 10.0


def with_scan(choice: str, way: Iterator[None]) -> Callable[[int], None]:
    """Our consumer, with PYKAFKA_SCAN set so."""
    next(way)

    def run(messages: int) -> None:
        os.environ[SCAN_VARIABLE] = choice
        way.send(messages)  # type: ignore[attr-defined]  # a generator

    return run


def confluent(hosts: str, partitions: int) -> Any:
    """A consumer of the same partitions, from their beginning."""
    consumer = Consumer({"bootstrap.servers": hosts, **_TUNED})
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(partitions)])
    return consumer


def consume(hosts: str, partitions: int, messages: int) -> None:
    """By consume(): asked for no more than are left, or it waits for the whole time-out."""
    consumer = confluent(hosts, partitions)
    size = 0
    while messages:
        found = consumer.consume(min(1000, messages), _WITHIN_S)
        if not found:
            raise SystemExit(f"{messages} messages are missing")
        for message in found:
            size += len(message.value()) + (message.offset() < 0)
        messages -= len(found)
    consumer.close()


def poll(hosts: str, partitions: int, messages: int) -> None:
    """By poll()."""
    consumer = confluent(hosts, partitions)
    size = 0
    while messages:
        message = consumer.poll(_WITHIN_S)
        if message is None:
            raise SystemExit(f"{messages} messages are missing")
        size += len(message.value()) + (message.offset() < 0)
        messages -= 1
    consumer.close()


def main() -> int:
    parser = arguments(__doc__.splitlines()[0], "the same without the scan")
    parser.set_defaults(release=find_release(RELEASE), messages=1_000_000)
    parser.add_argument(
        "--at-least-of-consume", type=float, help="exit with 1 below this ratio to consume(1000)"
    )
    args = parser.parse_args()
    with broker(args) as hosts:
        fill(hosts, args.partitions, args.messages, args.size)
        where = (hosts, args.partitions)
        ways: dict[str, Callable[[int], None]] = {
            SCAN: with_scan("require", ours(*where)),
            OURS: with_scan("off", ours(*where)),
        }
        if args.release.number >= _FIRST_OF_CONFLUENT:
            ways[CONSUME] = lambda messages: consume(*where, messages)
            ways[POLL] = lambda messages: poll(*where, messages)
        calls = {name: _called(way, args.messages) for name, way in ways.items()}
        wanted = {OURS: args.at_least, CONSUME: args.at_least_of_consume}
        return report(interleave(args.rounds, args.messages, calls), wanted)


def _called(way: Callable[[int], None], messages: int) -> Callable[[], None]:
    return lambda: way(messages)


if __name__ == "__main__":
    sys.exit(main())
