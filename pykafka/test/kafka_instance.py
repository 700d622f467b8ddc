"""A real Kafka for tests, under the names of 2.x.

Thin: :class:`pykafka.embedded.EmbeddedKafka` does the work, and does more.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from ..embedded import EmbeddedKafka, probe
from ..embedded.certificates import Certificates
from ..embedded.releases import find_release
from ..embedded.tools import KafkaTools
from ..embedded.topics import TOPIC_WITHIN, QuorumTopics, TopicStore
from ..embedded.waiting import wait_until
from ..embedded.zookeeper_admin import ZookeeperTopics
from ..exceptions import KafkaException

__all__ = ["CertManager", "KafkaConnection", "KafkaInstance"]

log = logging.getLogger(__name__)

#: Whose console producer is used where the cluster's release is not known: every broker before
#: 4.0 understands it.
_COMMON_RELEASE = "0.8.2.2"


class CertManager:
    """Certificates for a test cluster, and the paths of what a client needs of them.

    :param root_dir: where they are put.
    :raises MissingRequirementError: there is no ``openssl`` program.
    """

    def __init__(self, root_dir: str) -> None:
        self._use(Certificates(Path(root_dir)))

    def _use(self, files: Certificates) -> None:
        self.root_cert = str(files.root_cert)
        self.client_cert = str(files.client_cert)
        self.client_key = str(files.client_key)
        #: Of :attr:`client_key`.
        self.client_pass = files.client_pass

    @classmethod
    def _of(cls, files: Certificates) -> CertManager:
        manager = cls.__new__(cls)
        manager._use(files)
        return manager


class KafkaConnection:
    """Administration of a cluster that runs already.

    :param bin_dir: kept for 2.x's callers; nothing in it is used.
    :param brokers: ``host:port,...``.
    :param zookeeper: ``host:port``; None for a cluster without one.
    :param brokers_ssl: as ``brokers``, for TLS.
    """

    def __init__(
        self,
        bin_dir: str | None,
        brokers: str,
        zookeeper: str | None,
        brokers_ssl: str | None = None,
    ) -> None:
        self.bin_dir = bin_dir
        self.brokers = brokers
        self.zookeeper = zookeeper
        self.brokers_ssl = brokers_ssl
        self._release = find_release(_COMMON_RELEASE)

    def create_topic(
        self, topic_name: str | bytes, num_partitions: int, replication_factor: int
    ) -> None:
        """Make a topic; returns when all brokers see a leader for each partition.

        :raises UsageError: it exists.
        :raises WaitTimedOutError: it got no leaders within a minute.
        """
        name = _text(topic_name)
        log.info("Creating topic %s", name)
        self._topics().create(name, num_partitions, replication_factor, {})
        wait_until(
            lambda: self._all_see(lambda view: len(view.leaders(name)) == num_partitions),
            TOPIC_WITHIN,
            f"a leader for each partition of topic {name!r}",
        )

    def delete_topic(self, topic_name: str | bytes) -> None:
        """Remove a topic; returns when no broker lists it, and its name is free again.

        :raises WaitTimedOutError: that is not so after a minute.
        """
        name = _text(topic_name)
        topics = self._topics()
        topics.delete(name)
        wait_until(
            lambda: (
                self._all_see(lambda view: name not in view.names) and name not in topics.names()
            ),
            TOPIC_WITHIN,
            f"topic {name!r} gone",
        )

    def flush(self) -> None:
        """Delete all topics but Kafka's own."""
        for topic in self.list_topics():
            if not topic.startswith(b"__"):
                self.delete_topic(topic)

    def list_topics(self) -> list[bytes]:
        """The names of all topics."""
        return [name.encode() for name in self._topics().names()]

    def produce_messages(
        self, topic_name: str | bytes, messages: Iterable[str | bytes], batch_size: int = 200
    ) -> None:
        """Send messages, which must not contain line ends, with Kafka's console producer.

        :raises KafkaException: it failed; with what it said.
        """
        option = "--broker-list" if self._release.number < (2, 5) else "--bootstrap-server"
        target = [option, self.brokers, "--topic", _text(topic_name)]
        lines = b"".join(_text(message).encode() + b"\n" for message in messages)
        with tempfile.TemporaryDirectory(prefix="pykafka-tool-") as folder:
            done = KafkaTools(self._release, Path(folder)).run(
                "kafka.tools.ConsoleProducer",
                [*target, "--batch-size", str(batch_size), "--request-required-acks", "1"],
                input=lines,
                jvm_args=["-Dfile.encoding=UTF-8"],
            )
        if done.returncode != 0:
            raise KafkaException(f"the console producer failed: {done.stderr.decode()}")

    def _topics(self) -> TopicStore:
        if self.zookeeper is not None:
            return ZookeeperTopics(self.zookeeper)
        return QuorumTopics(self._addresses()[0][1])

    def _addresses(self) -> list[tuple[str, int]]:
        pairs = (address.rpartition(":") for address in self.brokers.split(","))
        return [(host, int(port)) for host, _, port in pairs]

    def _all_see(self, expected: Callable[[probe.View], bool]) -> bool:
        return probe.all_see(self._addresses(), expected)


class KafkaInstance:
    """A cluster of its own, running from construction to :meth:`terminate`.

    From 0.9 on its brokers listen with TLS too, where there is an ``openssl`` program.

    :param num_instances: brokers.
    :param kafka_version: any release from 0.8.2 on.
    :param scala_version: kept for 2.x's callers, as are ``bin_dir``, ``name`` and ``use_gevent``:
        the jars decide, and come from the cache.
    :raises MissingRequirementError: Java or the jars cannot be had.
    :raises ServiceStartError: a server does not start; with the end of its log.
    """

    def __init__(
        self,
        num_instances: int = 1,
        kafka_version: str = "0.8.2.1",
        scala_version: str = "2.11",
        bin_dir: str = "/tmp/kafka-bin",  # noqa: S108 - 2.x's default; not used
        name: str = "kafka",
        use_gevent: bool = False,
    ) -> None:
        tls = find_release(kafka_version).number >= (0, 9) and shutil.which("openssl") is not None
        self._kafka = EmbeddedKafka(kafka_version, num_instances, tls=tls)
        self.brokers = self._kafka.bootstrap
        self.brokers_ssl = self._kafka.bootstrap_tls
        self.zookeeper = self._kafka.zookeeper
        files = self._kafka.certificates
        self.certs = None if files is None else CertManager._of(files)
        self.connection = KafkaConnection(bin_dir, self.brokers, self.zookeeper, self.brokers_ssl)
        self.connection._release = self._kafka.release

    def terminate(self) -> None:
        """End all servers and remove their data; to be called any number of times."""
        self._kafka.stop()

    def flush(self) -> None:
        """Delete all topics but Kafka's own."""
        self.connection.flush()

    def create_topic(
        self, topic_name: str | bytes, num_partitions: int, replication_factor: int
    ) -> None:
        """As :meth:`KafkaConnection.create_topic`."""
        self.connection.create_topic(topic_name, num_partitions, replication_factor)

    def delete_topic(self, topic_name: str | bytes) -> None:
        """As :meth:`KafkaConnection.delete_topic`."""
        self.connection.delete_topic(topic_name)

    def list_topics(self) -> list[bytes]:
        """As :meth:`KafkaConnection.list_topics`."""
        return self.connection.list_topics()

    def produce_messages(self, topic_name: str | bytes, messages: Iterable[str | bytes]) -> None:
        """As :meth:`KafkaConnection.produce_messages`."""
        self.connection.produce_messages(topic_name, messages)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
