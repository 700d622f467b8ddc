"""Kafka's own Java producer and consumer, of a release, in a Java process of their own."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from functional.interop.records import Got, Sent
from wire.kafka_definitions import classpath_of
from wire.records.java_pipe import JavaPipe, nullable

from pykafka.embedded.artifacts import class_path

__all__ = ["JAVA_CLIENTS", "JavaClient"]

_FOLDER = Path(__file__).parent

#: Release -> the program, and where its jars come from.
JAVA_CLIENTS = {
    "0.8.2.2": ("JavaClient082.java", lambda: class_path(["org.apache.kafka:kafka_2.11:0.8.2.2"])),
    "4.3.0": ("JavaClientNow.java", lambda: classpath_of("4.3.0")),
}


class JavaClient(JavaPipe):
    """A program that outlives the brokers: one start for all releases.

    :raises DownloadError: the jars cannot be fetched.
    :raises MissingRequirementError: the jars cannot be had.
    """

    def __init__(self, release: str) -> None:
        program, jars = JAVA_CLIENTS[release]
        super().__init__(_FOLDER / program, jars())

    def meet(self, bootstrap: str) -> None:
        """The brokers that all that follows is about."""
        self.ask(b"b" + nullable(bootstrap.encode()))

    def write(self, topic: str, codec: str, batches: Sequence[Sequence[Sent]]) -> list[int]:
        """Send; each batch when all before it is acknowledged. The offset of each record."""
        parts = [b"w", nullable(topic.encode()), nullable(codec.encode())]
        parts.append(struct.pack(">i", len(batches)))
        for batch in batches:
            parts.append(struct.pack(">i", len(batch)))
            parts += map(_record, batch)
        self.ask(b"".join(parts))
        return list(self.answer(f">{sum(map(len, batches))}q"))

    def read(self, topic: str, partitions: int, count: int) -> list[Got]:
        """So many records of the partitions from 0 on."""
        self.ask(b"r" + nullable(topic.encode()) + struct.pack(">ii", partitions, count))
        (found,) = self.answer(">i")
        return [self._record() for _ in range(found)]

    def _record(self) -> Got:
        partition, offset, timestamp, kind = self.answer(">iqqb")
        key, value = self.nullable_answer(), self.nullable_answer()
        (count,) = self.answer(">i")
        headers = [self._header() for _ in range(count)]
        return Got(partition, offset, timestamp, kind, key, value, headers)

    def _header(self) -> tuple[str, bytes | None]:
        key, value = self.nullable_answer(), self.nullable_answer()
        assert key is not None
        return key.decode(), value


def _record(record: Sent) -> bytes:
    timestamp = -1 if record.timestamp is None else record.timestamp
    fields = struct.pack(">iq", record.partition, timestamp)
    fields += nullable(record.key) + nullable(record.value)
    fields += struct.pack(">i", len(record.headers))
    return fields + b"".join(nullable(k.encode()) + nullable(v) for k, v in record.headers)
