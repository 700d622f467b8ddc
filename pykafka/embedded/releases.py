"""Which jars make up a release, and what each generation of brokers needs besides.

What exists where was read from Maven Central's own listings; what a release lacks on a
modern Java was found by starting it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..exceptions import InvalidOptionError

__all__ = ["ZOOKEEPER", "KafkaRelease", "find_release"]

#: Serves every Kafka before 4.0, from 0.8.2 on.
ZOOKEEPER = (
    "org.apache.zookeeper:zookeeper:3.9.4",
    "org.slf4j:slf4j-simple:2.0.13",
    # The server records its metrics and frames its snapshots with these; its POM calls both
    # "provided".
    "io.dropwizard.metrics:metrics-core:4.1.12.1",
    "org.xerial.snappy:snappy-java:1.1.10.5",
)

#: The releases there are, newest last, by the artifact (that is, the Scala version) they are
#: taken from: the newest Scala each line was published for.
_PUBLISHED = {
    "kafka_2.11": "0.8.2.0 0.8.2.1 0.8.2.2 0.9.0.0 0.9.0.1 0.10.0.0 0.10.0.1 0.10.1.0 0.10.1.1"
    " 0.10.2.0 0.10.2.1 0.10.2.2 0.11.0.0 0.11.0.1 0.11.0.2 0.11.0.3",
    "kafka_2.12": "1.0.0 1.0.1 1.0.2 1.1.0 1.1.1 2.0.0 2.0.1 2.1.0 2.1.1 2.2.0 2.2.1 2.2.2"
    " 2.3.0 2.3.1",
    "kafka_2.13": "2.4.0 2.4.1 2.5.0 2.5.1 2.6.0 2.6.1 2.6.2 2.6.3 2.7.0 2.7.1 2.7.2 2.8.0"
    " 2.8.1 2.8.2 3.0.0 3.0.1 3.0.2 3.1.0 3.1.1 3.1.2 3.2.0 3.2.1 3.2.2 3.2.3 3.3.0 3.3.1"
    " 3.3.2 3.4.0 3.4.1 3.5.0 3.5.1 3.5.2 3.6.0 3.6.1 3.6.2 3.7.0 3.7.1 3.7.2 3.8.0 3.8.1"
    " 3.9.0 3.9.1 3.9.2 4.0.0 4.0.1 4.0.2 4.1.0 4.1.1 4.1.2 4.2.0 4.2.1 4.2.2 4.3.0 4.3.1"
    " 4.4.0",
}

_Version = tuple[int, ...]

#: From which release on a class has another name (seen in the published jars).
_MOVED_TOOLS = {
    "kafka.tools.ConsoleConsumer": ((3, 8), "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    "kafka.tools.ConsoleProducer": ((4, 0), "org.apache.kafka.tools.ConsoleProducer"),
    "kafka.admin.TopicCommand": ((3, 7), "org.apache.kafka.tools.TopicCommand"),
}


def _parse(version: str) -> _Version:
    return tuple(int(part) for part in version.split("."))


_RELEASES: dict[_Version, tuple[str, str]] = {
    _parse(version): (artifact, version)
    for artifact, versions in _PUBLISHED.items()
    for version in versions.split()
}


@dataclass(frozen=True)
class KafkaRelease:
    """One published release of the broker."""

    #: As published, for example ``"0.8.2.2"``.
    version: str
    #: The artifact that holds it, for example ``"kafka_2.11"``.
    artifact: str

    @property
    def number(self) -> tuple[int, ...]:
        """The version as integers, for comparisons: ``(0, 8, 2, 2)``."""
        return _parse(self.version)

    @property
    def kraft(self) -> bool:
        """Whether it keeps its metadata itself instead of in ZooKeeper (all from 4.0)."""
        return self.number >= (4, 0)

    @property
    def protocol(self) -> str:
        """What ``inter.broker.protocol.version`` calls it: ``"0.8.2"``, ``"1.1"``."""
        return ".".join(self.version.split(".")[: 3 if self.number < (1, 0) else 2])

    @property
    def coordinates(self) -> tuple[str, ...]:
        """What a broker runs from, as Maven coordinates: the broker and what its POM omits."""
        return (f"org.apache.kafka:{self.artifact}:{self.version}", *self._additions())

    @property
    def tool_coordinates(self) -> tuple[str, ...]:
        """What Kafka's command line tools run from; they left the broker's jar in 3.3."""
        if self.number < (3, 3):
            return self.coordinates
        return (*self.coordinates, f"org.apache.kafka:kafka-tools:{self.version}")

    def tool_class(self, name: str) -> str:
        """What a class of Kafka's tools that 0.8 calls ``name`` is called in this release."""
        since, moved = _MOVED_TOOLS.get(name, ((0,), name))
        return moved if self.number >= since else name

    def _additions(self) -> tuple[str, ...]:
        if (0, 10) <= self.number < (1, 0):
            # Java lost javax.xml.bind in 11; these two call it for base64.
            return ("javax.xml.bind:jaxb-api:2.3.1",)
        if (1, 0) <= self.number < (4, 0):
            # Their POMs leave the choice of a logger open, but the broker calls log4j 1.
            return ("ch.qos.reload4j:reload4j:1.2.25", "org.slf4j:slf4j-reload4j:1.7.36")
        if self.number >= (4, 0):
            return ("org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",)
        return ()


def find_release(name: str) -> KafkaRelease:
    """The release called ``name``, or the nearest one there is.

    A part of a version means the newest release of that line (``"0.8.2"``, ``"3"``); what was
    never published, or is older than all (``"0.8.1.1"``), means the nearest one above; what
    is newer than all known ones, the newest of them.

    :raises InvalidOptionError: ``name`` is no version at all.
    """
    if not re.fullmatch(r"\d+(\.\d+){0,3}", name):
        raise InvalidOptionError(
            f"Kafka release {name!r} is no version; give one such as '0.8.2.2' or '4.1'"
        )
    wanted = _parse(name)
    known = sorted(_RELEASES)
    line = [number for number in known if number[: len(wanted)] == wanted]
    above = [number for number in known if number > wanted]
    chosen = line[-1] if line else above[0] if above else known[-1]
    artifact, version = _RELEASES[chosen]
    return KafkaRelease(version, artifact)
