"""One node of an embedded Kafka: a broker, or the controller of a KRaft cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from ..exceptions import ServiceStartError
from . import probe
from .outfit import Outfit, Outfitter
from .ports import HOST
from .process import GuardedPopen
from .properties import Ports
from .releases import KafkaRelease, find_release
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
        folder: Path,
        outfit: Outfit,
        home: ServiceFolder,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "server.properties"
        super().__init__(name, port, folder, self._wear(outfit), home)

    @property
    def release(self) -> KafkaRelease:
        """What it runs, or ran last."""
        return self._runtime.release

    def _wear(self, outfit: Outfit) -> list[str]:
        """Prepare to run with that; the command for it."""
        self._runtime = outfit.runtime
        #: Where it keeps partitions, one folder each (the first such place if given several).
        self.log_dir = Path(str(outfit.properties["log.dirs"]).split(",")[0])
        write_properties(self._configuration, outfit.properties)
        return outfit.runtime.command("kafka.Kafka", str(self._configuration))

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

    :param outfitter: knows what a broker of this cluster is started with.
    :param forget: called with the id before a restart, to have the cluster let go of what the
        last run registered.
    """

    def __init__(
        self,
        broker_id: int,
        ports: Ports,
        folder: Path,
        home: ServiceFolder,
        *,
        outfitter: Outfitter,
        start_timeout: float,
        forget: Callable[[int], None],
    ) -> None:
        outfit = outfitter.outfit(outfitter.first, broker_id, ports, folder, {})
        super().__init__(f"broker {broker_id}", ports.plain, folder, outfit, home)
        #: As in metadata answers.
        self.id = broker_id
        #: TCP port for TLS; None without.
        self.tls_port = ports.tls
        self._ports = ports
        self._outfitter = outfitter
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

    def restart_as(self, release: str, config: Mapping[str, object] | None = None) -> None:
        """End it in order, and start it as another release on its port and with its data.

        Among brokers, and on disk, it goes on speaking as the release that the cluster was
        started as, which every broker understands. To have it speak as what it is, when all
        are new enough, give ``inter.broker.protocol.version`` and
        ``log.message.format.version``. If it does not start it stays that release.

        :param release: a version, or a part of one (:func:`~pykafka.embedded.find_release`).
        :param config: properties for this broker, instead of those of an earlier call.
        :raises InvalidOptionError: ``release`` is no version, or older than the cluster was
            started as, or one of the two has ZooKeeper (before 4.0) and the other has not;
            the broker is left as it is.
        :raises MissingRequirementError: Java or the jars cannot be had; left as it is, too.
        :raises ServiceStartError: it does not start; with the end of its log.
        """
        outfit = self._outfitter.outfit(
            find_release(release), self.id, self._ports, self.folder, config or {}
        )
        self.stop()
        self._command = self._wear(outfit)
        self.restart()

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
            if view == probe.View() and self.release.number < (0, 9):
                probe.ask_for_offsets_topic(self.port)
            return view is not None and view.brokers >= others | {self.id}

        self.await_ready(listed, self._start_timeout)
