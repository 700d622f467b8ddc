"""Logs of one partition that confluent-kafka writes transactions to, and what must be in them."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from functional.interop.confluent import settings_for

from pykafka.embedded import EmbeddedKafka
from pykafka.topic import Topic

__all__ = ["Log", "Row", "Transactional"]

_WITHIN_S = 30.0

#: (offset, value)
Row = tuple[int, bytes]


class Transactional:
    """Transactional producers of a broker, by a letter; a context manager."""

    def __init__(self, kafka: EmbeddedKafka) -> None:
        self._settings = settings_for(kafka.bootstrap, kafka.release)
        self._made: dict[tuple[str, str], Any] = {}
        #: Those in a transaction.
        self.open: set[Any] = set()

    def __enter__(self) -> Transactional:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort_all()
        self._made.clear()

    def get(self, letter: str, codec: str) -> Any:
        """The producer of that letter and codec, ready to begin a transaction."""
        from confluent_kafka import Producer

        if (letter, codec) not in self._made:
            settings = {
                "transactional.id": f"{letter}-{codec}",
                "compression.type": codec,
                "linger.ms": 30_000,  # less than a transaction may take
            }
            producer = Producer({**self._settings, **settings})
            producer.init_transactions(_WITHIN_S)
            self._made[letter, codec] = producer
        return self._made[letter, codec]

    def abort_all(self) -> None:
        """End what a test has left open."""
        from confluent_kafka import KafkaException

        for producer in self.open:
            with suppress(KafkaException):  # the test's own error is the one to be seen
                producer.abort_transaction(_WITHIN_S)
        self.open.clear()


class Log:
    """The only partition of a new topic; what is written is noted here at its offset.

    :ivar rows: every message there is.
    :ivar committed: those that are not in a transaction, or in one that was committed.
    :ivar end: the offset after all, markers included.
    """

    def __init__(self, topic: Topic, producers: Transactional, codec: str = "none") -> None:
        self.topic = topic
        self.rows: list[Row] = []
        self.committed: list[Row] = []
        self.end = 0
        self._name = topic.name.decode()
        self._codec = codec
        self._producers = producers
        #: By letter what its transaction has written so far.
        self._open: dict[str, list[Row]] = {}

    @property
    def stable_end(self) -> int:
        """The offset of the first message in an open transaction; without one, the end."""
        return min((rows[0][0] for rows in self._open.values() if rows), default=self.end)

    def plain(self, *values: bytes) -> None:
        """Write without a transaction."""
        with self.topic.get_sync_producer() as producer:
            for value in values:
                assert producer.produce(value).offset == self.end
                self.committed.append(self._add(value))

    def begin(self, letter: str) -> None:
        """A producer begins a transaction."""
        producer = self._producers.get(letter, self._codec)
        producer.begin_transaction()
        self._producers.open.add(producer)
        self._open[letter] = []

    def send(self, letter: str, *values: bytes) -> None:
        """Write in a transaction, in one batch; returns when it is in the log."""
        producer = self._producers.get(letter, self._codec)
        for value in values:
            producer.produce(self._name, value, partition=0)
            self._open[letter].append(self._add(value))
        assert producer.flush(_WITHIN_S) == 0
        self.await_end()

    def commit(self, letter: str) -> None:
        """End a transaction well; returns when its marker is in the log."""
        self._end(letter, "commit_transaction")
        self.committed = sorted(self.committed + self._open.pop(letter))

    def abort(self, letter: str) -> None:
        """Take a transaction back; returns when its marker is in the log."""
        self._end(letter, "abort_transaction")
        del self._open[letter]

    def letters(self) -> list[str]:
        """The producers that are in a transaction."""
        return list(self._open)

    def await_end(self) -> None:
        """Return when the log is as long as it must become: markers come after the answer."""
        partition = self.topic.partitions[0]
        deadline = time.monotonic() + _WITHIN_S
        while (found := partition.latest_available_offset()) != self.end:
            assert found < self.end
            assert time.monotonic() < deadline, f"the log ends at {found}, not {self.end}"
            time.sleep(0.002)

    def _add(self, value: bytes) -> Row:
        row = (self.end, value)
        self.rows.append(row)
        self.end += 1
        return row

    def _end(self, letter: str, how: str) -> None:
        producer = self._producers.get(letter, self._codec)
        getattr(producer, how)(_WITHIN_S)
        self._producers.open.discard(producer)
        # A transaction that has written nothing here leaves no marker.
        self.end += bool(self._open[letter])
        self.await_end()
