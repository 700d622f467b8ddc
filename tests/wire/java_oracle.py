"""Kafka's own codecs, asked through a Java process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType

from pykafka.embedded.java import find_java
from pykafka.exceptions import MissingRequirementError

__all__ = ["JavaOracle"]

_PROGRAM = Path(__file__).with_name("Oracle.java")


class JavaOracle:
    """Runs ``Oracle.java`` with the kafka-clients of a release. A context manager.

    :raises MissingRequirementError: there is no Java, or none that compiles.
    """

    def __init__(self, release: str, classpath: list[Path]) -> None:
        self.release = release
        java = find_java()
        modules = subprocess.run(
            [java, "--list-modules"], capture_output=True, text=True, timeout=60, check=True
        )
        if "jdk.compiler" not in modules.stdout:
            raise MissingRequirementError(f"{java} is no JDK: it cannot compile {_PROGRAM.name}")
        path = os.pathsep.join(map(str, classpath))
        self._process = subprocess.Popen(
            [java, "-XX:TieredStopAtLevel=1", "-cp", path, str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # slf4j says that it has no binding.
            text=True,
            bufsize=1,
        )
        self._answer()

    def __enter__(self) -> JavaOracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate(timeout=30)

    def again(self, message: str, version: int, body: bytes) -> bytes:
        """``body`` decoded and encoded again.

        :raises AssertionError: Kafka cannot decode it, or something is left.
        """
        answer = self._ask(f"{message} {version} {body.hex()}")
        assert not answer.startswith("!"), f"{message} v{version}: {answer[2:]}"
        return bytes.fromhex(answer)

    def errors(self) -> dict[int, tuple[str, bool, bool]]:
        """Code -> name, whether it is retriable, whether metadata are out of date."""
        rows = [row.split(",") for row in self._ask("errors").split(";") if row]
        return {
            int(code): (name, retriable == "true", metadata == "true")
            for code, name, retriable, metadata in rows
        }

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"Oracle.java ended with {self._process.wait(30)}")
        return line.rstrip("\n")
