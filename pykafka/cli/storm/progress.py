"""How commands that take a while tell what they do: on standard error."""

from __future__ import annotations

import sys
import time

__all__ = ["HostsProgress", "UploadProgress", "say"]

#: Seconds between two lines of an upload where nothing can be written over.
_EVERY = 2.0
#: States of a host that has its environment.
_OUTCOMES = ("made", "unchanged")


def say(line: str) -> None:
    """Tell of a step."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class HostsProgress:
    """Tells what happens on each host, a line for each change of state; all of it if asked to.

    :param verbose: show each line of what installs.
    """

    def __init__(self, verbose: bool = False) -> None:
        self._verbose = verbose
        self._states: dict[str, str] = {}

    def __call__(self, host: str, state: str, line: str) -> None:
        where = "" if host == "here" else f"{host}: "
        if self._verbose or self._states.get(host) != state:
            self._states[host] = state
            # Of the others the line says it all; these come with the environment's path.
            say(f"{where}{state} {line}" if state in _OUTCOMES else f"{where}{line or state}")


class UploadProgress:
    """Tells how much of a jar was sent."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, sent: int, size: int) -> None:
        terminal = sys.stderr.isatty()
        done = sent >= size
        text = f"uploading the jar: {sent / 1e6:.1f} of {size / 1e6:.1f} MB"
        if terminal:
            sys.stderr.write(f"\r{text}" + ("\n" if done else ""))
            sys.stderr.flush()
        elif done or time.monotonic() - self._last > _EVERY:
            self._last = time.monotonic()
            say(text)
