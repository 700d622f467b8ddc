"""What is in a topic, and what a group has committed, as kafka-python sees it.

It shares no code with what is judged, and speaks with brokers from 0.8.2 on.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from types import TracebackType

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from peers import told_version
from spout_judge import Look, Place

from pykafka.embedded import EmbeddedKafka

__all__ = ["Looker", "Watcher"]

#: Milliseconds for one answer.
_WITHIN_MS = 10_000


class Looker:
    """Looks at one topic and one group; a context manager, for one thread.

    Where a look fails the next one begins with a new connection: who asks a broker that does not
    lead any more may otherwise do so for long.
    """

    def __init__(self, kafka: EmbeddedKafka, topic: str, group: str, partitions: int) -> None:
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._kafka = kafka
        self._group = group
        self._connected: KafkaConsumer | None = None

    def committed(self) -> Look:
        """The group's offsets; partitions without any are left out.

        :raises KafkaError: they cannot be had now.
        """
        found = {}
        with self._consumer() as consumer:
            for partition in self._partitions:
                offset = consumer.committed(partition, timeout_ms=_WITHIN_MS)
                if offset is not None and offset >= 0:
                    found[partition.partition] = offset
        # Afterwards: by then at least, that much was committed.
        return Look(time.monotonic(), found)

    def ends(self) -> dict[int, int]:
        """Where the log ends, by partition.

        :raises KafkaError: that cannot be had now.
        """
        with self._consumer() as consumer:
            found = consumer.end_offsets(self._partitions, timeout_ms=_WITHIN_MS)
        return {partition.partition: offset for partition, offset in found.items()}

    def read(self) -> dict[Place, int]:
        """The number of each message there is.

        :raises KafkaError: not all of them can be read.
        """
        found: dict[Place, int] = {}
        with self._consumer() as consumer:
            left = {
                each: end for each, end in consumer.end_offsets(self._partitions).items() if end
            }
            consumer.assign(self._partitions)
            consumer.seek_to_beginning(*self._partitions)
            while left:
                batches = consumer.poll(timeout_ms=_WITHIN_MS, max_records=10_000)
                if not batches:
                    raise KafkaError(f"nothing comes any more; to be read to: {left}")
                for partition, messages in batches.items():
                    number = partition.partition
                    found.update(((number, m.offset), int(m.value)) for m in messages)
                    if consumer.position(partition) >= left.get(partition, 0):
                        left.pop(partition, None)
        return found

    @contextlib.contextmanager
    def _consumer(self) -> Iterator[KafkaConsumer]:
        if self._connected is None:
            self._connected = KafkaConsumer(
                bootstrap_servers=self._kafka.bootstrap.split(","),
                group_id=self._group,
                enable_auto_commit=False,
                **told_version(self._kafka.release),
            )
        try:
            yield self._connected
        except KafkaError:
            self._close()
            raise

    def _close(self) -> None:
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    def __enter__(self) -> Looker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()


class Watcher:
    """Looks at what the group has committed again and again, in a thread; a context manager.

    :ivar looks: what was seen, in the order of time; ``failed`` counts the looks in vain.
    """

    def __init__(self, looker: Looker, every_s: float = 0.5) -> None:
        self.looks: list[Look] = []
        self.failed = 0
        self._looker = looker
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    @property
    def committed(self) -> dict[int, int]:
        """What was committed when it looked last."""
        return dict(self.looks[-1].offsets) if self.looks else {}

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self.looks.append(self._looker.committed())
            except KafkaError:
                self.failed += 1

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(60.0)
