"""One Nimbus, or one supervisor, of an embedded Storm."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..ports import HOST
from ..process import java_command
from ..service import Service, ServiceFolder
from ..zookeeper_connection import connected
from .home import write_configuration
from .registry import Registry

__all__ = ["EmbeddedNimbus", "EmbeddedSupervisor", "StormDaemon", "Surroundings"]

_NIMBUS = "org.apache.storm.daemon.nimbus.Nimbus"
_SUPERVISOR = "org.apache.storm.daemon.supervisor.Supervisor"
#: Seconds to get a connection.
_ACCEPT_WITHIN = 2.0
#: A supervisor's id in the files where it keeps it: a random one, and its host.
_SUPERVISOR_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-127\.0\.0\.1")


@dataclass(frozen=True)
class Surroundings:
    """What all daemons of a cluster share."""

    java: str
    jars: list[Path]
    #: Storm's home.
    home: Path
    folder: ServiceFolder
    #: How all processes of the cluster are known (:mod:`pykafka.embedded.guard`).
    family: str
    #: ZooKeeper's address, and where in it Storm writes.
    zookeeper: str
    root: str
    start_timeout: float


class StormDaemon(Service):
    """A server of Storm's that ZooKeeper knows of while it is there."""

    def __init__(
        self,
        name: str,
        port: int,
        main_class: str,
        configuration: Mapping[str, object],
        around: Surroundings,
    ) -> None:
        folder = around.folder.path / name.lower().replace(" ", "-")
        #: What it keeps: code and state of topologies.
        self.local_dir = folder / "local"
        conf = write_configuration(
            folder / "conf", {**configuration, "storm.local.dir": str(self.local_dir)}
        )
        options = (
            f"-Dstorm.home={around.home}",
            f"-Dstorm.log.dir={folder}",
            "-Dstorm.options=",
            "-Dstorm.conf.file=",
            f"-Dlog4j.configurationFile={around.home / 'log4j2' / 'cluster.xml'}",
        )
        super().__init__(
            name,
            port,
            folder,
            java_command(around.java, [*around.jars, conf], main_class, jvm=options),
            around.folder,
            family=around.family,
            # Workers are started with whatever java JAVA_HOME has, and get the supervisor's
            # configuration.
            environment={
                "JAVA_HOME": str(Path(around.java).resolve().parent.parent),
                "STORM_CONF_DIR": str(conf),
            },
        )
        self._around = around

    def restart(self) -> None:
        """Start it again, after an orderly end if it runs; returns when it is there again.

        :raises ServiceStartError: it does not start; with the end of its log.
        """
        self.stop()
        with connected(self._around.zookeeper) as client:
            registry = Registry(client, self._around.root)
            self.forget(registry)
            self.launch()
            self.await_registered(registry)

    def ensure_running(self) -> None:
        """:meth:`restart`, if its process is gone; :meth:`resume`, if it is paused."""
        if not self.running:
            self.restart()
        elif self.paused:
            self.resume()

    def await_registered(self, registry: Registry) -> None:
        """Return when its port takes connections, and ZooKeeper knows of it.

        :raises ServiceStartError: not within the start time-out.
        """
        self.await_ready(
            lambda: self.accepts and self.is_registered(registry), self._around.start_timeout
        )

    @property
    def accepts(self) -> bool:
        """Whether its port takes connections."""
        try:
            socket.create_connection((HOST, self.port), _ACCEPT_WITHIN).close()
        except OSError:
            return False
        return True

    def is_registered(self, registry: Registry) -> bool:
        """Whether ZooKeeper knows of it."""
        raise NotImplementedError

    def forget(self, registry: Registry) -> None:
        """Have ZooKeeper know nothing of its last run."""
        raise NotImplementedError


class EmbeddedNimbus(StormDaemon):
    """One Nimbus of an :class:`~pykafka.embedded.EmbeddedStorm`."""

    def __init__(
        self, number: int, port: int, config: Mapping[str, object], around: Surroundings
    ) -> None:
        #: No two can have the same one: ZooKeeper knows them by it.
        self.host = f"127.0.0.{1 + number}"
        configuration = {"storm.local.hostname": self.host, "nimbus.thrift.port": port, **config}
        super().__init__(f"Nimbus {number}", port, _NIMBUS, configuration, around)

    @property
    def address(self) -> str:
        """``"127.0.0.1:port"``, or how it calls itself otherwise; both lead there."""
        return f"{self.host}:{self.port}"

    def is_registered(self, registry: Registry) -> bool:
        return self.host in registry.nimbuses()

    def forget(self, registry: Registry) -> None:
        registry.forget_nimbus(self.address)


class EmbeddedSupervisor(StormDaemon):
    """One supervisor of an :class:`~pykafka.embedded.EmbeddedStorm`.

    Its workers go on when it is killed or stopped; started again, it goes on with them. Should
    one of those end then, it sees that 30 s later only (``supervisor.worker.timeout.secs``).

    :param slots: ports, one for each worker it may have at a time.
    """

    def __init__(
        self,
        number: int,
        port: int,
        slots: list[int],
        config: Mapping[str, object],
        around: Surroundings,
    ) -> None:
        #: The ports of its workers.
        self.slots = slots
        configuration = {
            "storm.local.hostname": HOST,
            "supervisor.thrift.port": port,
            "supervisor.slots.ports": slots,
            **config,
        }
        super().__init__(f"Supervisor {number}", port, _SUPERVISOR, configuration, around)

    @property
    def id(self) -> str | None:
        """What it has called itself since its first start; None before."""
        for path in sorted(self.local_dir.glob("supervisor/isupervisor/*")):
            found = _SUPERVISOR_ID.search(path.read_bytes()) if path.is_file() else None
            if found:
                return found.group().decode()
        return None

    def is_registered(self, registry: Registry) -> bool:
        return self.id in registry.supervisors()

    def forget(self, registry: Registry) -> None:
        if self.id is not None:
            registry.forget_supervisor(self.id)
