"""Which project, environment and Nimbus a command is about."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus
    from ...storm.project.environment import Environment
    from ...storm.project.folder import Project

__all__ = ["Place", "place_options", "project_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass
class Place:
    """What the options say of where a command works.

    :ivar environment_name: of the project; None for the only one.
    :ivar config: a file in the place of the project's ``config.json``.
    :ivar hosts: Nimbus, for commands outside any project; None to ask the environment.
    :ivar timeout: seconds to connect to Nimbus, and for each call.
    """

    environment_name: str | None = None
    config: str | None = None
    hosts: str | None = None
    timeout: float = 30.0

    @cached_property
    def project(self) -> Project:
        """The project of the working directory.

        :raises ProjectError: there is none.
        """
        from ...storm.project import Project

        return Project.find(Path.cwd(), self.config)

    @cached_property
    def environment(self) -> Environment:
        """The environment that was chosen.

        :raises ConfigError: it does not exist, or none was and there are several.
        """
        return self.project.environment(self.environment_name)

    @contextlib.contextmanager
    def nimbus(self) -> Iterator[Nimbus]:
        """The cluster's Nimbus, through an ssh tunnel if the environment wants one.

        :raises ConfigError: nothing says where it is.
        """
        from ...storm.deployment.ssh import Login
        from ...storm.deployment.tunnel import Tunnels
        from ...storm.nimbus.client import Nimbus

        if self.hosts is not None:
            with Nimbus(self.hosts, timeout=self.timeout) as nimbus:
                yield nimbus
            return
        environment = self.environment
        hosts = [str(address) for address in environment.nimbus]
        if not environment.wants_tunnel:
            with Nimbus(hosts, timeout=self.timeout) as nimbus:
                yield nimbus
            return
        with (
            Tunnels(Login.of(environment)) as tunnels,
            Nimbus(hosts, timeout=self.timeout, reach=tunnels.to) as nimbus,
        ):
            yield nimbus


def project_options(function: _Function) -> _Function:
    """``-e`` and ``--config``: the command gets a :class:`Place` as its first argument."""

    @functools.wraps(function)
    def command(
        *arguments: Any, environment: str | None, config: str | None, **options: Any
    ) -> Any:
        return function(Place(environment, config), *arguments, **options)

    made: _Function = _with_options(command, _PROJECT)
    return made


def place_options(function: _Function) -> _Function:
    """As :func:`project_options`, with ``--nimbus`` and ``--timeout`` for commands that ask a
    cluster."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        environment: str | None,
        config: str | None,
        nimbus: str | None,
        timeout: float,
        **options: Any,
    ) -> Any:
        place = Place(environment, config, nimbus, timeout)
        return function(place, *arguments, **options)

    made: _Function = _with_options(command, [*_PROJECT, *_NIMBUS])
    return made


_PROJECT = [
    click.option(
        "-e", "--environment", metavar="NAME", help="Environment of config.json; the only one."
    ),
    click.option(
        "--config",
        type=click.Path(dir_okay=False, exists=True),
        help="Another file in the place of config.json.",
    ),
]
_NIMBUS = [
    click.option(
        "--nimbus",
        metavar="HOSTS",
        help="host:port,... of Nimbus, without a project or in the place of its environment's.",
    ),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=0.1),
        default=30.0,
        show_default=True,
        help="For Nimbus to be reached, and to answer.",
    ),
]


def _with_options(
    command: Any, options: Sequence[Callable[[Callable[..., Any]], Callable[..., Any]]]
) -> Any:
    for option in reversed(options):
        command = option(command)
    return command
