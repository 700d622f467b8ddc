"""``pykafka storm update-virtualenv``: virtual environments on the workers, without a submit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from .places import Place, place_options
from .progress import HostsProgress, say
from .topology_options import hosts_options, name_option, requirements_option, verbose_option

__all__ = ["update_virtualenv"]


@click.command()
@place_options
@name_option
@requirements_option
@hosts_options
@verbose_option
def update_virtualenv(
    place: Place,
    name: str | None,
    requirements: tuple[Path, ...],
    overwrite_virtualenv: bool,
    pool_size: int,
    verbose: bool,
) -> None:
    """Make the virtual environment of a topology on each worker, or bring it up to date.

    The workers are those of the environment in config.json, or else Nimbus is asked for them.
    """
    from ...storm.deployment.preparing import OnHosts, prepare_hosts
    from ...storm.project import SshHost

    project, environment = place.project, place.environment
    hosts: list[SshHost] = []
    if not environment.workers:
        with place.nimbus() as nimbus:
            found = nimbus.cluster().supervisors
        hosts = [SshHost(host, None) for host in dict.fromkeys(each.host for each in found)]
    with tempfile.TemporaryDirectory(prefix="pykafka-storm-") as folder:
        made = prepare_hosts(
            project,
            environment,
            project.topology_name(name),
            Path(folder),
            requirements=requirements,
            on_hosts=OnHosts(hosts, overwrite_virtualenv, pool_size),
            progress=HostsProgress(verbose),
        )
    changed = sum(each.changed for each in made)
    say(f"{len(made)} hosts are up to date, {changed} of them were changed")
