"""Running classes of one release: a Java, a class path, a place for the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .process import java_command
from .releases import KafkaRelease

__all__ = ["KafkaRuntime"]

_LOG4J = """\
log4j.rootLogger={level}, console
log4j.logger.kafka.network.Processor=WARN
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target={target}
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %-5p %c{{1}} %m%n
"""
_LOG4J_2 = """\
appender.console.type=Console
appender.console.name=console
appender.console.target={target}
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %-5p %c{{1}} %m%n
rootLogger.level={level}
rootLogger.appenderRef.console.ref=console
"""


@dataclass(frozen=True)
class KafkaRuntime:
    """What runs classes of a release, with a log4j configuration file for them."""

    release: KafkaRelease
    java: str
    jars: Sequence[Path]
    logging: Path

    @classmethod
    def for_servers(
        cls, release: KafkaRelease, java: str, jars: Sequence[Path], folder: Path
    ) -> KafkaRuntime:
        """One that logs all there is to say to standard output, which goes to a file."""
        return cls(release, java, jars, _configure(release, folder / "server-log", "INFO", "OUT"))

    @classmethod
    def for_tools(
        cls, release: KafkaRelease, java: str, jars: Sequence[Path], folder: Path
    ) -> KafkaRuntime:
        """One that logs what went wrong to standard error: standard output is the tool's."""
        return cls(release, java, jars, _configure(release, folder / "tool-log", "WARN", "ERR"))

    def command(self, main_class: str, *arguments: str, jvm: Sequence[str] = ()) -> list[str]:
        """The command line that runs ``main_class``."""
        key = "log4j2.configurationFile" if self.release.kraft else "log4j.configuration"
        options = (f"-D{key}=file:{self.logging}", *jvm)
        return java_command(self.java, self.jars, main_class, *arguments, jvm=options)


def _configure(release: KafkaRelease, path: Path, level: str, stream: str) -> Path:
    path = path.with_suffix(".properties")
    template = _LOG4J_2 if release.kraft else _LOG4J
    target = f"SYSTEM_{stream}" if release.kraft else f"System.{stream.lower()}"
    path.write_text(template.format(level=level, target=target))
    return path
