"""Bringing a project's topology into a cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .building import Tell, Wish, build, configuration, load_checked
from .exceptions import TopologyAlreadyRunsError
from .nimbus import submission
from .nimbus.client import Nimbus
from .nimbus.reports import Cluster, TopologyState
from .nimbus.structures import topology_structure
from .project import Environment, Project, SshHost
from .project.hooks import Hooks

__all__ = ["Submit", "submit"]

#: Seconds beyond the wait for a topology that is killed to be gone.
_GONE_WITHIN = 60.0


def _silent(*_: Any) -> None:
    pass


@dataclass(frozen=True)
class Submit:
    """How a topology is submitted.

    :ivar active: whether its spouts are to emit at once.
    :ivar force: whether one of the same name is killed first.
    :ivar wait: seconds that such a one gets to finish its tuples.
    :ivar jar: a jar that is there already, made by ``pykafka storm jar`` for this environment.
    """

    active: bool = True
    force: bool = False
    wait: int = 5
    jar: Path | None = None


def submit(
    project: Project,
    environment: Environment,
    nimbus: Nimbus,
    wish: Wish,
    how: Submit | None = None,
    *,
    tell: Tell = _silent,
    progress: Callable[[str, str, str], None] = _silent,
    uploading: Callable[[int, int], None] = _silent,
) -> TopologyState:
    """Do all that brings a topology into the cluster.

    In this order: look for mistakes, and whether the name is free; ``pre_submit``; packages and
    jar; with ``force`` the end of the one that runs; upload and submit; ``post_submit``.

    :param tell: gets a line for each step.
    :param progress: of packages: called with a host (or ``"here"``), a state, a line.
    :param uploading: called with the bytes that were sent, and all there are.
    :returns: the topology as Nimbus has taken it.
    :raises StormError: something of this failed. Nothing was submitted, unless a ``post_submit``
        hook failed.
    """
    how = how or Submit()
    cluster = nimbus.cluster()
    topology = load_checked(project, environment, wish, cluster.version)
    name = wish.name or project.topology_name(wish.topology)
    runs = cluster.topology(name) is not None
    if runs and not how.force:
        raise TopologyAlreadyRunsError(
            f"{name} runs already: end it first (pykafka storm kill {name}), or submit with --force"
        )
    conf = configuration(environment, topology, wish, _spread(cluster))
    hooks = Hooks(project.root)
    hooks.pre_submit(name, environment.name, environment.config, conf)
    with tempfile.TemporaryDirectory(prefix="pykafka-storm-") as folder:
        wish = replace(wish, on_hosts=wish.on_hosts._replace(hosts=_hosts(cluster)))
        built = build(project, environment, wish, Path(folder), progress=progress)
        structure = topology_structure(topology, built.launcher, environment.name)
        if runs:
            tell(f"killing the {name} that runs; it gets {how.wait} s to finish")
            submission.kill(nimbus, name, how.wait)
            submission.await_gone(nimbus, name, how.wait + _GONE_WITHIN)
        state = submission.submit(
            nimbus,
            name,
            how.jar or built.jar,
            structure,
            conf,
            active=how.active,
            progress=uploading,
        )
    tell(f"submitted {name} as {state.id}")
    hooks.post_submit(name, environment.name, environment.config, conf)
    return state


def _spread(cluster: Cluster) -> dict[str, Any]:
    """A worker and an acker on each supervisor, unless somebody says otherwise."""
    count = max(1, len(cluster.supervisors))
    return {"topology.workers": count, "topology.acker.executors": count}


def _hosts(cluster: Cluster) -> list[SshHost]:
    hosts = dict.fromkeys(supervisor.host for supervisor in cluster.supervisors)
    return [SshHost(host, None) for host in hosts]
