"""Upgrade a cluster one broker at a time while messages go through it, and account for each.

Starts three brokers of its own. For each codec a producer and a consumer run from the first
release to the last without being restarted. Prints a table; exits with 1 if messages were lost,
came out of order, were delivered twice, or offsets were not committed. What a retry has stored
twice is counted and allowed.
"""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import time
from collections.abc import Iterable, Sequence

from completeness import DIGITS, SAFE, SILENCE_MS, Account, Ledger, filler_of

import pykafka
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.releases import find_release
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import KafkaException, ProduceFailureError
from pykafka.simpleconsumer import SimpleConsumer

GROUP = "upgrade"
PARTITIONS = 4
SIZE = 100
CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
}
#: Seconds for messages to go through a cluster that one broker has just come back to.
FLOWS_WITHIN = 60.0
#: Seconds between bursts of messages.
_BURST_S = 0.01


class Stream:
    """A topic with one producer and one consumer, each in a thread, at work until told to end."""

    def __init__(self, kafka: EmbeddedKafka, codec: str, rate: int) -> None:
        self.topic = f"upgrade-{codec}"
        self._kafka = kafka
        self._codec = codec
        self._burst = max(1, round(rate * _BURST_S))
        #: The partition of each message: the number is its index.
        self._owners = bytearray()
        self.consumed: list[tuple[int, int, bytes | None]] = []
        #: Seconds: the longest time without a message.
        self.silence = 0.0
        self.failed = 0
        self.errors: list[KafkaException] = []
        self._produced = threading.Event()
        self._ended = threading.Event()
        #: Where the log ends, and where the consumer goes on, by partition.
        self._ends: dict[int, int] = {}
        self._next = dict.fromkeys(range(PARTITIONS), 0)
        self._last = time.monotonic()
        self._threads = [threading.Thread(target=run) for run in (self._produce, self._consume)]
        kafka.create_topic(self.topic, PARTITIONS, 3, SAFE)

    @property
    def produced(self) -> int:
        """Messages that were queued so far."""
        return len(self._owners)

    def start(self) -> None:
        self._last = time.monotonic()
        for thread in self._threads:
            thread.start()

    def await_flow(self, count: int) -> None:
        """Return when so many messages that are produced from now on were consumed."""
        wanted = self.produced + count
        wait_until(
            lambda: len(self.consumed) >= wanted or not self._threads[1].is_alive(),
            FLOWS_WITHIN,
            f"{self.topic}: {count} messages from end to end",
        )

    def end(self) -> None:
        """Return when what was produced is acknowledged and consumed, or nothing more comes."""
        self._produced.set()
        for thread in self._threads:
            thread.join()

    def account(self) -> Account:
        """What came of the messages."""
        return Ledger(self._owners, filler_of(SIZE)).take(
            (partition, value) for partition, _, value in self.consumed
        )

    def uncommitted(self) -> int:
        """Messages that lie between what the group has committed and the ends of the log."""
        with pykafka.KafkaClient(self._kafka.bootstrap) as client:
            consumer = client.topics[self.topic].get_simple_consumer(consumer_group=GROUP)
            try:
                committed = {id_: found.offset for id_, found in consumer.fetch_offsets()}
            finally:
                consumer.stop()
        return sum(end - committed.get(id_, 0) for id_, end in self._ends.items())

    def _produce(self) -> None:
        filler = filler_of(SIZE)
        with pykafka.KafkaClient(self._kafka.bootstrap) as client:
            topic = client.topics[self.topic]
            producer = topic.get_producer(
                required_acks=-1,
                linger_ms=20,
                compression=CODECS[self._codec],
                # delivery_timeout_ms is the bound, as in completeness.py.
                max_retries=1000,
            )
            try:
                while not self._produced.wait(_BURST_S):
                    for number in range(self.produced, self.produced + self._burst):
                        message = producer.produce(b"%0*d%b" % (DIGITS, number, filler))
                        self._owners.append(message.partition_id)
                producer.flush()
            except ProduceFailureError as error:
                self.failed = len(error.messages)
                self.errors.append(error)
            finally:
                producer.stop()
                ends = topic.latest_available_offsets()
                self._ends = {id_: found.offset[0] for id_, found in ends.items()}
                self._ended.set()

    def _consume(self) -> None:
        with pykafka.KafkaClient(self._kafka.bootstrap) as client:
            consumer = client.topics[self.topic].get_simple_consumer(
                consumer_group=GROUP,
                auto_commit_enable=True,
                auto_commit_interval_ms=200,
                consumer_timeout_ms=1000,
            )
            try:
                while not self._complete():
                    self._take(consumer)
            except KafkaException as error:
                self.errors.append(error)
            finally:
                consumer.stop()

    def _take(self, consumer: SimpleConsumer) -> None:
        """Consume until nothing comes for the consumer's time-out, or all is there."""
        for message in consumer:
            now = time.monotonic()
            self.silence = max(self.silence, now - self._last)
            self._last = now
            self._next[message.partition_id] = message.offset + 1
            self.consumed.append((message.partition_id, message.offset, message.value))
            if self._ended.is_set() and self._complete():
                return

    def _complete(self) -> bool:
        """Whether everything was consumed, or nothing comes any more."""
        if not self._ended.is_set():
            return False
        silent = time.monotonic() - self._last > SILENCE_MS / 1000
        return silent or all(self._next[id_] >= end for id_, end in self._ends.items())


def main() -> int:
    args = _arguments()
    # What the brokers made the clients do again is part of the story.
    logging.basicConfig(level=logging.WARNING, format="  %(message).160s", stream=sys.stdout)
    print(f"starting Kafka {args.release}, {args.brokers} brokers ...", flush=True)
    with EmbeddedKafka(args.release, args.brokers) as kafka:
        streams = [Stream(kafka, codec, args.rate) for codec in args.codecs]
        for stream in streams:
            stream.start()
        try:
            upgrade(kafka, args, streams)
        finally:
            for stream in streams:
                stream.end()
        fine = [report(stream) for stream in streams]
    print("\ncomplete" if all(fine) else "\nNOT COMPLETE")
    return 0 if all(fine) else 1


def upgrade(kafka: EmbeddedKafka, args: argparse.Namespace, streams: Sequence[Stream]) -> None:
    """Have messages flow at each mix of releases, from all old to all new."""
    begin = time.monotonic()

    def flow(state: str) -> None:
        for stream in streams:
            stream.await_flow(args.between)
        print(f"{time.monotonic() - begin:6.1f} s  {state}: messages flow", flush=True)

    newest = find_release(args.becomes).protocol
    spoken = {"inter.broker.protocol.version": newest, "log.message.format.version": newest}
    flow(f"all are {args.release}")
    for config in ({}, spoken) if args.second_round else ({},):
        for broker in kafka.brokers:
            broker.restart_as(args.becomes, config)
            # Before the next one goes: two of three have to be in sync.
            kafka.await_in_sync()
            flow(f"broker {broker.id} is {args.becomes}{', and speaks so' if config else ''}")


def delivered_again(consumed: Iterable[tuple[int, int, bytes | None]]) -> int:
    """How many (partition, offset, value) came after the same offset, or a later one."""
    last = dict.fromkeys(range(PARTITIONS), -1)
    again = 0
    for partition, offset, _ in consumed:
        again += offset <= last[partition]
        last[partition] = max(offset, last[partition])
    return again


def report(stream: Stream) -> bool:
    """Print what came of a stream's messages; whether all is well."""
    account = stream.account()
    again, uncommitted = delivered_again(stream.consumed), stream.uncommitted()
    rows = [
        ("produced", f"{stream.produced:,}", ""),
        ("failed, as reported", f"{stream.failed:,}", ""),
        ("lost", f"{account.lost:,}", ""),
        ("stored twice", f"{account.doubled:,}", "allowed"),
        ("reordered", f"{account.reordered:,}", ""),
        ("damaged", f"{account.damaged:,}", ""),
        ("delivered again", f"{again:,}", ""),
        ("not committed", f"{uncommitted:,}", ""),
        ("longest silence", f"{stream.silence:.1f}", "s"),
    ]
    print(f"\n{stream.topic}")
    for name, count, note in rows:
        print(f"  {name:26} {count:>14}  {note}")
    for error in stream.errors:
        print(f"  {type(error).__name__}: {error}")
    bad = stream.errors or stream.failed or again or uncommitted
    return account.is_fine(doubles_allowed=True) and not bad


def _arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--release", default="1.1.1", help="what the brokers are at first")
    parser.add_argument("--becomes", default="2.8.2", help="what they are in the end")
    parser.add_argument("--brokers", type=int, default=3)
    parser.add_argument("--rate", type=int, default=1000, help="messages per second and codec")
    parser.add_argument(
        "--between", type=int, default=2000, help="messages that go through before the next step"
    )
    parser.add_argument("--codecs", nargs="+", default=["none", "gzip"], choices=CODECS)
    parser.add_argument(
        "--second-round",
        action="store_true",
        help="restart each again, to speak among themselves as what they are",
    )
    args = parser.parse_args()
    if args.brokers < 3:
        parser.error("--brokers 3 at least: two have to be in sync while one is away")
    return args


if __name__ == "__main__":
    sys.exit(main())
