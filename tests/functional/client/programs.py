"""Running a few lines of Python as a program of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["program", "run_program"]

#: Seconds; none of these has reason to run so long.
_BOUND = 60.0


def run_program(source: str, *arguments: str) -> str:
    """Run it; what it printed. It must end with status 0."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_BOUND,
        check=False,
    )
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def program(source: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run it beside the test, which reads what it prints; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(source), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()
