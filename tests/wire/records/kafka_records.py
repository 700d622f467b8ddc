"""Today's Kafka's own reader and writer of record sets, in a Java process of its own."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from wire.kafka_definitions import classpath_of
from wire.records.java_pipe import JavaPipe, nullable

__all__ = ["JavaBatch", "JavaRecord", "KafkaRecords"]

_PROGRAM = Path(__file__).with_name("RecordsNow.java")

Header = tuple[str, "bytes | None"]


class JavaRecord(NamedTuple):
    """One record, to be written or as it was read."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class JavaBatch(NamedTuple):
    """A batch as Kafka's classes read it: what they say of it, and its records."""

    magic: int
    codec: int
    timestamp_type: int
    is_transactional: bool
    is_control: bool
    next_offset: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    leader_epoch: int
    records: list[JavaRecord]


class KafkaRecords(JavaPipe):
    """The record classes of a release of the Java clients.

    :param folder: for the program in the form that suits the release.
    """

    def __init__(self, release: str, folder: Path) -> None:
        source = _PROGRAM.read_text(encoding="utf-8")
        if release.startswith("3."):
            source = source.replace(".record.internal.", ".record.")
        program = folder / _PROGRAM.name
        program.write_text(source, encoding="utf-8")
        super().__init__(program, classpath_of(release))

    def write(
        self,
        records: Sequence[JavaRecord],
        *,
        magic: int = 2,
        codec: int = 0,
        base_offset: int = 0,
        append_time: int | None = None,
        producer: tuple[int, int, int] = (-1, -1, -1),
        is_transactional: bool = False,
        leader_epoch: int = -1,
    ) -> bytes:
        """The bytes of a batch, or of a message set."""
        head = struct.pack(
            ">cbbb?qqqhiii",
            b"w",
            magic,
            codec,
            append_time is not None,
            is_transactional,
            base_offset,
            -1 if append_time is None else append_time,
            *producer,
            leader_epoch,
            len(records),
        )
        self.ask(head + b"".join(map(_record, records)))
        return self._bytes()

    def marker(self, offset: int, producer_id: int, kind: int, leader_epoch: int = 0) -> bytes:
        """The control batch at the end of a transaction: 0 aborts, 1 commits."""
        self.ask(struct.pack(">cqiqb", b"m", offset, leader_epoch, producer_id, kind))
        return self._bytes()

    def read(self, data: bytes) -> list[JavaBatch]:
        """Every batch in a record set, checksums verified."""
        self.ask(b"r" + nullable(data))
        (count,) = self.answer(">i")
        return [self._batch() for _ in range(count)]

    def _batch(self) -> JavaBatch:
        *head, count = self.answer(">bbb??qqqhiii")
        return JavaBatch(*head, records=[self._record() for _ in range(count)])  # type: ignore[arg-type]  # two are bool

    def _record(self) -> JavaRecord:
        offset, timestamp = self.answer(">qq")
        key, value = self.nullable_answer(), self.nullable_answer()
        (count,) = self.answer(">i")
        headers = [(self._bytes().decode(), self.nullable_answer()) for _ in range(count)]
        return JavaRecord(offset, timestamp, key, value, headers)

    def _bytes(self) -> bytes:
        written = self.nullable_answer()
        assert written is not None
        return written


def _record(record: JavaRecord) -> bytes:
    fields = struct.pack(">qq", record.offset, record.timestamp)
    fields += nullable(record.key) + nullable(record.value)
    fields += struct.pack(">i", len(record.headers))
    for key, value in record.headers:
        fields += nullable(key.encode()) + nullable(value)
    return fields
