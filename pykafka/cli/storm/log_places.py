"""On which hosts and in which folders a topology's logs are."""

from __future__ import annotations

import functools
import ipaddress
import posixpath
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from ...storm.exceptions import ConfigError
from .places import Place

if TYPE_CHECKING:
    from ...storm.deployment.log_hosts import Host
    from ...storm.deployment.ssh import Login
    from ...storm.nimbus.client import Nimbus
    from ...storm.project.environment import Environment

__all__ = ["LogPlaces", "LogsAsked", "log_options", "log_places"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


class LogsAsked(NamedTuple):
    """What the options say of logs.

    :ivar folder: on the workers; None: the environment or Nimbus says it.
    :ivar local: a folder of this machine, if it is to be that.
    """

    pattern: re.Pattern[str]
    folder: str | None
    local: str | None


class LogPlaces(NamedTuple):
    """Where to look.

    :ivar folders: the same on every host; those that are not there are passed over.
    :ivar others: names of other topologies there are.
    :ivar sudo_user: who owns virtual environments there, by the environment; "": nobody is said.
    """

    hosts: list[Host]
    folders: list[str]
    login: Login
    others: list[str]
    sudo_user: str

    def __str__(self) -> str:
        return f"{', '.join(host.name for host in self.hosts)} (in {' and '.join(self.folders)})"


def log_options(function: _Function) -> _Function:
    """``--pattern``, ``--log-path`` and ``--local``: the command gets :class:`LogsAsked` last."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        pattern: re.Pattern[str],
        log_path: str | None,
        local: str | None,
        **options: Any,
    ) -> Any:
        return function(*arguments, LogsAsked(pattern, log_path, local), **options)

    for option in (
        click.option(
            "--local",
            metavar="FOLDER",
            type=click.Path(exists=True, file_okay=False),
            help="Logs in a folder of this machine, and no cluster.",
        ),
        click.option(
            "--log-path",
            metavar="FOLDER",
            help="The workers' folder of logs.  [default: the environment's log.path, and what"
            " Storm's configuration says]",
        ),
        click.option(
            "--pattern",
            metavar="REGEX",
            callback=_compiled,
            help="Only files in whose path this is found (as Python's re.search does).",
        ),
    ):
        option(command)
    return command  # type: ignore[return-value]  # it takes what the options bring as well


def _compiled(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> re.Pattern[str]:
    try:
        return re.compile(text or "")
    except re.error as error:
        raise click.BadParameter(f"{text!r} is no regular expression: {error}") from error


def log_places(place: Place, name: str, asked: LogsAsked) -> LogPlaces:
    """Find out where the logs of a topology are; Nimbus is asked for what is not said.

    :raises ConfigError: nothing says in which folder.
    :raises NimbusError: Nimbus has to be asked, and cannot be.
    """
    from ...storm.deployment.log_hosts import Host
    from ...storm.deployment.ssh import Login

    if asked.local is not None:
        folder = str(Path(asked.local).resolve())
        return LogPlaces([Host("localhost", None)], [folder], Login(), [], "")
    # With --nimbus there need not be any project.
    named = place.hosts is None or place.environment_name is not None
    environment = place.environment if named else None
    folders = [asked.folder] if asked.folder else []
    hosts: list[Host] = []
    others: list[str] = []
    if environment is not None:
        hosts = [Host(str(address), address) for address in environment.workers]
        if not folders and environment.log["path"]:
            folders = [str(environment.log["path"])]
    if not hosts or not folders:
        with place.nimbus() as nimbus:
            hosts = hosts or _hosts_of(nimbus, environment)
            others = [each.name for each in nimbus.cluster().topologies if each.name != name]
            if asked.folder is None:
                folders += [f for f in _folders_of(nimbus) if f not in folders]
    if not folders:
        where = f"{environment}.log.path" if environment is not None else "--log-path"
        raise ConfigError(
            "nothing says in which folder Storm logs on its workers: set"
            f" {where} to it (STORM_HOME/logs, as Storm comes)"
        )
    login = Login.of(environment) if environment is not None else Login()
    user = str(environment.get("sudo_user")) if environment is not None else ""
    return LogPlaces(hosts, folders, login, others, user)


def _hosts_of(nimbus: Nimbus, environment: Environment | None) -> list[Host]:
    """The supervisors' hosts. One that is this machine needs no ssh, unless there is a tunnel:
    then its name means another machine."""
    from ...storm.deployment.log_hosts import Host
    from ...storm.project.environment import SshHost

    port = environment.get("ssh_port") if environment is not None else None
    far = environment is not None and environment.wants_tunnel
    names = sorted({supervisor.host for supervisor in nimbus.cluster().supervisors})
    return [
        Host(name, SshHost(name, port) if far or not _is_this_machine(name) else None)
        for name in names
    ]


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", socket.gethostname()}


def _folders_of(nimbus: Nimbus) -> list[str]:
    """Where workers log by Storm's configuration; it need not say it."""
    configuration = nimbus.configuration()
    folder = posixpath.join(
        configuration.get("storm.log.dir") or "",
        configuration.get("storm.workers.artifacts.dir") or "",
    )
    return [folder] if posixpath.isabs(folder) else []
