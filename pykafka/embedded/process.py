"""A server's process: started under guard, signalled, read from, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ..exceptions import ServiceStartError, WaitTimedOutError

__all__ = ["GuardedPopen", "GuardedProcess", "java_command"]

_GUARD = str(Path(__file__).with_name("guard.py"))
#: Seconds for the guard to answer an order, and for a killed process to be gone.
_AT_ONCE = 20.0
_ORDERS = {
    signal.SIGKILL: b"K",
    signal.SIGTERM: b"T",
    signal.SIGSTOP: b"S",
    signal.SIGCONT: b"C",
}
#: Quick to start and small: these servers live for minutes and hold megabytes.
_JVM = (
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Djava.awt.headless=true",
)


def java_command(
    java: str, jars: Sequence[Path], main_class: str, *arguments: str, jvm: Sequence[str] = ()
) -> list[str]:
    """The command line that runs ``main_class``; ``jvm`` comes after, so wins over, our own."""
    path = os.pathsep.join(str(jar) for jar in jars)
    return [java, *_JVM, *jvm, "-cp", path, main_class, *arguments]


class GuardedPopen(subprocess.Popen[bytes]):
    """A :class:`subprocess.Popen` whose command ends when this process does, whatever way.

    Standard streams, status and signals are the command's, though ``pid`` is its guard's.
    ``remove`` is deleted if this process dies first, and the ``family`` (:mod:`.guard`) killed,
    of which the command becomes a member. Dropping the object, or leaving
    its ``with`` by an error, kills the command.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        remove: Path | None = None,
        family: str = "",
        **options: Any,
    ) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_AT_ONCE)
        weakref.finalize(self, self._control.close)
        # -I and -S: nothing of the user's environment changes the guard, and it starts in 20 ms.
        guard = [sys.executable, "-I", "-S", _GUARD, str(theirs.fileno()), str(os.getpid())]
        with theirs:
            super().__init__(
                [*guard, str(remove or ""), family, *command],
                pass_fds=[theirs.fileno()],
                # The terminal's Ctrl-C is for the owner, who then ends things in order.
                start_new_session=True,
                **options,
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the command; if an error ends the ``with``, kill it first."""
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)

    def send_signal(self, sig: int) -> None:
        """SIGKILL, SIGTERM, SIGSTOP or SIGCONT; returns when it was sent (or the command gone)."""
        with contextlib.suppress(OSError):
            self._control.sendall(_ORDERS[signal.Signals(sig)])
            self._control.recv(1)


class GuardedProcess:
    """One server process with its output in a file. Methods may be called from any thread."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        remove: Path | None = None,
        family: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        self._lock = threading.Lock()
        with log.open("ab") as output:
            self._process = GuardedPopen(
                command,
                remove=remove,
                family=family,
                env={**os.environ, **environment} if environment else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def running(self) -> bool:
        """Whether the process exists (also while paused)."""
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while running."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Have a signal sent (those of :class:`GuardedPopen`); nothing if the process is gone."""
        with self._lock:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self.signal(signal.SIGKILL)
        self._reap(_AT_ONCE)

    def stop(self, within: float) -> None:
        """SIGTERM, and SIGKILL after ``within`` seconds; returns when the process is gone."""
        # A paused process would keep the signal for later.
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        with contextlib.suppress(WaitTimedOutError):
            self._reap(within)
            return
        self.kill()

    def _reap(self, within: float) -> None:
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired as error:
            raise WaitTimedOutError(f"{self.log.parent}: still running {within} s on") from error

    def check_alive(self, what: str) -> None:
        """:raises ServiceStartError: the process is gone; carries the end of its log."""
        if not self.running:
            raise ServiceStartError(
                f"{what} ended with status {self.status}; the end of {self.log}:\n{tail(self.log)}"
            )


def tail(log: Path, lines: int = 40) -> str:
    """The last ``lines`` of a text file, "" if it does not exist."""
    try:
        with log.open("rb") as file:
            return _last_lines(file, lines)
    except FileNotFoundError:
        return ""


def _last_lines(file: IO[bytes], lines: int) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - lines * 400))
    return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
