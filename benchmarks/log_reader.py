"""What is in a topic, and what a group has committed, as kafka-python sees it.

It shares no code with what is judged, and speaks with brokers from 0.8.2 on.
"""

from __future__ import annotations

import threading
import time
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
    """Looks at one topic and one group; a context manager, for one thread."""

    def __init__(self, kafka: EmbeddedKafka, topic: str, group: str, partitions: int) -> None:
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._consumer = KafkaConsumer(
            bootstrap_servers=kafka.bootstrap.split(","),
            group_id=group,
            enable_auto_commit=False,
            **told_version(kafka.release),
        )

    def committed(self) -> Look:
        """The group's offsets; partitions without any are left out.

        :raises KafkaError: they cannot be had now.
        """
        found = {}
        for partition in self._partitions:
            offset = self._consumer.committed(partition, timeout_ms=_WITHIN_MS)
            if offset is not None and offset >= 0:
                found[partition.partition] = offset
        # Afterwards: by then at least, that much was committed.
        return Look(time.monotonic(), found)

    def ends(self) -> dict[int, int]:
        """Where the log ends, by partition.

        :raises KafkaError: that cannot be had now.
        """
        found = self._consumer.end_offsets(self._partitions)
        return {partition.partition: offset for partition, offset in found.items()}

    def read(self) -> dict[Place, int]:
        """The number of each message there is.

        :raises KafkaError: not all of them can be read.
        """
        left = {partition: end for partition, end in self.ends().items() if end}
        consumer = self._consumer
        consumer.assign(self._partitions)
        consumer.seek_to_beginning(*self._partitions)
        found: dict[Place, int] = {}
        while left:
            batches = consumer.poll(timeout_ms=_WITHIN_MS, max_records=10_000)
            if not batches:
                raise KafkaError(f"nothing comes any more; to be read to: {left}")
            for partition, messages in batches.items():
                number = partition.partition
                found.update(((number, m.offset), int(m.value)) for m in messages)
                if consumer.position(partition) >= left.get(number, 0):
                    left.pop(number, None)
        return found

    def __enter__(self) -> Looker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()


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
