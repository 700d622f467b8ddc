"""The workers that run on this machine, found in the table of processes."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..guard import members
from ..waiting import wait_until

__all__ = ["EmbeddedWorker", "find_workers", "kill_worker"]

_WORKER = "org.apache.storm.daemon.worker.Worker"
#: Reads what a worker prints, with the worker's whole command as its arguments.
_LOG_WRITER = "org.apache.storm.LogWriter"
#: Seconds for a killed process to be gone.
_GONE_WITHIN = 20.0


@dataclass(frozen=True)
class EmbeddedWorker:
    """One worker, as it was when it was looked at."""

    #: Of the topology whose tasks it runs: ``"name-1-1700000000"``.
    topology_id: str
    #: The slot: TCP port that other workers reach it at.
    port: int
    #: The id of the supervisor that started it.
    supervisor_id: str
    #: Process id of its JVM.
    pid: int
    #: Process ids of its components that are no Java, in the order in which they started.
    components: tuple[int, ...]


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    arguments: list[str]


def find_workers(family: str) -> list[EmbeddedWorker]:
    """The workers among a family's processes (:mod:`pykafka.embedded.guard`), by port."""
    processes = list(_processes(family))
    found = []
    for process in processes:
        if _WORKER in process.arguments and _LOG_WRITER not in process.arguments:
            place = process.arguments.index(_WORKER)
            topology, supervisor, _, port, _ = process.arguments[place + 1 : place + 6]
            children = sorted(child.pid for child in processes if child.parent == process.pid)
            worker = EmbeddedWorker(topology, int(port), supervisor, process.pid, tuple(children))
            found.append(worker)
    return sorted(found, key=lambda worker: worker.port)


def kill_worker(family: str, worker: EmbeddedWorker) -> None:
    """SIGKILL a worker's JVM; returns when it is gone.

    Its components see their pipes end, and the supervisor starts another one.
    """

    def there() -> bool:
        return any(found.pid == worker.pid for found in find_workers(family))

    if there():
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not there(), _GONE_WITHIN, f"end of the worker on port {worker.port}")


def _processes(family: str) -> Iterator[_Process]:
    for pid in members(family):
        folder = Path("/proc", str(pid))
        # It may end at any moment.
        with contextlib.suppress(OSError):
            arguments = folder.joinpath("cmdline").read_bytes().decode(errors="replace")
            # The program's name, in parentheses, may hold anything.
            _, _, state = folder.joinpath("stat").read_text(errors="replace").rpartition(")")
            yield _Process(pid, int(state.split()[1]), arguments.split("\0"))
