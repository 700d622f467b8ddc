"""The folder that Storm calls its home: jars for workers, and how all of them log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from .releases import StormRelease

__all__ = ["make_home", "write_configuration"]

#: Nimbus and supervisors print, and what they print is their log.
_DAEMON_LOG = """\
<configuration>
  <appenders>
    <Console name="console"><PatternLayout pattern="%d %-5p %c{1} %t %msg%n"/></Console>
  </appenders>
  <loggers>
    <Logger name="org.apache.storm.shade.org.apache.zookeeper" level="warn"/>
    <Logger name="org.apache.storm.shade.org.apache.curator" level="warn"/>
    <root level="info"><appender-ref ref="console"/></root>
  </loggers>
</configuration>
"""
#: A worker is two Java programs: the worker, and one that reads what the first prints and logs it
#: under the names STDOUT and STDERR.
_WORKER_LOG = """\
<configuration>
  <properties>
    <property name="file"
      >${sys:workers.artifacts}/${sys:storm.id}/${sys:worker.port}/${sys:logfile.name}</property>
  </properties>
  <appenders>
    <File name="log" fileName="${file}">
      <PatternLayout pattern="%d %-5p %c{1} %t %msg%n"/>
    </File>
    <File name="out" fileName="${file}.out"><PatternLayout pattern="%msg%n"/></File>
    <File name="err" fileName="${file}.err"><PatternLayout pattern="%msg%n"/></File>
  </appenders>
  <loggers>
    <Logger name="org.apache.storm.shade.org.apache.zookeeper" level="warn"/>
    <Logger name="org.apache.storm.shade.org.apache.curator" level="warn"/>
    <root level="info"><appender-ref ref="log"/></root>
    <Logger name="STDOUT" level="info" additivity="false"><appender-ref ref="out"/></Logger>
    <Logger name="STDERR" level="info" additivity="false"><appender-ref ref="err"/></Logger>
  </loggers>
</configuration>
"""


def make_home(folder: Path, release: StormRelease, jars: Sequence[Path]) -> Path:
    """A home in ``folder``, the same after every start; the folder."""
    workers, logging = folder / "lib-worker", folder / "log4j2"
    for each in (workers, logging, folder / "extlib", folder / "lib"):
        each.mkdir(parents=True, exist_ok=True)
    for jar in jars:
        link = workers / jar.name
        if release.in_worker(jar.name):
            link.unlink(missing_ok=True)
            link.symlink_to(jar)
    (logging / "cluster.xml").write_text(_DAEMON_LOG)
    (logging / "worker.xml").write_text(_WORKER_LOG)
    return folder


def write_configuration(folder: Path, configuration: Mapping[str, object]) -> Path:
    """A folder with a ``storm.yaml``; the folder. What is JSON is YAML, too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "storm.yaml").write_text(json.dumps(configuration, indent=1))
    return folder
