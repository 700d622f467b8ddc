"""The end of a topology's logs, and what is written to them from then on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .log_files import LogFile, find_logs, last_lines, read_on
from .shell import Shell

__all__ = ["LogTail"]

#: Seconds between two looks at what is new.
_LOOK_EVERY = 0.5

#: Called with a host's name, a file, and whole lines of it: from one thread at a time.
Show = Callable[[str, LogFile, Sequence[bytes]], None]


@dataclass
class _Followed:
    """A file that is read as it grows.

    :ivar at: the place up to which it was read.
    :ivar rest: the beginning of a line that is not whole yet.
    """

    at: int
    rest: bytes = b""

    def whole_lines(self, data: bytes) -> list[bytes]:
        self.at += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        return lines


class LogTail:
    """What to show of a topology's logs. It serves several hosts, each in a thread.

    :param folders: where logs are on each host.
    :param count: lines of each file to begin with.
    :param wanted: which of the files.
    :param others: names of other topologies (:func:`.log_files.find_logs`).
    :param show: gets the lines, without line ends.
    """

    def __init__(
        self,
        topology: str,
        folders: Sequence[str],
        count: int,
        wanted: Callable[[LogFile], bool],
        others: Sequence[str],
        show: Show,
    ) -> None:
        self._topology = topology
        self._folders = folders
        self._count = count
        self._is_wanted = wanted
        self._others = others
        self._show = show
        self._lock = threading.Lock()
        #: The newest run of the topology that was seen on any host.
        self._newest_run = 0

    def find(self, shell: Shell) -> list[LogFile]:
        """All files of the topology that a host has."""
        logs = find_logs(shell, self._folders, self._topology, self._others)
        with self._lock:
            self._newest_run = max([self._newest_run, *(log.run for log in logs)])
        return logs

    def wanted(self, logs: Sequence[LogFile]) -> list[LogFile]:
        """Those that are to be shown: of a run before the newest, none."""
        return [log for log in logs if log.run in {0, self._newest_run} and self._is_wanted(log)]

    def show_end(self, host: str, shell: Shell, logs: Sequence[LogFile]) -> None:
        """Show the last lines of files of a host."""
        for log in logs:
            data, _ = last_lines(shell, log, self._count)
            self._tell(host, log, data.removesuffix(b"\n").split(b"\n") if data else [])

    def follow(self, host: str, shell: Shell, ending: threading.Event) -> None:
        """Show the last lines of a host's files, and go on with what is added.

        Files that come later are shown from their beginning; one that is renamed when it is full
        is read to its end.

        :param ending: returns once it is set.
        """
        followed: dict[int, _Followed] = {}
        first = True
        while not ending.is_set():
            logs = self.find(shell)
            new = self.wanted(logs)
            for log in logs:
                known = followed.get(log.inode)
                if known is None or log.size < known.at:
                    if log not in new:
                        continue
                    known = followed[log.inode] = _Followed(0)
                    if first:
                        data, at = last_lines(shell, log, self._count)
                        self._tell(host, log, known.whole_lines(data))
                        known.at = at
                while known.at < log.size and (more := read_on(shell, log, known.at)):
                    self._tell(host, log, known.whole_lines(more))
            first = False
            ending.wait(_LOOK_EVERY)

    def _tell(self, host: str, log: LogFile, lines: Sequence[bytes]) -> None:
        if lines:
            with self._lock:
                self._show(host, log, lines)
