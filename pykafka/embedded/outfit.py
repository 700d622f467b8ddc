"""What a broker of a cluster is started with, as whichever release it is to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..exceptions import InvalidOptionError
from .artifacts import class_path
from .kafka_runtime import KafkaRuntime
from .properties import Ports, Properties, Quorum, broker_properties, rolling_properties
from .releases import KafkaRelease

__all__ = ["Outfit", "Outfitter"]


@dataclass(frozen=True)
class Outfit:
    """What one server is started with."""

    runtime: KafkaRuntime
    properties: Properties


class Outfitter:
    """Makes the outfits of one cluster's brokers.

    :param first: runs the release that the cluster is started as.
    :param brokers: how many the cluster has.
    :param metadata: ZooKeeper's address, or the KRaft quorum.
    :param overrides: properties of all brokers.
    """

    def __init__(
        self,
        first: KafkaRuntime,
        brokers: int,
        metadata: str | Quorum,
        overrides: Mapping[str, object],
        progress: Callable[[str], None],
    ) -> None:
        #: As what every broker starts.
        self.first = first.release
        self._runtime = first
        self._brokers = brokers
        self._metadata = metadata
        self._overrides = overrides
        self._progress = progress

    def outfit(
        self,
        release: KafkaRelease,
        broker_id: int,
        ports: Ports,
        folder: Path,
        config: Mapping[str, object],
    ) -> Outfit:
        """What a broker is started with as ``release``; ``config`` wins over all properties.

        :raises InvalidOptionError: it cannot be in this cluster.
        :raises MissingRequirementError: the jars cannot be had.
        :raises DownloadError: a jar could not be fetched.
        """
        self._check(release)
        rolling = rolling_properties(self.first, release)
        overrides = {**rolling, **self._overrides, **config}
        properties = broker_properties(
            release, broker_id, ports, folder, self._brokers, self._metadata, overrides
        )
        return Outfit(self._runtime_of(release, folder), properties)

    def _runtime_of(self, release: KafkaRelease, folder: Path) -> KafkaRuntime:
        if release == self.first:
            return self._runtime
        jars = class_path(release.coordinates, self._progress)
        return KafkaRuntime.for_servers(release, self._runtime.java, jars, folder)

    def _check(self, release: KafkaRelease) -> None:
        first = self.first
        if release.kraft != first.kraft:
            raise InvalidOptionError(
                f"a broker {release.version} in a cluster of {first.version}: from 4.0 on there is "
                "no ZooKeeper and before there has to be one, so they cannot be together"
            )
        if release.number < first.number:
            raise InvalidOptionError(
                f"a broker {release.version} in a cluster that was started as {first.version}: it "
                f"would not understand the others; start with {release.version}, then make "
                "brokers newer"
            )
