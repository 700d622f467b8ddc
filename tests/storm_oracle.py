"""Storm's own Java classes, asked through a process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pykafka.embedded.artifacts import class_path, single_jar
from pykafka.embedded.java import find_java
from pykafka.exceptions import MissingRequirementError

__all__ = ["STORM", "StormOracle", "StormRefusedError", "storm_oracle"]

#: The release whose classes are asked.
STORM = "2.8.3"

_PROGRAM = Path(__file__).with_name("storm") / "java" / "StormOracle.java"


class StormRefusedError(Exception):
    """Storm's answer is an exception, whose text this is."""


class StormOracle:
    """A running ``StormOracle.java``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, *words: str) -> str:
        """The answer to a question.

        :raises StormRefusedError: it is an exception.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if words:
            self._process.stdin.write(" ".join(words) + "\n")
        # What is no answer is a line of Flux's own.
        for line in self._process.stdout:
            kind, _, answer = line.rstrip("\n").partition(" ")
            if kind == "ok":
                return answer
            if kind == "error":
                raise StormRefusedError(answer)
        raise AssertionError(f"{_PROGRAM.name} ended: {self._process.wait(timeout=30)}")


@contextmanager
def storm_oracle() -> Iterator[StormOracle]:
    """Runs ``StormOracle.java`` with the classes of :data:`STORM`.

    :raises MissingRequirementError: there is no Java, or none that compiles.
    :raises DownloadError: Storm's jars cannot be had.
    """
    java = find_java()
    modules = subprocess.run(
        [java, "--list-modules"], capture_output=True, text=True, timeout=60, check=True
    )
    if "jdk.compiler" not in modules.stdout:
        raise MissingRequirementError(f"{java} is no JDK: it cannot compile {_PROGRAM.name}")
    jars = [
        *class_path([f"org.apache.storm:storm-client:{STORM}"]),
        # Its jar holds flux-wrappers as well.
        single_jar(f"org.apache.storm:flux-core:{STORM}"),
    ]
    with subprocess.Popen(
        [java, "-XX:TieredStopAtLevel=1", "-cp", os.pathsep.join(map(str, jars)), str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # log4j says that it has no configuration.
        text=True,
        bufsize=1,
    ) as process:
        try:
            oracle = StormOracle(process)
            oracle.ask()
            yield oracle
        finally:
            process.kill()
