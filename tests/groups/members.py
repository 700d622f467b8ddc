"""A member of a group as a process that can be paused, killed and asked to end."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import TracebackType

from groups.events import Event, EventFile, Place
from groups.judge import Trouble
from groups.kinds import Options, command_of

from pykafka.embedded.process import GuardedProcess, tail
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import ServiceStartError, UsageError

__all__ = ["Member"]

#: Seconds for a member to be ready: a JVM on a busy machine, and in a ZooKeeper group the first
#: rebalance, which waits for others.
READY_WITHIN = 60.0
#: Seconds for a clean stop.
STOP_WITHIN = 30.0


class Member:
    """One life of a member: started once, and ended by the end of its ``with`` at the latest.

    :param kind: one of :data:`groups.kinds.KINDS`.
    :param name: which no other member of the run has.
    :param folder: for its events and its log.
    """

    def __init__(self, kind: str, name: str, options: Options, folder: Path) -> None:
        self.kind = kind
        self.name = name
        self.options = options
        #: What was done to it that may cost messages their only delivery.
        self.troubles: list[Trouble] = []
        self.paused = False
        self._folder = folder
        self._file = EventFile(folder / f"{name}.events")
        self._log = folder / f"{name}.log"
        self._process: GuardedProcess | None = None
        self._ended = False

    def start(self) -> Member:
        """Have it begin; returns at once.

        :raises DownloadError: what it needs cannot be fetched.
        :raises MissingRequirementError: what it needs cannot be had.
        """
        if self._process is not None:
            raise UsageError(f"{self.name} was started before; make another")
        events = self._folder / f"{self.name}.events"
        command = command_of(self.kind, events, self.name, self.options)
        self._process = GuardedProcess(command, self._log)
        return self

    @property
    def running(self) -> bool:
        """Whether its process exists (also while paused)."""
        return self._process is not None and self._process.running

    @property
    def died(self) -> bool:
        """Whether it has ended without being asked to."""
        return self._process is not None and not self._ended and not self._process.running

    def await_ready(self, within: float = READY_WITHIN) -> None:
        """Return when it is started.

        :raises ServiceStartError: it ended instead; with the end of its log.
        """
        self.await_event("ready", within)

    def await_event(self, event: str, within: float) -> None:
        """Return when it has told that.

        :raises ServiceStartError: it ended instead; with the end of its log.
        :raises WaitTimedOutError: not within so many seconds.
        """

        def told() -> bool:
            if any(found.event == event for found in self.events()):
                return True
            if not self.running and not any(found.event == event for found in self.events()):
                raise ServiceStartError(f"{self.name} has ended: {tail(self._log)}")
            return False

        wait_until(told, within, f"{self.name}: {event}")

    def pause(self) -> None:
        """SIGSTOP."""
        self.troubles.append(Trouble(self.name, "pause", time.monotonic()))
        self._running().signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """SIGCONT."""
        self._end_pause()
        self._running().signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._ended = True
        begin = time.monotonic()
        self._running().kill()
        self._end_pause()
        self.troubles.append(Trouble(self.name, "kill", begin, time.monotonic()))

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Ask it to end, and wait until it has.

        :raises ServiceStartError: it did not end in order within so many seconds; it is
            killed then.
        """
        self._ended = True
        self._end_pause()
        self._running().stop(within)
        if not self.events() or self.events()[-1].event != "stopped":
            raise ServiceStartError(f"{self.name} did not end in order: {tail(self._log)}")

    def end(self) -> None:
        """Leave no process behind."""
        if self._process is not None:
            self._process.kill()

    def events(self) -> list[Event]:
        """What it has told so far."""
        return self._file.events()

    def log_tail(self, lines: int = 40) -> str:
        """The end of what it printed."""
        return tail(self._log, lines)

    def holds(self, at: float | None = None) -> set[Place]:
        """The partitions that it had then, or has now, by its own words."""
        held: set[Place] = set()
        for event in self.events():
            if at is not None and event.t > at:
                break
            if event.event == "assigned":
                held.add(event.place)
            elif event.event in {"revoked", "lost"}:
                held.discard(event.place)
        return held

    def _end_pause(self) -> None:
        if self.paused:
            self.paused = False
            self.troubles[-1] = self.troubles[-1]._replace(end=time.monotonic())

    def _running(self) -> GuardedProcess:
        if self._process is None:
            raise UsageError(f"{self.name} was not started")
        return self._process

    def __enter__(self) -> Member:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
