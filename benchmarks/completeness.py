"""Produce numbered messages, consume them, and account for every one of them.

Starts brokers of its own. With --kill-leader (three brokers) the leader of a partition is killed
with SIGKILL while messages are produced, and restarted. Prints a table; exits with 1 if messages
were lost, came out of order, or came twice where nothing was killed.
"""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import time
from array import array
from collections.abc import Iterable
from typing import NamedTuple

import pykafka
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import ProduceFailureError
from pykafka.topic import Topic

TOPIC = "completeness"
#: Of each value: its number, decimal.
DIGITS = 12
#: A topic that may lose a broker and nothing else. (Broker 0.8.2.2, observed, ignores the first
#: of these among its own properties.)
SAFE = {"min.insync.replicas": 2, "unclean.leader.election.enable": False}
#: A consumer that gets nothing for so long gets nothing any more.
SILENCE_MS = 15_000


class Account(NamedTuple):
    """What came of the messages that were produced."""

    delivered: int
    lost: int
    doubled: int
    reordered: int
    damaged: int

    def is_fine(self, *, doubles_allowed: bool) -> bool:
        doubled = 0 if doubles_allowed else self.doubled
        return not (self.lost or self.reordered or self.damaged or doubled)


def main() -> int:
    args = _arguments()
    # What the brokers made the client do again is part of the story.
    logging.basicConfig(level=logging.WARNING, format="  %(message).160s", stream=sys.stdout)
    replicas = min(3, args.brokers)
    print(f"starting Kafka {args.release}, {args.brokers} broker(s) ...", flush=True)
    with EmbeddedKafka(args.release, args.brokers) as kafka:
        # Not else: replicas that fall behind for a moment make 0.8.2.2 refuse what it has
        # written already (error 20), and what is sent again then is there twice.
        config = SAFE if args.kill_leader else {}
        kafka.create_topic(TOPIC, args.partitions, replicas, config)
        with pykafka.KafkaClient(kafka.bootstrap) as client:
            topic = client.topics[TOPIC]
            killer = Killer(kafka, topic, args.messages // 3) if args.kill_leader else None
            owners, failed, took = produce(topic, args.messages, args.size, replicas, killer)
            if killer is not None:
                killer.join()
            account, consuming = consume(topic, owners, args.size)
    rows = [
        ("produced", f"{args.messages:,}", f"{args.messages / took:,.0f}/s"),
        ("consumed", f"{account.delivered:,}", f"{account.delivered / consuming:,.0f}/s"),
        ("failed, as reported", f"{failed:,}", ""),
        ("lost", f"{account.lost:,}", ""),
        ("doubled", f"{account.doubled:,}", "allowed" if args.kill_leader else ""),
        ("reordered", f"{account.reordered:,}", ""),
        ("damaged", f"{account.damaged:,}", ""),
    ]
    if killer is not None:
        rows += killer.story
    print()
    for name, count, note in rows:
        print(f"{name:28} {count:>14}  {note}")
    fine = account.is_fine(doubles_allowed=args.kill_leader) and not failed
    print("\ncomplete" if fine else "\nNOT COMPLETE")
    return 0 if fine else 1


class Killer:
    """Kills the leader of partition 0 when so many messages were produced; restarts it."""

    def __init__(self, kafka: EmbeddedKafka, topic: Topic, at: int) -> None:
        self.at = at
        #: What was done, and when: rows of the table.
        self.story: list[tuple[str, str, str]] = []
        self._kafka = kafka
        self._leader = topic.partitions[0].leader.id  # type: ignore[union-attr]
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        begin = time.monotonic()
        broker = self._kafka.brokers[self._leader]
        broker.kill()
        self.story.append((f"broker {broker.id} killed", "", f"after {self.at:,} messages"))
        # Long enough for the others to elect: restarted at once, it would lead again.
        self._await_other_leader()
        took = time.monotonic() - begin
        self.story.append(("another leader", "", f"{took:.1f} s later"))
        broker.restart()
        took = time.monotonic() - begin
        self.story.append((f"broker {broker.id} back", "", f"{took:.1f} s after its end"))

    def _await_other_leader(self) -> None:
        with pykafka.KafkaClient(self._kafka.bootstrap) as client:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                client.update_cluster()
                leader = client.topics[TOPIC].partitions[0].leader
                if leader is not None and leader.id != self._leader:
                    return
                time.sleep(0.1)
        raise SystemExit("no other leader was elected within a minute")


def produce(
    topic: Topic, messages: int, size: int, replicas: int, killer: Killer | None
) -> tuple[bytearray, int, float]:
    """Each number once; the partition of each, how many were reported failed, and the time."""
    filler = filler_of(size)
    failed = 0
    owners = bytearray(messages)
    at = killer.at if killer else -1
    begin = time.monotonic()
    producer = topic.get_producer(
        required_acks=-1 if replicas > 1 else 1,
        linger_ms=50,
        # delivery_timeout_ms is the bound: replicas may be out of sync for longer than the
        # default's few tries take.
        max_retries=1000,
    )
    try:
        for number in range(messages):
            message = producer.produce(b"%0*d%b" % (DIGITS, number, filler))
            owners[number] = message.partition_id
            if number == at and killer is not None:
                killer.start()
        producer.flush()
    except ProduceFailureError as error:
        failed = len(error.messages)
        print(error, file=sys.stderr)
    finally:
        producer.stop()
    return owners, failed, time.monotonic() - begin


def consume(topic: Topic, owners: bytearray, size: int) -> tuple[Account, float]:
    """Read the topic to its end and judge; also the time from first to last message."""
    ends = sum(found.offset[0] for found in topic.latest_available_offsets().values())
    ledger = Ledger(owners, filler_of(size))
    consumer = topic.get_simple_consumer(consumer_timeout_ms=SILENCE_MS)
    begin = time.monotonic()
    with_all = ledger.take((m.partition_id, m.value) for m in _until(consumer, ends))
    took = time.monotonic() - begin
    consumer.stop()
    return with_all, took


def _until(
    consumer: Iterable[pykafka.common.Message], count: int
) -> Iterable[pykafka.common.Message]:
    if count:
        for done, message in enumerate(consumer, 1):
            yield message
            if done == count:
                return


class Ledger:
    """Which numbers came, and in which order.

    Order is judged by first occurrences: what a retry has stored twice is no disorder.
    """

    def __init__(self, owners: bytearray, filler: bytes) -> None:
        self._owners = owners
        self._filler = filler

    def take(self, pairs: Iterable[tuple[int, bytes | None]]) -> Account:
        """Account for (partition, value) pairs in the order in which they came."""
        owners, filler = self._owners, self._filler
        seen = bytearray(len(owners))
        last = array("q", [-1]) * 256
        doubled = reordered = damaged = 0
        for partition, value in pairs:
            if value is None or value[DIGITS:] != filler or not value[:DIGITS].isdigit():
                damaged += 1
                continue
            number = int(value[:DIGITS])
            if number >= len(owners) or owners[number] != partition:
                damaged += 1
            elif seen[number]:
                doubled += 1
            else:
                seen[number] = 1
                reordered += number < last[partition]
                last[partition] = max(number, last[partition])
        delivered = sum(seen)
        return Account(delivered, len(owners) - delivered, doubled, reordered, damaged)


def filler_of(size: int) -> bytes:
    """What follows the number in a value of ``size`` bytes."""
    return b"." * (size - DIGITS)


def _arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=100, help="bytes of a value")
    parser.add_argument("--partitions", type=int, default=4, help="at most 256")
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--kill-leader", action="store_true", help="in the middle; 3 brokers")
    parser.add_argument("--release", default="0.8.2.2")
    args = parser.parse_args()
    if args.kill_leader and args.brokers < 3:
        parser.error("--kill-leader needs --brokers 3: with fewer nobody may take over")
    if args.size <= DIGITS or not 1 <= args.partitions <= 256:
        parser.error(f"--size over {DIGITS}, --partitions from 1 to 256")
    return args


if __name__ == "__main__":
    sys.exit(main())
