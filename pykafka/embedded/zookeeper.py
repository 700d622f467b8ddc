"""A real ZooKeeper on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from .artifacts import class_path, report_to_stderr
from .java import find_java
from .ports import HOST, free_ports
from .process import java_command
from .releases import ZOOKEEPER
from .service import Service, ServiceFolder, write_properties

__all__ = ["EmbeddedZookeeper"]

#: Milliseconds; sessions last 2 to 20 ticks, so clients may ask for 1 to 60 s.
_TICK = 500
_LONGEST_SESSION = 60_000
#: Part of its answer to "srvr" when it serves ("ruok" it answers before that).
_SERVING = b"Mode: standalone"
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
)


class EmbeddedZookeeper:
    """One ZooKeeper 3.9 server, started on construction, stopped at the end of a ``with``.

    :param data_dir: folder for logs and data, kept afterwards; a temporary one if None.
    :param keep_data: keep the temporary folder too.
    :param start_timeout: seconds to become ready.
    :param progress: gets a line for each download.
    :raises MissingRequirementError: Java or the jars cannot be had.
    :raises ServiceStartError: it does not start; with the end of its log.
    """

    def __init__(
        self,
        *,
        data_dir: str | Path | None = None,
        keep_data: bool = False,
        start_timeout: float = 60.0,
        progress: Callable[[str], None] = report_to_stderr,
    ) -> None:
        self._start_timeout = start_timeout
        java, jars = find_java(), class_path(ZOOKEEPER, progress)
        self._folder = ServiceFolder("zookeeper", data_dir, keep=keep_data)
        self.data_dir = self._folder.path
        #: TCP port on 127.0.0.1; the same after every restart.
        (self.port,) = free_ports(1)
        self.service = Service(
            "ZooKeeper",
            self.port,
            self.data_dir,
            java_command(
                java,
                jars,
                "org.apache.zookeeper.server.ZooKeeperServerMain",
                str(self._write_configuration()),
                jvm=_LOGGING,
            ),
            self._folder,
        )
        try:
            self.restart()
        except BaseException:
            # The folder stays: the error names the log in it.
            self.service.kill()
            raise

    @property
    def address(self) -> str:
        """``"127.0.0.1:port"``."""
        return f"{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process exists (also while paused)."""
        return self.service.running

    def log_tail(self, lines: int = 40) -> str:
        """The last lines of what it printed."""
        return self.service.log_tail(lines)

    def kill(self) -> None:
        """SIGKILL it; returns when it is gone."""
        self.service.kill()

    def pause(self) -> None:
        """SIGSTOP it: it keeps its port and answers nothing."""
        self.service.pause()

    def resume(self) -> None:
        """SIGCONT after :meth:`pause`."""
        self.service.resume()

    def restart(self) -> None:
        """Start it again, after an orderly end if it runs, with the same port and data."""
        self.service.stop()
        self.service.launch()
        self.service.await_ready(self._answers, self._start_timeout)

    @property
    def keeps_data(self) -> bool:
        """Whether :attr:`data_dir` stays after :meth:`stop`."""
        return self._folder.keep

    def stop(self) -> None:
        """End it and remove its temporary folder; to be called any number of times."""
        self.service.stop()
        self._folder.remove()

    def __enter__(self) -> EmbeddedZookeeper:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _write_configuration(self) -> Path:
        path = self.data_dir / "zookeeper.properties"
        write_properties(
            path,
            {
                "clientPort": self.port,
                "clientPortAddress": HOST,
                "dataDir": self.data_dir / "data",
                "tickTime": _TICK,
                "maxSessionTimeout": _LONGEST_SESSION,
                "maxClientCnxns": 0,
                "admin.enableServer": False,
                "4lw.commands.whitelist": "ruok,srvr,mntr",
                # Its data dies with it: there is no point in waiting for the disk.
                "forceSync": "no",
            },
        )
        return path

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), 2.0) as sock:
                sock.sendall(b"srvr")
                with sock.makefile("rb") as answer:
                    return _SERVING in answer.read()
        except OSError:
            return False
