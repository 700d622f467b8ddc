"""Kafka 0.8.2.2's own reader and writer of message sets, in a Java process of its own."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from pykafka.embedded.artifacts import class_path

__all__ = ["Kafka082", "compiler_is_missing"]

_PROGRAM = Path(__file__).with_name("Records082.java")

Pair = tuple["bytes | None", "bytes | None"]


def compiler_is_missing() -> bool:
    """A JDK compiles the program as it starts it; a Java without compiler cannot."""
    return shutil.which("javac") is None


class Kafka082:
    """Writes with the Java producer's classes, reads with the broker's.

    Each call waits for the answer. If the process ends, for example because Kafka refuses a
    message, that is an ``EOFError``; its last words stand on the standard error stream.
    """

    def __init__(self) -> None:
        jars = class_path(["org.apache.kafka:kafka_2.11:0.8.2.2"])
        path = os.pathsep.join(str(jar) for jar in jars)
        command = ["java", "-cp", path, str(_PROGRAM)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Kafka082:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=20)
        self._stdout.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def write(self, codec: int, pairs: Sequence[Pair]) -> bytes:
        """The message set that Kafka's producer would send."""
        fields = b"".join(_nullable(field) for pair in pairs for field in pair)
        self._ask(struct.pack(">cbi", b"w", codec, len(pairs)) + fields)
        written = self._nullable_answer()
        assert written is not None
        return written

    def read(self, data: bytes) -> list[tuple[int, bytes | None, bytes | None]]:
        """Offset, key and value of what Kafka's consumer would read, checksums verified."""
        self._ask(b"r" + _nullable(data))
        (count,) = self._answer(">i")
        return [
            (*self._answer(">q"), self._nullable_answer(), self._nullable_answer())
            for _ in range(count)
        ]

    def _ask(self, request: bytes) -> None:
        self._stdin.write(request)
        self._stdin.flush()

    def _answer(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def _nullable_answer(self) -> bytes | None:
        (size,) = self._answer(">i")
        return None if size < 0 else self._take(size)

    def _take(self, size: int) -> bytes:
        taken = self._stdout.read(size)
        if len(taken) < size:
            raise EOFError("the Java process has ended")
        return taken


def _nullable(field: bytes | None) -> bytes:
    if field is None:
        return struct.pack(">i", -1)
    return struct.pack(">i", len(field)) + field
