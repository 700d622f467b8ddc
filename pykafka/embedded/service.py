"""What ZooKeeper, brokers and controllers have in common."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..exceptions import ServiceStartError, UsageError, WaitTimedOutError
from .process import GuardedProcess, tail
from .waiting import wait_until

__all__ = ["Service", "ServiceFolder", "property_text", "write_properties"]

#: Seconds that a server gets to end in order before it is killed.
STOP_WITHIN = 15.0


class ServiceFolder:
    """Where servers keep logs and data: a given folder stays, one of our own goes at the end.

    ``keep`` becomes true when a start fails: its error names the log in there.
    """

    def __init__(self, name: str, given: str | Path | None, *, keep: bool) -> None:
        self.keep = keep or given is not None
        #: Whether it holds what an earlier cluster left.
        self.reused = given is not None and any(Path(given).glob("*"))
        if given is None:
            self.path = Path(tempfile.mkdtemp(prefix=f"pykafka-{name}-"))
        else:
            self.path = Path(given).resolve()
            self.path.mkdir(parents=True, exist_ok=True)

    @property
    def doomed(self) -> Path | None:
        """What the guards remove if this process dies without a word."""
        return None if self.keep else self.path

    def remove(self) -> None:
        """Delete the folder unless it is to be kept."""
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)


class Service:
    """One server: a command that can be started again and again on the same port and data.

    Methods may be called from any thread, one at a time.

    :param family: what it starts is known by, and ended by if this process dies
        (:mod:`.guard`).
    :param environment: variables that it gets besides our own.
    """

    def __init__(
        self,
        name: str,
        port: int,
        folder: Path,
        command: Sequence[str],
        home: ServiceFolder,
        *,
        family: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        #: How errors and state lines call it.
        self.name = name
        #: TCP port on 127.0.0.1; the same after every restart.
        self.port = port
        #: Its files; ``log`` in it holds what it prints.
        self.folder = folder
        self.paused = False
        self._command = command
        self._home = home
        self._family = family
        self._environment = environment
        self._process: GuardedProcess | None = None

    @property
    def running(self) -> bool:
        """Whether its process exists (also while paused)."""
        return self._process is not None and self._process.running

    @property
    def state(self) -> str:
        """``"running"``, ``"paused"``, ``"stopped"`` (not started, or ended by us or itself)."""
        if not self.running:
            return "stopped"
        return "paused" if self.paused else "running"

    @property
    def exit_status(self) -> int | None:
        """How the last process ended, negative for a signal; None while running."""
        return None if self._process is None else self._process.status

    @property
    def log_file(self) -> Path:
        """What the server prints, over all its restarts."""
        return self.folder / "log"

    def log_tail(self, lines: int = 40) -> str:
        """The last ``lines`` lines of :attr:`log_file`."""
        return tail(self.log_file, lines)

    def launch(self) -> None:
        """Start the process without waiting for it to be ready.

        :raises UsageError: it runs already.
        """
        if self.running:
            raise UsageError(f"{self.name} runs already; stop() or kill() it first")
        self.paused = False
        self._process = GuardedProcess(
            self._command,
            self.log_file,
            remove=self._home.doomed,
            family=self._family,
            environment=self._environment,
        )

    def await_ready(self, ready: Callable[[], bool], within: float) -> None:
        """Return when ``ready()``.

        :raises ServiceStartError: the process ended, or ``within`` seconds passed; with the
            end of the log, which is then kept.
        """
        process = self._process
        if process is None:
            raise UsageError(f"{self.name} was not started")

        def alive_and_ready() -> bool:
            process.check_alive(self.name)
            return ready()

        try:
            wait_until(alive_and_ready, within, self.name)
        except ServiceStartError:
            self._home.keep = True
            raise
        except WaitTimedOutError as error:
            self._home.keep = True
            raise ServiceStartError(
                f"{self.name} is not ready after {within:g} s; the end of {self.log_file}:\n"
                f"{self.log_tail()}"
            ) from error

    def kill(self) -> None:
        """SIGKILL it; returns when it is gone. Nothing happens if it is not running."""
        if self._process is not None:
            self._process.kill()

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Let it end in order, or kill it after ``within`` seconds."""
        if self._process is not None:
            self._process.stop(within)

    def pause(self) -> None:
        """SIGSTOP it: it keeps port and connections and answers nothing.

        :raises UsageError: it is not running.
        """
        self._signal(signal.SIGSTOP, paused=True)

    def resume(self) -> None:
        """SIGCONT after :meth:`pause`.

        :raises UsageError: it is not running.
        """
        self._signal(signal.SIGCONT, paused=False)

    def _signal(self, number: signal.Signals, *, paused: bool) -> None:
        if self._process is None or not self._process.running:
            raise UsageError(f"{self.name} is not running")
        self._process.signal(number)
        self.paused = paused


def property_text(value: object) -> str:
    """A value as Java writes it: true and false for booleans."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def write_properties(path: Path, properties: Mapping[str, object]) -> None:
    """A Java properties file; booleans become true and false."""
    lines = []
    for key, value in properties.items():
        escaped = property_text(value).replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"{key}={escaped}\n")
    path.write_text("".join(lines), encoding="ascii", errors="backslashreplace")
