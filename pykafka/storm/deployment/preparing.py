"""One of the three ways by which Python packages get to the workers, prepared for a submit."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..exceptions import ConfigError
from ..project.environment import Environment, SshHost
from ..project.folder import Project
from ..topology.launcher import Launcher
from . import launching
from .hosts import Made, Progress, Recipe, make_environments
from .packed import Target, collect_wheels, packed_resources
from .requirements import flattened
from .ssh import Login
from .unpack import MANIFEST
from .wheels import package_files, pykafka_wheel

__all__ = ["Deployment", "OnHosts", "prepare", "prepare_hosts"]

#: What progress is about if it is not about a host.
_HERE = "here"


class Deployment(NamedTuple):
    """What a submit needs to know.

    :ivar resources: what goes into the jar's ``resources/`` beside the project's components.
    :ivar launcher: how a worker starts a component.
    """

    resources: dict[str, bytes | Path]
    launcher: Launcher


class OnHosts(NamedTuple):
    """How virtual environments are made over ssh.

    :ivar hosts: where, if the environment names no workers.
    :ivar overwrite: make them anew even if they are there, and in the place of somebody else's.
    :ivar parallel: on how many hosts at a time.
    """

    hosts: Sequence[SshHost] = ()
    overwrite: bool = False
    parallel: int = 10


_AS_USUAL = OnHosts()


def prepare(
    project: Project,
    environment: Environment,
    topology: str,
    folder: Path,
    *,
    requirements: Sequence[Path] = (),
    on_hosts: OnHosts = _AS_USUAL,
    progress: Progress | None = None,
) -> Deployment:
    """Do what the environment's ``deployment`` asks for, so that components can run on workers.

    :param topology: its name.
    :param folder: an empty folder for files that the jar is then made of.
    :param requirements: requirement files in the place of the project's own.
    :param on_hosts: how virtual environments are made over ssh.
    :param progress: called with ``"here"``, or a host; a state; and a line.
    :raises ConfigError: the environment lacks what its deployment needs.
    :raises DeploymentError: wheels cannot be had, or hosts not be served.
    :raises ProjectError: a requirement file does not exist.
    """
    if environment.deployment == "ssh":
        prepare_hosts(
            project,
            environment,
            topology,
            folder,
            requirements=requirements,
            on_hosts=on_hosts,
            progress=progress,
        )
        python = f"{_root(environment)}/{_name(environment, topology)}/bin/python"
        return _with_interpreter("ssh", python, environment)
    if environment.deployment == "existing":
        return _existing(environment, topology)
    return _packed(project, environment, topology, folder, requirements, progress)


def prepare_hosts(
    project: Project,
    environment: Environment,
    topology: str,
    folder: Path,
    *,
    requirements: Sequence[Path] = (),
    on_hosts: OnHosts = _AS_USUAL,
    progress: Progress | None = None,
) -> list[Made]:
    """Make the virtual environments on the workers' hosts; arguments as for :func:`prepare`.

    :raises HostsError: some hosts could not be served; names them all.
    """
    wheels = [
        wheel
        for links in project.wheel_folders(environment)
        for wheel in sorted(links.glob("*.whl"))
    ]
    recipe = Recipe(
        _root(environment),
        _name(environment, topology),
        pykafka_wheel(folder),
        flattened(project.requirements(topology, environment, requirements)),
        tuple(wheels),
        environment.get("no_index"),
        tuple(environment.virtualenv_flags),
        environment.interpreter,
        environment.get("sudo_user"),
    )
    return make_environments(
        environment.workers or on_hosts.hosts,
        Login.of(environment),
        recipe,
        overwrite=on_hosts.overwrite,
        parallel=on_hosts.parallel,
        progress=progress,
    )


def _packed(
    project: Project,
    environment: Environment,
    topology: str,
    folder: Path,
    requirements: Sequence[Path],
    progress: Progress | None,
) -> Deployment:
    target = Target(
        tuple(environment.texts("worker_platform")),
        environment.get("worker_python"),
        environment.get("worker_implementation"),
        tuple(environment.texts("worker_abi")),
    )
    files = project.requirements(topology, environment, requirements)
    wheels = collect_wheels(
        folder,
        files,
        target=target,
        wheel_folders=project.wheel_folders(environment),
        no_index=environment.get("no_index"),
        progress=progress and functools.partial(progress, _HERE, "line"),
    )
    resources = packed_resources(
        wheels,
        name=_name(environment, topology),
        requirements=files,
        root=environment.virtualenv_root,
        system_site_packages="--system-site-packages" in environment.virtualenv_flags,
    )
    interpreter = environment.interpreter or "python3"
    return Deployment(resources, launching.packed(interpreter, environment.serializer))


def _existing(environment: Environment, topology: str) -> Deployment:
    interpreter = environment.interpreter
    if not interpreter and environment.get("use_virtualenv") and environment.virtualenv_root:
        interpreter = f"{_root(environment)}/{_name(environment, topology)}/bin/python"
    if not interpreter and environment.get("use_virtualenv"):
        raise ConfigError(
            f"{environment}: deployment is existing, but nothing says where Python is on the"
            " workers: set interpreter to its absolute path"
        )
    if "/" in interpreter and not interpreter.startswith("/"):
        raise ConfigError(f"{environment}: interpreter {interpreter} is not absolute")
    deployment = _with_interpreter("existing", interpreter or "python3", environment)
    for name, path in package_files():
        deployment.resources[f"{launching.FALLBACK}/{name}"] = path
    return deployment


def _with_interpreter(kind: str, python: str, environment: Environment) -> Deployment:
    told = json.dumps({"deployment": kind, "interpreter": python}, indent=1) + "\n"
    launch = launching.installed if kind == "ssh" else launching.existing
    return Deployment({MANIFEST: told.encode()}, launch(python, environment.serializer))


def _name(environment: Environment, topology: str) -> str:
    name = str(environment.get("virtualenv_name") or topology)
    if "/" in name or name in {".", ".."}:
        raise ConfigError(f"{environment}: virtualenv_name {name} is not the name of a folder")
    return name


def _root(environment: Environment) -> str:
    root = environment.virtualenv_root
    if not root.startswith("/"):
        raise ConfigError(
            f"{environment}: virtualenv_root must be the absolute path of the workers' folder of"
            f" virtual environments, not {root!r}"
        )
    return root
