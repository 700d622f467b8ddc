"""What C brings: the extension module's scan and librdkafka, beside Python and confluent-kafka.

Prints ns per message of each, interleaved on one broker, and their ratios. Consuming touches value
and offset of each message; producing includes the flush. confluent-kafka has
fetch.queue.backoff.ms 10 and a large queue, without which it waits for most of the time; it and
librdkafka's consumer take part on Kafka 0.10 and newer. With --check, exits with 1 if a ratio is
below what is promised.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping

import confluent_ways
from confluent_ways import BETWEEN_POLLS, NAME
from consume import OURS, TOPIC, check, fill, ours
from peers import Timing, arguments, broker, interleave, report

import pykafka
from pykafka.embedded.releases import find_release
from pykafka.native import SCAN_VARIABLE
from pykafka.producer import Producer
from pykafka.runtime.rdkafka.library import library

RELEASE = "4.3.0"
SCAN = f"{OURS}, with the scan"
RDKAFKA = f"{OURS}, use_rdkafka"
CONSUME = f"{NAME}, consume(1000)"
POLL = f"{NAME}, poll()"
PRODUCE = "pykafka Producer, use_rdkafka"
REPORTED = f"{PRODUCE}, reports"
THEIR_PRODUCE = f"{NAME}, produce()"
THEIR_REPORTED = f"{NAME}, on_delivery="
_FIRST_OF_CONFLUENT = (0, 10)
_PRODUCED = "benchmark-accelerated"
_LINGER_MS = 50
#: How many times as fast as which the first is to be.
_SCAN_WANTED = {OURS: 1.15, CONSUME: 1.0}
_SCAN_WANTED_BEFORE_BATCHES = {OURS: 1.4}
_FIRST_WITH_BATCHES = (0, 11)
_CONSUMING_WANTED = {CONSUME: 1.0, POLL: 1.5}
_PRODUCING_WANTED = {PRODUCE: {THEIR_PRODUCE: 1.0}, REPORTED: {THEIR_REPORTED: 1.0}}


def with_scan(choice: str, way: Iterator[None]) -> Callable[[int], None]:
    """Our consumer, with PYKAFKA_SCAN set so."""
    next(way)

    def run(messages: int) -> None:
        os.environ[SCAN_VARIABLE] = choice
        way.send(messages)  # type: ignore[attr-defined]  # a generator

    return run


def with_rdkafka(hosts: str, partitions: int) -> Iterator[None]:
    """Our consumer for which librdkafka fetches, told how many to read by each ``send``."""
    with pykafka.KafkaClient(hosts) as client:
        topic = client.topics[TOPIC]
        chosen = list(topic.partitions.values())[:partitions]
        while True:
            messages = yield
            consumer = topic.get_simple_consumer(
                partitions=chosen, consumer_timeout_ms=10_000, use_rdkafka=True
            )
            check(consumer, messages)
            consumer.stop()


def consuming(args: argparse.Namespace, hosts: str) -> Mapping[str, Timing]:
    """Every way to consume, timed."""
    fill(hosts, args.partitions, args.messages, args.size)
    ways: dict[str, Callable[[int], None]] = {
        SCAN: with_scan("require", ours(hosts, args.partitions)),
        OURS: with_scan("off", ours(hosts, args.partitions)),
        RDKAFKA: with_scan("auto", with_rdkafka(hosts, args.partitions)),
    }
    if args.release.number >= _FIRST_OF_CONFLUENT:
        where = (hosts, TOPIC, args.partitions)
        ways[CONSUME] = lambda messages: confluent_ways.consume(*where, messages)
        ways[POLL] = lambda messages: confluent_ways.poll(*where, messages)
    calls = {name: _called(way, args.messages) for name, way in ways.items()}
    return interleave(args.rounds, args.messages, calls)


def _called(way: Callable[[int], None], messages: int) -> Callable[[], None]:
    return lambda: way(messages)


def delivered_now(producer: Producer) -> int:
    """How many messages were delivered, by the reports that there are."""
    delivered = 0
    for messages, error in producer.get_delivery_reports():
        for message in messages:
            delivered += error is None and message.offset >= 0
    return delivered


def producing(args: argparse.Namespace, hosts: str) -> Mapping[str, Timing]:
    """Every way to produce, timed."""
    value, messages = b"x" * args.size, args.messages
    theirs = confluent_ways.Producing(hosts, _PRODUCED, _LINGER_MS)
    with pykafka.KafkaClient(hosts) as client:
        topic = client.topics[_PRODUCED]
        options = {"linger_ms": _LINGER_MS, "use_rdkafka": True}
        with (
            topic.get_producer(**options) as plain,
            topic.get_producer(**options, delivery_reports=True) as reported,
        ):

            def produce() -> None:
                for _ in range(messages):
                    plain.produce(value)
                plain.flush()

            def produce_reported() -> None:
                delivered = 0
                for number in range(messages):
                    reported.produce(value)
                    if number % BETWEEN_POLLS == 0:
                        delivered += delivered_now(reported)
                reported.flush()
                delivered += delivered_now(reported)
                if delivered != messages:
                    raise SystemExit(f"{messages - delivered} messages were not delivered")

            ways: dict[str, Callable[[], None]] = {
                PRODUCE: produce,
                THEIR_PRODUCE: lambda: theirs.run(value, messages),
                REPORTED: produce_reported,
                THEIR_REPORTED: lambda: theirs.run_reported(value, messages),
            }
            return interleave(args.rounds, messages, ways)


def main() -> int:
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(release=find_release(RELEASE), messages=1_000_000, rounds=9)
    parser.add_argument("--check", action="store_true", help="exit with 1 below what is promised")
    parser.add_argument("--only", choices=("consuming", "producing"), help="leave the rest out")
    args = parser.parse_args()
    print(f"ours: {library()}")
    failed = 0
    with broker(args) as hosts:
        if args.only != "producing":
            timings = consuming(args, hosts)
            batches = args.release.number >= _FIRST_WITH_BATCHES
            scan = _SCAN_WANTED if batches else _SCAN_WANTED_BEFORE_BATCHES
            failed |= _judge(args, timings, [SCAN, OURS, CONSUME, POLL], scan)
            if CONSUME in timings:
                failed |= _judge(args, timings, [RDKAFKA, CONSUME, POLL], _CONSUMING_WANTED)
        if args.only != "consuming" and args.release.number >= _FIRST_OF_CONFLUENT:
            timings = producing(args, hosts)
            for first, wanted in _PRODUCING_WANTED.items():
                failed |= _judge(args, timings, [first, *wanted], wanted)
    return failed


def _judge(
    args: argparse.Namespace,
    timings: Mapping[str, Timing],
    names: list[str],
    wanted: Mapping[str, float],
) -> int:
    chosen = {name: timings[name] for name in names if name in timings}
    return report(chosen, wanted if args.check else {})


if __name__ == "__main__":
    sys.exit(main())
