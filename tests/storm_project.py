"""``pykafka storm`` as a child process in a project's folder."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pykafka

#: Seconds for a command to end; a real Storm is started, used and ended in that time.
WITHIN = 110
_HERE = str(Path(pykafka.__file__).parents[1])


def environment(temporary: Path) -> dict[str, str]:
    """Variables for a child process: none that would tell it where Nimbus is; and a place for
    temporary files, by which all that it starts can be found."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in {"PYKAFKA_STORM_NIMBUS", "STREAMPARSE_NIMBUS", "COLUMNS"}
    }
    return {**kept, "PYTHONPATH": _HERE, "TMPDIR": str(temporary)}


def left_running(folder: Path) -> list[str]:
    """The command lines of processes that commands in this folder started."""
    mark = f"TMPDIR={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def storm(
    folder: Path, *arguments: str, within: float = WITHIN, code: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    :param code: runs before the command, in its process.
    """
    return subprocess.run(
        command(*arguments, code=code),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command; its standard output and error are one pipe."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def command(*arguments: str, code: str | None = None) -> list[str]:
    """The words of a command line."""
    if code is None:
        return [sys.executable, "-m", "pykafka", "storm", *arguments]
    program = f"{code}\nfrom pykafka.cli.__main__ import main\nimport sys\nsys.exit(main())"
    return [sys.executable, "-c", program, "storm", *arguments]


def make(folder: Path, name: str = "wordcount") -> Path:
    """A project as quickstart makes it."""
    done = storm(folder, "quickstart", name)
    assert done.returncode == 0, done.stderr
    return folder / name
