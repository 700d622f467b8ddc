"""A Java program of one file that answers binary requests on its standard streams."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TypeVar

__all__ = ["JavaPipe", "compiler_is_missing", "nullable"]

Pipe = TypeVar("Pipe", bound="JavaPipe")


def compiler_is_missing() -> bool:
    """A JDK compiles the program as it starts it; a Java without compiler cannot."""
    return shutil.which("javac") is None


def nullable(field: bytes | None) -> bytes:
    """Bytes behind their size, as both sides write them; -1 is null."""
    if field is None:
        return struct.pack(">i", -1)
    return struct.pack(">i", len(field)) + field


class JavaPipe:
    """The running program. A context manager.

    Each call waits for the answer. If the process ends, for example because Kafka refuses a
    message, that is an ``EOFError``; its last words stand on the standard error stream.
    """

    def __init__(self, program: Path, jars: Sequence[Path]) -> None:
        path = os.pathsep.join(str(jar) for jar in jars)
        command = ["java", "-cp", path, str(program)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self: Pipe) -> Pipe:
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

    def ask(self, request: bytes) -> None:
        """Send a request; its answer is taken part by part."""
        self._stdin.write(request)
        self._stdin.flush()

    def answer(self, layout: str) -> tuple[int, ...]:
        """The next numbers."""
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def nullable_answer(self) -> bytes | None:
        """The next bytes."""
        (size,) = self.answer(">i")
        return None if size < 0 else self._take(size)

    def _take(self, size: int) -> bytes:
        taken = self._stdout.read(size)
        if len(taken) < size:
            raise EOFError("the Java process has ended")
        return taken
