"""Starting a Storm, running a topology on it for a while, and ending both."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...embedded.storm import EmbeddedStorm
from ..building import Tell
from ..deployment import launching
from ..deployment.jar import build_jar
from ..exceptions import StormError
from ..nimbus import submission
from ..nimbus.client import Nimbus
from ..nimbus.structures import topology_structure
from .worker_logs import Line, WorkerLog

__all__ = ["LocalRun", "run_on_storm"]

#: Seconds between looks at the logs.
_LOOK_EVERY = 0.2
#: Seconds that components get to finish their tuples.
_FINISH = 2
#: How many workers may be started for each slot before that is taken for an answer.
_PATIENCE = 2


@dataclass(frozen=True)
class LocalRun:
    """What is run, and how.

    :ivar topology: a topology class.
    :ivar name: its name.
    :ivar source: the folder of its components.
    :ivar resources: more files that they need, as for the jar.
    :ivar environment: decides where a ``par`` goes by environments.
    :ivar conf: Storm's options.
    :ivar seconds: for how long; None until Ctrl-C.
    :ivar workers: how many worker slots the Storm has.
    :ivar jars: jars of the user's own for Java components.
    :ivar resources: more files that components are imported from.
    """

    topology: Any
    name: str
    source: Path | None
    environment: str | None = None
    conf: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    workers: int = 1
    jars: tuple[Path, ...] = ()
    resources: Mapping[str, bytes | Path] = field(default_factory=dict)


def run_on_storm(
    run: LocalRun,
    *,
    tell: Tell,
    show: Callable[[Line], None],
    downloads: Tell,
    done: Callable[[], bool] = lambda: False,
) -> None:
    """Run a topology on a Storm of its own until its time is over; leaves nothing behind.

    Components run by this Python, so what this one can import, they can.

    :param tell: gets a line for each step.
    :param show: gets what components say.
    :param downloads: gets a line for each download.
    :param done: looked at all the time while it runs; true ends the run, too.
    :raises StormError: the topology cannot run; what its components said was shown.
    :raises KeyboardInterrupt: Ctrl-C; all was ended as well.
    """
    with tempfile.TemporaryDirectory(prefix="pykafka-storm-") as folder:
        jar = Path(folder, f"{run.name}.jar")
        build_jar(jar, run.source, resources=run.resources, jars=run.jars)
        launcher = launching.installed(sys.executable)
        structure = topology_structure(run.topology, launcher, run.environment)
        tell("starting ZooKeeper, Nimbus and a supervisor")
        with (
            EmbeddedStorm(slots=run.workers, progress=downloads) as storm,
            Nimbus(storm.nimbus_addresses) as nimbus,
        ):
            tell(f"Storm {storm.release.version} is ready; submitting {run.name}")
            state = submission.submit(nimbus, run.name, jar, structure, run.conf)
            with _ending(nimbus, run, tell):
                _watch(storm, state.id, run, tell, show, done)


@contextlib.contextmanager
def _ending(nimbus: Nimbus, run: LocalRun, tell: Tell) -> Iterator[None]:
    """Have spouts stop and bolts finish at the end, also at one by Ctrl-C."""
    try:
        yield
    finally:
        tell(f"ending {run.name}")
        submission.kill(nimbus, run.name, _FINISH)
        time.sleep(_FINISH)


def _watch(
    storm: EmbeddedStorm,
    topology_id: str,
    run: LocalRun,
    tell: Tell,
    show: Callable[[Line], None],
    done: Callable[[], bool],
) -> None:
    names = [spec.name for spec in run.topology.specs]
    until = None if run.seconds is None else time.monotonic() + run.seconds
    seen: set[int] = set()
    logs: dict[Path, WorkerLog] = {}
    with contextlib.ExitStack() as opened:
        while (until is None or time.monotonic() < until) and not done():
            time.sleep(_LOOK_EVERY)
            for path in storm.worker_logs():
                if path not in logs:
                    logs[path] = WorkerLog(path, names)
                    opened.callback(logs[path].close)
                for line in logs[path].read():
                    show(line)
            workers = {worker.pid for worker in storm.workers(topology_id)}
            if workers - seen:
                tell("another worker has started" if seen else "a worker has started")
                seen |= workers
            if len(seen) > run.workers * _PATIENCE:
                raise StormError(
                    f"{run.name}: its workers end again and again; above is what they said"
                )
