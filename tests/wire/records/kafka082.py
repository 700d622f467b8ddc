"""Kafka 0.8.2.2's own reader and writer of message sets, in a Java process of its own."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from wire.records.java_pipe import JavaPipe, nullable

from pykafka.embedded.artifacts import class_path

__all__ = ["Kafka082"]

Pair = tuple["bytes | None", "bytes | None"]


class Kafka082(JavaPipe):
    """Writes with the Java producer's classes, reads with the broker's."""

    def __init__(self) -> None:
        jars = class_path(["org.apache.kafka:kafka_2.11:0.8.2.2"])
        super().__init__(Path(__file__).with_name("Records082.java"), jars)

    def write(self, codec: int, pairs: Sequence[Pair]) -> bytes:
        """The message set that Kafka's producer would send."""
        fields = b"".join(nullable(field) for pair in pairs for field in pair)
        self.ask(struct.pack(">cbi", b"w", codec, len(pairs)) + fields)
        written = self.nullable_answer()
        assert written is not None
        return written

    def read(self, data: bytes) -> list[tuple[int, bytes | None, bytes | None]]:
        """Offset, key and value of what Kafka's consumer would read, checksums verified."""
        self.ask(b"r" + nullable(data))
        (count,) = self.answer(">i")
        return [
            (*self.answer(">q"), self.nullable_answer(), self.nullable_answer())
            for _ in range(count)
        ]
