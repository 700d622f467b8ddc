"""The members in Java: compiled once, not by each process that runs them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from groups.caches import made_once

from pykafka.embedded.java import find_java
from pykafka.embedded.process import java_command
from pykafka.exceptions import MissingRequirementError

__all__ = ["java_member"]

_PROGRAMS = Path(__file__).parent / "programs"
_COMPILED_WITHIN = 60.0
#: Many of them run side by side, and hold next to nothing.
_JVM = ("-Xmx96m", "-XX:CICompilerCount=1")
_LOGGING = """\
log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %-5p %c{1} %m%n
"""


def java_member(
    program: str, jars: Sequence[Path], arguments: Sequence[str], folder: Path
) -> list[str]:
    """The command line of a program of that name.

    :param folder: for what it has to find in a file.
    :raises MissingRequirementError: there is no Java, or no compiler.
    """
    logging = folder / "log4j.properties"
    logging.write_text(_LOGGING)
    return java_command(
        find_java(),
        [_compiled(program, jars), *jars],
        program,
        *arguments,
        jvm=(*_JVM, f"-Dlog4j.configuration=file:{logging}"),
    )


def _compiled(program: str, jars: Sequence[Path]) -> Path:
    """A folder with the program's classes."""
    sources = [_PROGRAMS / f"{program}.java", _PROGRAMS / "EventLog.java"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]

    def compile_into(folder: Path) -> None:
        compiler = shutil.which("javac")
        if compiler is None:
            raise MissingRequirementError(f"a JDK (javac) to compile {program}")
        path = os.pathsep.join(map(str, jars))
        command = [compiler, "--release", "17", "-d", str(folder), "-cp", path, *map(str, sources)]
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMPILED_WITHIN,
        )
        assert done.returncode == 0, done.stdout

    return made_once(f"{program}-{digest}", compile_into)
