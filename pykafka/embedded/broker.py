"""One node of an embedded Kafka: a broker, or the controller of a KRaft cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from ..exceptions import ServiceStartError
from . import probe
from .kafka_runtime import KafkaRuntime
from .ports import HOST
from .process import GuardedPopen
from .properties import Ports, Properties
from .service import Service, ServiceFolder, write_properties

__all__ = ["EmbeddedBroker", "KafkaNode"]

#: Seconds to write the first files of a KRaft node.
_FORMAT_WITHIN = 60.0


class KafkaNode(Service):
    """A process of ``kafka.Kafka`` with its configuration."""

    def __init__(
        self,
        name: str,
        port: int,
        runtime: KafkaRuntime,
        folder: Path,
        properties: Properties,
        home: ServiceFolder,
    ) -> None:
        #: Where it keeps partitions, one folder each (the first such place if given several).
        self.log_dir = Path(str(properties["log.dirs"]).split(",")[0])
        self._runtime = runtime
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "server.properties"
        write_properties(self._configuration, properties)
        command = runtime.command("kafka.Kafka", str(self._configuration))
        super().__init__(name, port, folder, command, home)

    def format_storage(self, cluster_id: str) -> None:
        """Give a KRaft node its identity, which it does not start without.

        :raises ServiceStartError: Kafka's own tool for it failed; with the end of the log.
        """
        if (self.log_dir / "meta.properties").exists():
            return
        # With "=", since one id in 64 begins with a hyphen.
        arguments = ("format", f"--cluster-id={cluster_id}", "-c", str(self._configuration))
        command = self._runtime.command("kafka.tools.StorageTool", *arguments)
        with self.log_file.open("ab") as log, GuardedPopen(command, stdout=log, stderr=log) as tool:
            try:
                status: int | None = tool.wait(_FORMAT_WITHIN)
            except subprocess.TimeoutExpired:
                tool.kill()
                status = None
        if status != 0:
            raise ServiceStartError(
                f"{self.name}: {self.log_dir} could not be formatted; the end of {self.log_file}:\n"
                f"{self.log_tail()}"
            )


class EmbeddedBroker(KafkaNode):
    """One broker of an :class:`~pykafka.embedded.EmbeddedKafka`.

    :param forget: called with the id before a restart, to have the cluster let go of what the
        last run registered.
    """

    def __init__(
        self,
        broker_id: int,
        ports: Ports,
        runtime: KafkaRuntime,
        folder: Path,
        properties: Properties,
        home: ServiceFolder,
        *,
        start_timeout: float,
        forget: Callable[[int], None],
    ) -> None:
        super().__init__(f"broker {broker_id}", ports.plain, runtime, folder, properties, home)
        #: As in metadata answers.
        self.id = broker_id
        #: TCP port for TLS; None without.
        self.tls_port = ports.tls
        self._start_timeout = start_timeout
        self._forget = forget

    @property
    def address(self) -> str:
        """``"127.0.0.1:port"``."""
        return f"{HOST}:{self.port}"

    def restart(self) -> None:
        """Start it again, after an orderly end if it runs; returns when it answers again.

        :raises ServiceStartError: it does not; with the end of its log.
        """
        self.stop()
        self._forget(self.id)
        self.launch()
        self.await_member()

    def ensure_running(self) -> None:
        """:meth:`restart`, if its process is gone."""
        if not self.running:
            self.restart()

    def await_member(self, others: frozenset[int] = frozenset()) -> None:
        """Return when it answers, and lists itself and ``others`` as brokers.

        :raises ServiceStartError: it does not within the start time-out.
        """

        def listed() -> bool:
            view = probe.ask(self.port)
            if view == probe.View() and self._runtime.release.number < (0, 9):
                probe.ask_for_offsets_topic(self.port)
            return view is not None and view.brokers >= others | {self.id}

        self.await_ready(listed, self._start_timeout)
