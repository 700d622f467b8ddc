"""The whole picture: text through Kafka and Storm, and the counts of its words back."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from flow import send
from live import Meter, counted, measured
from rich.console import Console
from rich.table import Table
from totals import Totals, differences

from pykafka.cli import group_offsets
from pykafka.client import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.storm.local import LocalRun, run_on_storm
from pykafka.storm.local.worker_logs import Line

COMPONENTS = Path(__file__).resolve().parent / "topology"
sys.path.insert(0, str(COMPONENTS))

from word_count import COUNTS, GROUP, LINES, SPOUTS, WordCount, words_of  # noqa: E402 - see above

PARTITIONS = 6
#: Words that are shown.
_SHOWN = 10
#: Seconds without any news after which it is taken for stuck; the first pass while workers start.
_PATIENCE = 90.0
#: Seconds between looks at who has which partition, and at what is committed.
_LOOK_EVERY = 1.0
#: Stands between Kafka and the check; a test spoils something here.
Through = Callable[[Iterable[tuple[str, int]]], Iterable[tuple[str, int]]]
#: Of a :class:`Watcher`: called with the partitions of each task.
Send = Callable[[list[list[int]]], tuple[Callable[[int], None], int]]


class Watcher:
    """Has the text sent once every task has its partitions, and reads the counts that come back,
    until they are complete and the group's work is committed.

    Partitions that change hands later would bring some lines twice.

    :param send: sends the text; returns what to call with how many words have been counted, and
        how many there are.
    :ivar shares: task -> its partitions, once each task has some.
    :ivar committed: partition -> the offset that the group goes on at.
    :ivar stuck: whether nothing came any more.
    """

    def __init__(self, client: KafkaClient, send: Send, through: Through) -> None:
        self.totals = Totals()
        self.shares: dict[str, list[int]] = {}
        self.committed: dict[int, int] = {}
        self.stuck = False
        self._client = client
        self._send = send
        self._through = through
        self._consumer = client.topics[COUNTS].get_simple_consumer()
        self._show: Callable[[int], None] = lambda _: None
        self._expected = 0
        self._news: float | None = None
        self._look = 0.0

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.stop()

    def done(self) -> bool:
        """Take up what has come; whether that is all."""
        now = time.monotonic()
        if self.totals.take(self._through(self._arrived())) or self._news is None:
            self._news = now
            self._show(self.totals.count)
        if now - self._look >= _LOOK_EVERY:
            self._look = now
            if not self.shares:
                self._begin_when_shared()
            elif self.totals.count >= self._expected:
                self.committed = group_offsets.committed(self._client.topics[LINES], GROUP)
                if self.committed == ends_of(self._client, LINES):
                    return True
        self.stuck = now - self._news > _PATIENCE
        return self.stuck

    def _arrived(self) -> Iterator[tuple[str, int]]:
        while (message := self._consumer.consume(block=False)) is not None:
            yield message.partition_key.decode(), int(message.value)

    def _begin_when_shared(self) -> None:
        group = self._client.cluster.zookeeper_groups(names=[GROUP]).get(GROUP)
        members = group.members if group else ()
        shares = {member.id: group.owned_by(member).get(LINES, []) for member in members}
        if list(map(len, shares.values())) == [PARTITIONS // SPOUTS] * SPOUTS:
            self.shares = shares
            self._show, self._expected = self._send(sorted(shares.values()))
            self._news = time.monotonic()


def ends_of(client: KafkaClient, topic: str) -> dict[int, int]:
    """The offset of the next message of each partition."""
    latest = client.topics[topic].latest_available_offsets()
    return {id_: found.offset[0] for id_, found in sorted(latest.items())}


def count_words(
    kafka: EmbeddedKafka,
    text: Iterable[tuple[bytes, bytes]],
    megabytes: float,
    codec: int,
    console: Console,
    through: Through = iter,
) -> int:
    """Send text to Kafka, have its words counted on Storm, compare, and print a table.

    :param megabytes: about how much text there is.
    :param through: what the counts pass on their way to the check.
    :returns: 0 if each word was counted as without Storm, else 1.
    """

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    def show(line: Line) -> None:
        if line.level in {"ERROR", "FATAL"}:
            say(f"{line.component}: {line.text}")

    replicas = min(3, len(kafka.brokers))
    kafka.create_topic(LINES, PARTITIONS, replication_factor=replicas)
    kafka.create_topic(COUNTS, replication_factor=replicas)
    where = {"hosts": kafka.bootstrap, "zookeeper_hosts": kafka.zookeeper}
    expected: Counter[str] = Counter()
    with KafkaClient(**where) as client, ExitStack() as shown:

        def send_all(shares: list[list[int]]) -> tuple[Callable[[int], None], int]:
            parts = "; ".join(" ".join(map(str, part)) for part in shares)
            say(f"{len(shares)} spout tasks share {PARTITIONS} partitions: {parts}")
            with measured(console, Meter("produced"), megabytes) as watch:
                send(client.topics[LINES], _noting(text, expected), codec, watch)
            say(f"these are {expected.total():,} words, {len(expected):,} different ones")
            return shown.enter_context(counted(console, expected.total())), expected.total()

        with Watcher(client, send_all, through) as watcher:
            run_on_storm(_local_run(where), tell=say, show=show, downloads=say, done=watcher.done)
        shown.close()
        return _verdict(expected, watcher, ends_of(client, LINES), console)


def _noting(
    text: Iterable[tuple[bytes, bytes]], words: Counter[str]
) -> Iterator[tuple[bytes, bytes]]:
    """Count the words of what passes: the count without Storm."""
    for key, line in text:
        words.update(words_of(line.decode("latin-1")))
        yield key, line


def _local_run(where: dict[str, str | None]) -> LocalRun:
    conf = {
        "topology.workers": 1,
        "topology.acker.executors": 1,
        "topology.max.spout.pending": 2000,
        # A tuple that times out comes again, and is counted again: this is at least once.
        "topology.message.timeout.secs": 120,
        "pykafka.bolt.hosts": where["hosts"],
        **{f"pykafka.spout.{name}": value for name, value in where.items()},
    }
    return LocalRun(WordCount, "word-count", COMPONENTS, conf=conf)


def _verdict(
    expected: Counter[str], watcher: Watcher, ends: dict[int, int], console: Console
) -> int:
    totals = watcher.totals
    console.print(_table(expected, totals))
    problems = differences(expected, totals, watcher.committed, ends)
    if not watcher.shares:
        problems.append(f"{PARTITIONS} partitions were not shared by {SPOUTS} tasks")
    if watcher.stuck:
        problems.append(f"nothing came for {_PATIENCE:g} s")
    for problem in problems:
        console.print(f"WRONG: {problem}", highlight=False)
    if problems:
        return 1
    console.print(
        f"Each of {len(expected):,} words has the count that it has without Storm, {totals.count:,}"
        f" in all, in {totals.messages:,} messages;\nthe group {GROUP} has committed all"
        f" {sum(ends.values()):,} lines.",
        highlight=False,
    )
    return 0


def _table(expected: Counter[str], totals: Totals) -> Table:
    table = Table()
    for head in ("word", "on Storm", "in one loop", ""):
        table.add_column(head, justify="left" if head == "word" else "right")
    for word, count in expected.most_common(_SHOWN):
        found = totals.counts.get(word, 0)
        table.add_row(word, f"{found:,}", f"{count:,}", "ok" if found == count else "WRONG")
    rest = len(expected) - _SHOWN
    if rest > 0:
        shown = [word for word, _ in expected.most_common(_SHOWN)]
        left = expected.total() - sum(expected[word] for word in shown)
        found = totals.count - sum(totals.counts.get(word, 0) for word in shown)
        table.add_row(
            f"{rest:,} others", f"{found:,}", f"{left:,}", "ok" if found == left else "WRONG"
        )
    return table
