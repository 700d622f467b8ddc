"""The logs of a topology on a host: which files they are, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from ..exceptions import DeploymentError
from .shell import Shell

__all__ = ["Kind", "LogFile", "belongs_to", "find_logs", "last_lines", "read_on", "remove"]

#: ``worker``: of Storm's worker and of what it prints. ``component``: that a component's process
#: writes itself (``pystorm.log.path``). ``artifact``: what else a worker leaves behind.
Kind = Literal["worker", "component", "artifact"]

#: Lists the files of a folder, three folders deep, which is where Storm has its workers'. Those of
#: names with a line break are none of ours.
_LIST = """cd "$1" 2>/dev/null || exit 9
LC_ALL=C; export LC_ALL
find . -path './*/*/*/*/*' -prune -o -name '*
*' -prune -o -type f -exec ls -lind {} + 2>/dev/null
exit 0"""
_NO_FOLDER = 9
#: inode, mode, links, owner, group, size, month, day, time or year, path.
_LISTED = re.compile(rb" *(\d+) +-\S+ +\d+ +\d+ +\d+ +(\d+) +\S+ +\S+ +\S+ \./(.*)")
#: tail goes to the place at once; dd bounds what comes of a file that grows meanwhile.
_READ = 'tail -c "+$2" "$1" 2>/dev/null | dd bs=65536 count=64 2>/dev/null'
#: Storm's folder of one run of a topology: name, number, seconds since the epoch.
_RUN = re.compile(r"(.+)-\d+-(\d{9,})")
_WORKER_LOG = re.compile(r"worker\.log(\..+)?")
_COMPONENT_LOG = re.compile(r".*\.log(\.\d+)?")
#: Bytes that a line may be expected to have at most, on average.
_LINE = 256
_LEAST = 4096
#: Files that one rm gets.
_AT_A_TIME = 200


class LogFile(NamedTuple):
    """A file on a host.

    :ivar folder: the one that was searched.
    :ivar name: the path in it.
    :ivar inode: the same when the file is renamed.
    :ivar size: bytes.
    :ivar run: when the run of the topology began that it is of, in seconds since the epoch; 0: it
        does not say.
    """

    folder: str
    name: str
    inode: int
    size: int
    kind: Kind
    run: int

    @property
    def path(self) -> str:
        """The whole path."""
        return _joined(self.folder, self.name)

    @property
    def is_current(self) -> bool:
        """Whether it is still written to, going by its name: no log that was full."""
        file = self.name.rpartition("/")[2]
        if self.kind == "worker":
            return file in {"worker.log", "worker.log.err", "worker.log.out"}
        return self.kind == "component" and file.endswith(".log")


def find_logs(
    shell: Shell, folders: Sequence[str], topology: str, others: Iterable[str] = ()
) -> list[LogFile]:
    """The files of a topology in some folders of a host, by path.

    :param others: names of other topologies. A file whose name has several in it is of the one
        whose name is the longest.
    :raises DeploymentError: none of the folders is there.
    """
    listed: dict[str, tuple[str, str, int, int]] = {}
    there = False
    for folder in folders:
        answer = shell.run(_LIST, [folder])
        there |= answer.status != _NO_FOLDER
        for line in answer.output.splitlines():
            if found := _LISTED.fullmatch(line):
                name = found[3].decode("utf-8", "surrogateescape")
                listed[_joined(folder, name)] = (folder, name, int(found[1]), int(found[2]))
    if not there:
        raise DeploymentError(f"there is no folder {' or '.join(folders)}")
    names = {*others, *(run[1] for path in listed for run in [_run_of(path)] if run)}
    logs = [
        LogFile(*listed[path], *described)
        for path in sorted(listed)
        if (described := belongs_to(path, topology, names))
    ]
    # One that two of the folders lead to.
    return list({(log.inode, log.size): log for log in logs}.values())


def _joined(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def belongs_to(path: str, topology: str, others: Iterable[str] = ()) -> tuple[Kind, int] | None:
    """What a file is to a topology, and the run that it is of; None: nothing."""
    file = path.rpartition("/")[2]
    if run := _run_of(path):
        if run[1] != topology:
            return None
        return "worker" if _WORKER_LOG.fullmatch(file) else "artifact", int(run[2])
    if not _COMPONENT_LOG.fullmatch(file) or not _is_in(topology, file):
        return None
    if any(len(name) > len(topology) and _is_in(name, file) for name in others):
        return None
    return "component", 0


def _run_of(path: str) -> re.Match[str] | None:
    folders = path.split("/")[:-1]
    return next((found for part in reversed(folders) if (found := _RUN.fullmatch(part))), None)


def _is_in(topology: str, file: str) -> bool:
    """Whether a name stands in that of a file, by itself: ``count`` is not in ``accounts``."""
    return bool(re.search(rf"(?<![^\W_]){re.escape(topology)}(?![^\W_])", file))


def read_on(shell: Shell, log: LogFile, at: int) -> bytes:
    """What is in a file from a place on, at most 4 MiB; nothing at its end, or if it is gone."""
    return shell.run(_READ, [log.path, str(at + 1)]).output


def last_lines(shell: Shell, log: LogFile, count: int) -> tuple[bytes, int]:
    """The last lines of a file, and the place after them."""
    span = max(_LEAST, _LINE * count) if count else 0
    while True:
        start = at = max(log.size - span, 0)
        data = b""
        while at < log.size and (more := read_on(shell, log, at)):
            data += more
            at += len(more)
        # The first one may be the end of a line.
        if start == 0 or data.count(b"\n") > count or not count:
            return b"".join(data.splitlines(keepends=True)[-count:] if count else []), at
        span *= 4


def remove(shell: Shell, logs: Sequence[LogFile]) -> None:
    """Remove files, and those of Storm's folders of a run that are empty then.

    :raises DeploymentError: some cannot be; with the reason.
    """
    paths = [log.path for log in logs]
    folders = {path.rpartition("/")[0] for path in paths if _run_of(path)}
    folders |= {folder.rpartition("/")[0] for folder in folders if _run_of(folder)}
    complaints = b""
    for number in range(0, len(paths), _AT_A_TIME):
        complaints += shell.run('rm -f -- "$@" 2>&1', paths[number : number + _AT_A_TIME]).output
    # The deepest first. One that is not empty stays.
    for folder in sorted(folders, key=len, reverse=True):
        shell.run('rmdir -- "$1" 2>/dev/null', [folder])
    if complaints:
        raise DeploymentError(complaints.decode("utf-8", "replace").strip().splitlines()[0])
