"""Millions of messages through each way to consume and produce: how the memory stands.

Each way runs in a process of its own, which prints its resident memory after each million
messages. With --check, exits with 1 if one is ever more than 20 MB over what it was after the
first.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

from peers import broker

import pykafka
from pykafka.embedded.releases import find_release
from pykafka.native import SCAN_VARIABLE

RELEASE = "4.3.0"
MILLION = 1_000_000
ALLOWED_MB = 20.0
TOPIC = "benchmark-soak"
_WITHIN_MS = 30_000


def consumed(hosts: str, millions: int, use_rdkafka: bool) -> Iterator[None]:
    """Consume, with a pause after each million."""
    with pykafka.KafkaClient(hosts) as client:
        consumer = client.topics[TOPIC].get_simple_consumer(
            use_rdkafka=use_rdkafka, consumer_timeout_ms=_WITHIN_MS
        )
        for _ in range(millions):
            count = sum(1 for message in itertools.islice(consumer, MILLION) if message.value)
            if count < MILLION:
                raise SystemExit("messages are missing")
            yield
        consumer.stop()


def produced(hosts: str, millions: int, use_rdkafka: bool) -> Iterator[None]:
    """Produce, with a pause after each million."""
    value = b"x" * 100
    with pykafka.KafkaClient(hosts) as client:
        topic = client.topics[TOPIC]
        with topic.get_producer(use_rdkafka=use_rdkafka, linger_ms=50) as producer:
            for _ in range(millions):
                for _ in range(MILLION):
                    producer.produce(value)
                producer.flush()
                yield


#: Name -> what it does, with librdkafka or not, and what PYKAFKA_SCAN says.
WAYS: dict[str, tuple[Callable[[str, int, bool], Iterator[None]], bool, str]] = {
    "produce": (produced, False, "auto"),
    "produce, use_rdkafka": (produced, True, "auto"),
    "consume": (consumed, False, "off"),
    "consume, with the scan": (consumed, False, "require"),
    "consume, use_rdkafka": (consumed, True, "auto"),
}


def resident_mb() -> float:
    """What this process has in memory now."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - no file to have a path
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(name: str, hosts: str, millions: int) -> int:
    """One way, in this process."""
    way, use_rdkafka, scan = WAYS[name]
    os.environ[SCAN_VARIABLE] = scan
    stood = []
    for _ in way(hosts, millions, use_rdkafka):
        stood.append(resident_mb())
    grown = max(stood) - stood[0]
    print(f"{name:24} {' '.join(f'{mb:.0f}' for mb in stood)} MB: {grown:+.1f}", flush=True)
    return int(grown > ALLOWED_MB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=int, default=10, help="of messages")
    parser.add_argument("--hosts", help="a running broker; without, one is started")
    parser.add_argument("--release", type=find_release, default=find_release(RELEASE))
    parser.add_argument("--check", action="store_true", help="exit with 1 if memory grows")
    parser.add_argument("--only", choices=WAYS, help="one way, in this process")
    args = parser.parse_args()
    args.partitions = 1
    if args.only:
        return run(args.only, args.hosts, args.millions)
    with broker(args) as hosts:
        failed = [
            subprocess.run(
                [
                    *(sys.executable, __file__, "--only", name, "--hosts", hosts),
                    *("--millions", str(args.millions)),
                ],
                check=False,
            ).returncode
            for name in WAYS
        ]
    return int(args.check and any(failed))


if __name__ == "__main__":
    sys.exit(main())
