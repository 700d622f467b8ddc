"""From a project to what Nimbus takes: jar, structure and configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .deployment.jar import Duplicate, build_jar
from .deployment.preparing import OnHosts, prepare
from .exceptions import ConfigError, TopologyError
from .project import Environment, Project
from .project.options import merged_options
from .topology import Launcher, check_configuration, checks_for_submit

__all__ = ["Build", "Wish", "build", "configuration", "load_checked"]

#: The Java side of the serializer.
_SERIALIZER = "topology.multilang.serializer"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What somebody wants to have built or submitted.

    :ivar topology: the topology's name in the project; None for the only one.
    :ivar name: its name on the cluster; None: as in the project.
    :ivar options: Storm's options that go over all others.
    :ivar requirements: requirement files in the place of the project's.
    :ivar jars: jars of the user's own for Java components.
    :ivar on_hosts: how virtual environments are made over ssh.
    """

    topology: str | None = None
    name: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    requirements: Sequence[Path] = ()
    jars: Sequence[Path] = ()
    on_hosts: OnHosts = field(default_factory=OnHosts)


@dataclass(frozen=True)
class Build:
    """What goes to Nimbus.

    :ivar duplicates: files that several of the jars had.
    """

    jar: Path
    launcher: Launcher
    duplicates: Sequence[Duplicate]


def load_checked(
    project: Project, environment: Environment, wish: Wish, version: str | None = None
) -> Any:
    """The topology, found free of mistakes for that environment.

    :param version: of the cluster's Storm, to look for what it cannot do; None: do not.
    :raises ProjectError: it cannot be loaded.
    :raises TopologyError: it has mistakes; tells them all.
    """
    topology = project.load_topology(wish.topology, {**environment.options, **wish.options})
    topology.check(environment.name)
    if version is not None and (problems := checks_for_submit(topology, version)):
        raise TopologyError(problems)
    return topology


def configuration(
    environment: Environment, topology: Any, wish: Wish, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The options to submit a topology with.

    :raises ConfigError: a serializer is named for Python and none for Java.
    :raises TopologyError: components could not start with these options; tells all reasons.
    """
    conf = merged_options(
        cli=wish.options,
        topology=topology.config,
        environment=environment.options,
        defaults=defaults,
    )
    if environment.serializer != "json" and _SERIALIZER not in conf:
        raise ConfigError(
            f"{environment}: serializer {environment.serializer} has to be known to Java, too:"
            f" set options.{_SERIALIZER} to a class that the workers have"
        )
    check_configuration(topology, conf)
    return conf


def build(
    project: Project,
    environment: Environment,
    wish: Wish,
    folder: Path,
    *,
    jar: Path | None = None,
    progress: Callable[[str, str, str], None] | None = None,
) -> Build:
    """Make the jar of a topology, and what its components need beside it.

    :param folder: an empty folder to work in.
    :param jar: where the jar is put; in ``folder`` without it.
    :param progress: as for :func:`~pykafka.storm.deployment.preparing.prepare`.
    :raises DeploymentError: something that is needed cannot be had.
    """
    name = project.topology_name(wish.topology)
    deployment = prepare(
        project,
        environment,
        name,
        folder,
        requirements=wish.requirements,
        on_hosts=wish.on_hosts,
        progress=progress,
    )
    path = jar or folder / f"{name}.jar"
    duplicates = build_jar(
        path,
        project.source if project.source.is_dir() else None,
        resources=deployment.resources | project.topology_resources(name),
        jars=wish.jars,
    )
    return Build(path, deployment.launcher, duplicates)
