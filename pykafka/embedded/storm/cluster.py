"""A real Storm on this machine: Nimbus, supervisors and what workers they start."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from ...exceptions import InvalidOptionError, MissingRequirementError
from ..artifacts import class_path, report_to_stderr
from ..guard import kill_family, members, signal_family
from ..java import find_java
from ..ports import HOST, free_ports
from ..process import tail
from ..service import Service, ServiceFolder
from ..waiting import wait_until
from ..zookeeper import EmbeddedZookeeper
from ..zookeeper_connection import connected
from .daemons import EmbeddedNimbus, EmbeddedSupervisor, StormDaemon, Surroundings
from .home import make_home
from .registry import Registry
from .releases import StormRelease, find_storm_release
from .workers import EmbeddedWorker, find_workers, kill_worker

__all__ = ["EmbeddedStorm"]

_RELAY = str(Path(__file__).with_name("relay.py"))
#: Seconds that workers and components get to end in order, before they are killed.
_WORKERS_END_WITHIN = 3.0
#: Milliseconds after which another Nimbus takes over from one that was killed.
_SESSION = 6000
_SMALL_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -XX:-UsePerfData"


class EmbeddedStorm:
    """A Storm cluster, started on construction, stopped at the end of a ``with``.

    ::

        with EmbeddedStorm(nimbuses=2, supervisors=2, slots=3) as storm:
            print(storm.nimbus_addresses)

    It brings a ZooKeeper, unless it is given one. Several Nimbus share nothing but that: the
    leader's topologies are copied by the others, and submitting one returns once two have it, or
    10 s later if there are no two. When the leader dies another one takes over within about
    10 s; topologies run on meanwhile. Unlike the other embedded servers, those of Storm listen
    on all of the machine's addresses: it has no option for that.

    Nothing of it outlives this process, workers and their components included. They are found
    through ``/proc``, so that it runs on Linux only. Methods may be called from any thread.

    :param release: a version, or a part of one
        (:func:`~pykafka.embedded.storm.releases.find_storm_release`).
    :param slots: how many workers each supervisor may have at a time.
    :param config: entries of ``storm.yaml`` for all of them, over the defaults that suit tests.
        A worker's JVM has 512 MB; ``topology.worker.childopts``, in here or in a topology's own
        configuration, changes that (``"-Xmx1g"``).
    :param data_dir: folder for logs and data, kept afterwards; a temporary one if None.
    :param keep_data: keep the temporary folder too. It is always kept when a start fails.
    :param start_timeout: seconds for each server to be ready.
    :param progress: gets a line for each download.
    :param zookeeper: one to share, for example with an embedded Kafka; it is not stopped.
    :raises InvalidOptionError: ``release`` is no version, or a number less than 1.
    :raises MissingRequirementError: Java or the jars cannot be had, or this is not Linux.
    :raises ServiceStartError: a server does not start; with the end of its log.
    """

    def __init__(
        self,
        release: str = "2.8.3",
        nimbuses: int = 1,
        supervisors: int = 1,
        slots: int = 3,
        *,
        config: Mapping[str, object] | None = None,
        data_dir: str | Path | None = None,
        keep_data: bool = False,
        start_timeout: float = 90.0,
        progress: Callable[[str], None] = report_to_stderr,
        zookeeper: EmbeddedZookeeper | None = None,
    ) -> None:
        for name, value in (("nimbuses", nimbuses), ("supervisors", supervisors), ("slots", slots)):
            if value < 1:
                raise InvalidOptionError(f"{name}={value}: a cluster has at least 1")
        #: What runs.
        self.release: StormRelease = find_storm_release(release)
        if not Path("/proc/self/environ").exists():
            raise MissingRequirementError(
                "an embedded Storm needs Linux's /proc: without it, workers could be left behind; "
                "run topologies in process instead"
            )
        self._java = find_java()
        self._jars = class_path(self.release.coordinates, progress)
        self._start_timeout = start_timeout
        self._folder = ServiceFolder(f"storm-{self.release.version}", data_dir, keep=keep_data)
        #: Configuration, logs and data of all servers.
        self.data_dir = self._folder.path
        self._family = str(self.data_dir)
        self._own_zookeeper: EmbeddedZookeeper | None = None
        self._relay: Service | None = None
        #: Each Nimbus; whichever is the first to be ready leads.
        self.nimbuses: list[EmbeddedNimbus] = []
        self.supervisors: list[EmbeddedSupervisor] = []
        try:
            if zookeeper is None:
                zookeeper = self._own_zookeeper = EmbeddedZookeeper(
                    data_dir=self.data_dir / "zookeeper",
                    start_timeout=start_timeout,
                    progress=progress,
                )
            #: ZooKeeper's address, ``"127.0.0.1:port"``.
            self.zookeeper = zookeeper.address
            self._make(zookeeper, nimbuses, supervisors, slots, config or {})
            self._start()
        except BaseException:
            # The folder stays: the error names the log in it.
            self._end(Service.kill)
            raise

    @property
    def nimbus_addresses(self) -> list[str]:
        """Where each Nimbus listens: ``["127.0.0.1:port", "127.0.0.2:port"]``."""
        return [nimbus.address for nimbus in self.nimbuses]

    @property
    def leader(self) -> EmbeddedNimbus | None:
        """The Nimbus that leads, as ZooKeeper knows it; None while there is none.

        For some seconds after its death it may be one that is gone.
        """
        with self._registry() as registry:
            address = registry.leader()
        return next((nimbus for nimbus in self.nimbuses if nimbus.address == address), None)

    @property
    def services(self) -> list[Service]:
        """Every server there is, in starting order, without a ZooKeeper that was given."""
        first = [self._own_zookeeper.service] if self._own_zookeeper is not None else []
        relay = [self._relay] if self._relay is not None else []
        return [*first, *relay, *self.nimbuses, *self.supervisors]

    def workers(self, topology_id: str | None = None) -> list[EmbeddedWorker]:
        """The workers that run now, of one topology or of all, by port."""
        return [
            worker
            for worker in find_workers(self._family)
            if topology_id in {None, worker.topology_id}
        ]

    def kill_worker(self, worker: EmbeddedWorker) -> None:
        """SIGKILL a worker's JVM; returns when it is gone. Its supervisor starts another one."""
        kill_worker(self._family, worker)

    def supervisor_of(self, worker: EmbeddedWorker) -> EmbeddedSupervisor:
        """The supervisor that started a worker."""
        return next(each for each in self.supervisors if worker.port in each.slots)

    def worker_log(self, topology_id: str, port: int) -> Path:
        """The log of all workers that one topology has had on a port. Beside it, ``.out`` and
        ``.err`` added to its name, is what they printed."""
        return self._artifacts / topology_id / str(port) / "worker.log"

    def worker_logs(self) -> list[Path]:
        """The logs of all workers there have been."""
        return sorted(self._artifacts.glob("*/*/worker.log"))

    def worker_log_tail(self, topology_id: str, port: int, lines: int = 40) -> str:
        """The last lines of :meth:`worker_log`."""
        return tail(self.worker_log(topology_id, port), lines)

    def repair(self) -> None:
        """Have every server run again that was paused, stopped or killed, or has died.

        Returns when one Nimbus leads and all supervisors are there.

        :raises ServiceStartError: one does not start; with the end of its log.
        """
        if self._own_zookeeper is not None and not self._own_zookeeper.running:
            self._own_zookeeper.restart()
        if self._relay is not None and not self._relay.running:
            self._relay.launch()
        self._each(lambda daemon: daemon.ensure_running())
        self.await_leader()

    def await_leader(self, within: float | None = None) -> EmbeddedNimbus:
        """The Nimbus that leads, once there is one that runs.

        :param within: seconds; the start time-out if None.
        :raises WaitTimedOutError: none does within that time.
        """
        with self._registry() as registry:
            return self._await_leader(registry, within)

    @property
    def keeps_data(self) -> bool:
        """Whether :attr:`data_dir` stays after :meth:`stop`."""
        return self._folder.keep

    def stop(self) -> None:
        """End all servers, workers and components, and remove the temporary folder; to be
        called any number of times."""
        self._end(Service.stop)
        self._folder.remove()

    def __enter__(self) -> EmbeddedStorm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _artifacts(self) -> Path:
        return self.data_dir / "workers"

    def _make(
        self,
        zookeeper: EmbeddedZookeeper,
        nimbuses: int,
        supervisors: int,
        slots: int,
        config: Mapping[str, object],
    ) -> None:
        relay, *ports = free_ports(1 + nimbuses + supervisors * (1 + slots))
        configuration = {**self._defaults(zookeeper, nimbuses), **config}
        around = Surroundings(
            self._java,
            self._jars,
            make_home(self.data_dir / "home", self.release, self._jars),
            self._folder,
            self._family,
            zookeeper.address,
            str(configuration["storm.zookeeper.root"]),
            self._start_timeout,
        )
        self._around = around
        for number in range(nimbuses):
            self.nimbuses.append(EmbeddedNimbus(number, ports.pop(), configuration, around))
        self._relay = self._make_relay(relay)
        configuration["nimbus.thrift.port"] = relay
        for number in range(supervisors):
            port, *free = (ports.pop() for _ in range(1 + slots))
            self.supervisors.append(
                EmbeddedSupervisor(number, port, sorted(free), configuration, around)
            )

    def _make_relay(self, port: int) -> Service:
        folder = self.data_dir / "relay"
        folder.mkdir(exist_ok=True)
        targets = [str(nimbus.port) for nimbus in self.nimbuses]
        command = [sys.executable, "-I", "-S", _RELAY, str(port), *targets]
        # It has nothing to do with a family, but its guard has: should every daemon have been
        # killed before this process is, that one still ends the workers.
        return Service("Nimbus relay", port, folder, command, self._folder, family=self._family)

    def _defaults(self, zookeeper: EmbeddedZookeeper, nimbuses: int) -> dict[str, object]:
        return {
            "storm.zookeeper.servers": [HOST],
            "storm.zookeeper.port": zookeeper.port,
            "storm.zookeeper.root": "/storm",
            "storm.zookeeper.session.timeout": _SESSION,
            "storm.zookeeper.connection.timeout": _SESSION,
            "storm.workers.artifacts.dir": str(self._artifacts),
            "storm.metricstore.class": "org.apache.storm.metricstore.NoOpMetricStore",
            "storm.daemon.metrics.reporter.plugins": [],
            "nimbus.seeds": [HOST],
            "nimbus.monitor.freq.secs": 2,
            # Two have the code before a topology starts: the other ones copy it when ZooKeeper
            # tells them. To have them look for themselves more often, too, is dangerous: Nimbus
            # 2.8.3, observed, ends if both happen at a time (nimbus.code.sync.freq.secs at 2).
            "topology.min.replication.count": min(nimbuses, 2),
            "topology.max.replication.wait.time.sec": 10,
            "supervisor.monitor.frequency.secs": 1,
            "supervisor.heartbeat.frequency.secs": 2,
            "worker.childopts": "-Xmx512m -XX:+UseParallelGC -Xshare:auto -XX:-UsePerfData",
            "topology.worker.logwriter.childopts": f"-Xmx32m {_SMALL_JVM}",
        }

    def _start(self) -> None:
        assert self._relay is not None
        with self._registry() as registry:
            if self._folder.reused:
                for daemon in (*self.nimbuses, *self.supervisors):
                    daemon.forget(registry)
            for service in (self._relay, *self.nimbuses, *self.supervisors):
                service.launch()
            for daemon in (*self.nimbuses, *self.supervisors):
                daemon.await_registered(registry)
            self._await_leader(registry)

    def _await_leader(self, registry: Registry, within: float | None = None) -> EmbeddedNimbus:
        found: list[EmbeddedNimbus] = []

        def led() -> bool:
            address = registry.leader()
            found[:] = [
                nimbus
                for nimbus in self.nimbuses
                if nimbus.address == address and nimbus.state == "running"
            ]
            return bool(found)

        wait_until(led, within or self._start_timeout, "a Nimbus that leads")
        return found[0]

    @contextmanager
    def _registry(self) -> Iterator[Registry]:
        with connected(self.zookeeper) as client:
            yield Registry(client, self._around.root)

    def _each(self, action: Callable[[StormDaemon], None]) -> None:
        """Do it for all daemons at a time: a start is mostly waiting for a JVM."""
        daemons = [*self.nimbuses, *self.supervisors]
        with ThreadPoolExecutor(len(daemons)) as pool:
            for outcome in [pool.submit(action, daemon) for daemon in daemons]:
                outcome.result()

    def _end(self, action: Callable[[Service], None]) -> None:
        daemons = [*self.nimbuses, *self.supervisors]
        if daemons:
            self._each(action)
            self._end_workers()
        if self._relay is not None:
            action(self._relay)
        if self._own_zookeeper is not None:
            action(self._own_zookeeper.service)

    def _end_workers(self) -> None:
        """SIGTERM, as a supervisor does, then SIGKILL, for what the supervisors left."""
        if signal_family(self._family, signal.SIGTERM):
            deadline = time.monotonic() + _WORKERS_END_WITHIN
            while any(members(self._family)) and time.monotonic() < deadline:
                time.sleep(0.05)
        kill_family(self._family)
