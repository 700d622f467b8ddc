"""Which Storm releases can be started, and from which jars."""

from __future__ import annotations

from dataclasses import dataclass

from ...exceptions import InvalidOptionError

__all__ = ["StormRelease", "find_storm_release"]

#: The releases there are on Maven Central, newest last, from the first whose ZooKeeper client
#: connects on Java 17 (2.2.1 does not; 2.3 was never published).
_PUBLISHED = (
    *("2.4.0", "2.5.0", "2.6.0", "2.6.1", "2.6.2", "2.6.3", "2.6.4"),
    *("2.7.0", "2.7.1", "2.8.0", "2.8.1", "2.8.2", "2.8.3"),
)

#: What a worker's class path holds, by the beginning of the jars' names; all of a daemon's would
#: do as well, at the risk that a topology's own libraries meet others of the same name.
_WORKER_JARS = (
    "storm-client-",
    "storm-shaded-deps-",
    "slf4j-api-",
    "log4j-",
    "kryo-",
    "minlog-",
    "objenesis-",
    "reflectasm-",
    "asm-",
    "metrics-",
    "jakarta.activation-",
    "jakarta.xml.bind-api-",
    "javax.annotation-api-",
)


@dataclass(frozen=True)
class StormRelease:
    """One published release of Storm."""

    #: As published, for example ``"2.8.3"``.
    version: str

    @property
    def number(self) -> tuple[int, ...]:
        """The version as integers, for comparisons: ``(2, 8, 3)``."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """What Nimbus and the supervisor run from, as Maven coordinates."""
        return (f"org.apache.storm:storm-server:{self.version}",)

    def in_worker(self, jar: str) -> bool:
        """Whether the jar of that file name is on a worker's class path."""
        return jar.startswith(_WORKER_JARS)


def find_storm_release(name: str) -> StormRelease:
    """The newest release whose version is ``name`` or begins with it (``"2.8"``).

    :raises InvalidOptionError: there is none; names those there are.
    """
    for version in reversed(_PUBLISHED):
        if version == name or version.startswith(f"{name}."):
            return StormRelease(version)
    raise InvalidOptionError(f"Storm {name!r}: there is {', '.join(_PUBLISHED)}")
