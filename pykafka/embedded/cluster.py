"""A real Kafka on this machine: one broker or several."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from ..exceptions import InvalidOptionError, UsageError
from . import probe
from .artifacts import class_path, report_to_stderr
from .broker import EmbeddedBroker, KafkaNode
from .certificates import Certificates
from .java import find_java
from .kafka_runtime import KafkaRuntime
from .outfit import Outfit, Outfitter
from .ports import HOST, free_ports
from .process import GuardedPopen
from .properties import Ports, Quorum, controller_properties
from .releases import KafkaRelease, find_release
from .service import Service, ServiceFolder, property_text
from .tools import KafkaTools
from .topics import TOPIC_WITHIN, Placement, QuorumTopics, TopicStore, check_topic
from .waiting import wait_until
from .zookeeper import EmbeddedZookeeper
from .zookeeper_admin import ZookeeperTopics, forget_broker

__all__ = ["EmbeddedKafka"]

#: Node id of a KRaft cluster's controller; brokers count from 0.
_CONTROLLER = 1000


class EmbeddedKafka:
    """A Kafka cluster, started on construction, stopped at the end of a ``with``.

    ::

        with EmbeddedKafka("0.8.2.2", brokers=3) as kafka:
            kafka.create_topic("lines", partitions=4, replication_factor=3)
            print(kafka.bootstrap)

    Before 4.0 it brings a ZooKeeper, from 4.0 a controller of its own. Brokers have ids from
    0 on. They begin as one release; each can become a newer one (:meth:`restart_as
    <pykafka.embedded.broker.EmbeddedBroker.restart_as>`). Methods may be called from any thread.

    :param release: a version, or a part of one (:func:`~pykafka.embedded.find_release`).
    :param config: broker properties, over the defaults that suit tests.
    :param tls: listen with TLS too (0.9 and newer), with certificates made for it by ``openssl``,
        or with those that are given.
    :param data_dir: folder for logs and data, kept afterwards; a temporary one if None.
    :param keep_data: keep the temporary folder too. It is always kept when a start fails.
    :param start_timeout: seconds for each step of the start.
    :param progress: gets a line for each download.
    :raises InvalidOptionError: ``release`` is no version, ``brokers`` less than 1, or ``tls``
        asked of a release that has none.
    :raises MissingRequirementError: Java, the jars or, with ``tls``, openssl cannot be had.
    :raises ServiceStartError: a server does not start; with the end of its log.
    """

    def __init__(
        self,
        release: str = "0.8.2.2",
        brokers: int = 1,
        *,
        config: Mapping[str, object] | None = None,
        tls: bool | Certificates = False,
        data_dir: str | Path | None = None,
        keep_data: bool = False,
        start_timeout: float = 90.0,
        progress: Callable[[str], None] = report_to_stderr,
    ) -> None:
        if brokers < 1:
            raise InvalidOptionError(f"brokers={brokers}: a cluster has at least 1")
        self._first = find_release(release)
        self._start_timeout = start_timeout
        self._progress = progress
        if tls and self._first.number < (0, 9):
            raise InvalidOptionError(f"tls: Kafka {self._first.version} has none; 0.9 has")
        java = find_java()
        jars = class_path(self._first.coordinates, progress)
        self._folder = ServiceFolder(f"kafka-{self._first.version}", data_dir, keep=keep_data)
        #: Configuration, logs and data of all servers.
        self.data_dir = self._folder.path
        self._runtime = KafkaRuntime.for_servers(self._first, java, jars, self.data_dir)
        self._zookeeper: EmbeddedZookeeper | None = None
        self._controller: KafkaNode | None = None
        #: The brokers, ``brokers[i].id == i``.
        self.brokers: list[EmbeddedBroker] = []
        #: Of the TLS listeners; None without ``tls``.
        self.certificates: Certificates | None = None
        try:
            if isinstance(tls, Certificates):
                self.certificates = tls
            elif tls:
                self.certificates = Certificates(self.data_dir / "certificates")
            self._start(brokers, config or {})
        except BaseException:
            # The folder stays: the error names the log in it.
            self._end(Service.kill)
            raise

    @property
    def release(self) -> KafkaRelease:
        """What the brokers run; while they differ, the oldest, which all of them understand."""
        releases = [broker.release for broker in self.brokers]
        return min(releases, key=lambda release: release.number, default=self._first)

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses: ``"127.0.0.1:port,127.0.0.1:port"``."""
        return ",".join(broker.address for broker in self.brokers)

    @property
    def bootstrap_tls(self) -> str | None:
        """As :attr:`bootstrap`, for TLS; None without ``tls``."""
        ports = [broker.tls_port for broker in self.brokers if broker.tls_port is not None]
        return ",".join(f"{HOST}:{port}" for port in ports) or None

    @property
    def zookeeper(self) -> str | None:
        """ZooKeeper's address, ``"127.0.0.1:port"``; None from release 4.0 on."""
        return self._zookeeper.address if self._zookeeper else None

    @property
    def services(self) -> list[Service]:
        """Every server there is, in starting order."""
        first: list[Service] = []
        if self._zookeeper is not None:
            first = [self._zookeeper.service]
        elif self._controller is not None:
            first = [self._controller]
        return [*first, *self.brokers]

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int = 1,
        config: Mapping[str, object] | None = None,
    ) -> None:
        """Make a topic; returns when every running broker sees a leader for each partition.

        Partition ``p`` prefers broker ``p % brokers`` as its leader (before 4.0).

        :raises UsageError: it exists, or cannot be (name, replication factor).
        :raises WaitTimedOutError: it got no leaders within a minute.
        """
        check_topic(name, partitions, replication_factor, len(self.brokers))
        settings = {key: property_text(value) for key, value in (config or {}).items()}
        self._topics().create(name, partitions, replication_factor, settings)
        self.await_topic(name, partitions)

    def delete_topic(self, name: str) -> None:
        """Remove a topic; returns when no running broker lists it, and its name is free again.

        :raises WaitTimedOutError: that is not so after a minute.
        """
        topics = self._topics()
        topics.delete(name)
        self._await_view(lambda view: name not in view.names, f"topic {name!r} gone")
        # Before 4.0 the brokers forget it first.
        wait_until(lambda: name not in topics.names(), TOPIC_WITHIN, f"topic {name!r} gone")

    def topics(self) -> list[str]:
        """The names of all topics.

        :raises WaitTimedOutError: the broker that was asked (from 4.0 on) does not answer.
        """
        return self._topics().names()

    def await_topic(self, name: str, partitions: int) -> None:
        """Return when every running broker sees a leader for each partition.

        :raises WaitTimedOutError: not within a minute.
        """

        self._await_view(
            lambda view: len(view.leaders(name)) == partitions,
            f"topic {name!r} with a leader for each of {partitions} partitions",
        )

    def placements(self, name: str) -> dict[int, Placement]:
        """Where each partition of a topic is: leader, replicas, and those of them in sync.

        Before 4.0 that is what ZooKeeper says, from then on a running broker.
        """
        return self._topics().placements(name)

    def await_in_sync(self, *names: str, within: float = TOPIC_WITHIN) -> None:
        """Return when each replica of these topics is in sync (of all topics if none is named).

        That is what to wait for before the next broker is stopped.

        :param within: seconds.
        :raises WaitTimedOutError: one is not within that time.
        """

        def complete() -> bool:
            store = self._topics()
            return all(
                placement.in_sync == set(placement.replicas)
                for name in names or store.names()
                for placement in store.placements(name).values()
            )

        wait_until(complete, within, f"all replicas of {', '.join(names) or 'all topics'} in sync")

    def run_tool(
        self,
        main_class: str,
        arguments: Sequence[str] = (),
        *,
        input: bytes | None = None,
        jvm_args: Sequence[str] = (),
        timeout: float = 120.0,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a Java class of this release, such as ``kafka.tools.ConsoleProducer``, to its end:
        :meth:`KafkaTools.run <pykafka.embedded.tools.KafkaTools.run>`."""
        return self._tools().run(
            main_class, arguments, input=input, jvm_args=jvm_args, timeout=timeout
        )

    def popen_tool(
        self,
        main_class: str,
        arguments: Sequence[str] = (),
        *,
        jvm_args: Sequence[str] = (),
        **options: Any,
    ) -> GuardedPopen:
        """Start a Java class of this release:
        :meth:`KafkaTools.popen <pykafka.embedded.tools.KafkaTools.popen>`."""
        return self._tools().popen(main_class, arguments, jvm_args=jvm_args, **options)

    def repair(self) -> None:
        """Have every server run again that was paused, stopped or killed, or has died.

        Returns when all brokers answer and list each other.

        :raises ServiceStartError: one does not start; with the end of its log.
        """
        hurt = [service for service in self.services if service.state != "running"]
        if not hurt:
            return
        for service in hurt:
            if service.state == "paused":
                service.resume()
        if self._zookeeper is not None and not self._zookeeper.running:
            self._zookeeper.restart()
        if self._controller is not None and not self._controller.running:
            self._controller.launch()
        self._each(EmbeddedBroker.ensure_running)
        members = frozenset(broker.id for broker in self.brokers)
        self._each(lambda broker: broker.await_member(members))

    @property
    def keeps_data(self) -> bool:
        """Whether :attr:`data_dir` stays after :meth:`stop`."""
        return self._folder.keep

    def stop(self) -> None:
        """End all servers, and remove the temporary folder; to be called any number of times."""
        self._end(Service.stop)
        self._folder.remove()

    def __enter__(self) -> EmbeddedKafka:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, count: int, config: Mapping[str, object]) -> None:
        quorum_port, *free = free_ports(1 + 2 * count)
        metadata = self._start_quorum(quorum_port) if self._first.kraft else self._start_zookeeper()
        secured = self.certificates.broker_properties if self.certificates else {}
        outfitter = Outfitter(self._runtime, count, metadata, {**secured, **config}, self._progress)
        for number in range(count):
            self.brokers.append(
                EmbeddedBroker(
                    number,
                    Ports(free.pop(), free.pop() if secured else None),
                    self.data_dir / f"broker-{number}",
                    self._folder,
                    outfitter=outfitter,
                    start_timeout=self._start_timeout,
                    forget=self._forget,
                )
            )
        if isinstance(metadata, Quorum):
            cluster_id = metadata.cluster_id
            self._each(lambda broker: broker.format_storage(cluster_id))
        for broker in self.brokers:
            if self._folder.reused:
                self._forget(broker.id)
            broker.launch()
        members = frozenset(range(count))
        self._each(lambda broker: broker.await_member(members))

    def _start_zookeeper(self) -> str:
        self._zookeeper = EmbeddedZookeeper(
            data_dir=self.data_dir / "zookeeper",
            start_timeout=self._start_timeout,
            progress=self._progress,
        )
        return self._zookeeper.address

    def _start_quorum(self, port: int) -> Quorum:
        identity = self._cluster_id()
        quorum = Quorum(_CONTROLLER, port, identity)
        folder = self.data_dir / "controller"
        outfit = Outfit(self._runtime, controller_properties(quorum, folder))
        self._controller = KafkaNode("controller", port, folder, outfit, self._folder)
        self._controller.format_storage(identity)
        self._controller.launch()
        return quorum

    def _cluster_id(self) -> str:
        """A new one, or the one of the data that is found."""
        path = self.data_dir / "cluster.id"
        if not path.exists():
            path.write_bytes(base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"="))
        return path.read_text()

    def _each(self, action: Callable[[EmbeddedBroker], None]) -> None:
        """Do it for all brokers at a time: a start is mostly waiting for a JVM."""
        with ThreadPoolExecutor(len(self.brokers)) as pool:
            for outcome in [pool.submit(action, broker) for broker in self.brokers]:
                outcome.result()

    def _end(self, action: Callable[[Service], None]) -> None:
        if self.brokers:
            self._each(action)
        for service in reversed(self.services):
            action(service)

    def _await_view(self, expected: Callable[[probe.View], bool], what: str) -> None:
        """Return when every running broker answers, and with what is ``expected``."""

        def seen_by_all() -> bool:
            return probe.all_see(((HOST, broker.port) for broker in self._running()), expected)

        wait_until(seen_by_all, TOPIC_WITHIN, f"{what}, seen by all running brokers")

    def _tools(self) -> KafkaTools:
        return KafkaTools(self.release, self.data_dir, self._progress)

    def _topics(self) -> TopicStore:
        if self._zookeeper is not None:
            return ZookeeperTopics(self._zookeeper.address, [broker.id for broker in self.brokers])
        return QuorumTopics(self._running()[0].port)

    def _running(self) -> list[EmbeddedBroker]:
        running = [broker for broker in self.brokers if broker.state == "running"]
        if not running:
            raise UsageError("no broker of this cluster is running; restart() one")
        return running

    def _forget(self, broker_id: int) -> None:
        if self._zookeeper is not None:
            forget_broker(self._zookeeper.address, broker_id)
