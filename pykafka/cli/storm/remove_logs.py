"""``pykafka storm remove-logs``: remove a topology's logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...storm.exceptions import DeploymentError, HostsError
from ..confirming import confirm
from ..output import print_table
from .log_places import LogsAsked, log_options, log_places
from .naming import topology_options
from .places import Place, place_options
from .words import counted

if TYPE_CHECKING:
    from ...storm.deployment.log_files import Kind

__all__ = ["remove_logs"]


@click.command()
@click.option(
    "-w", "--remove-worker-logs", "workers", is_flag=True, help="The logs of Storm's workers, too."
)
@click.option(
    "-A",
    "--remove-all-artifacts",
    "everything",
    is_flag=True,
    help="All that its workers left in Storm's folder of logs, their logs among it, too.",
)
@click.option(
    "-u",
    "--user",
    metavar="USER",
    help="Whose rights to have there, through sudo.  [default: the environment's sudo_user]",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@place_options
@topology_options
@log_options
def remove_logs(
    place: Place,
    name: str,
    asked: LogsAsked,
    workers: bool,
    everything: bool,
    user: str | None,
    yes: bool,
) -> None:
    """Remove the logs of TOPOLOGY (by default the project's only one), of all its runs: those that
    its components write themselves (log.path in config.json), and Storm's own if you say so. Shows
    what it will remove, and asks.

    It finds them as "tail" does. What a topology that runs goes on writing to a log that was
    removed is lost.
    """
    from ...storm.deployment.log_files import find_logs, remove
    from ...storm.deployment.log_hosts import LogHosts

    places = log_places(place, name, asked)
    hosts = LogHosts(
        places.hosts,
        places.login,
        places.sudo_user if user is None and asked.local is None else user or "",
    )
    kinds: set[Kind] = {"component"}
    kinds |= {"worker"} if workers or everything else set()
    kinds |= {"artifact"} if everything else set()
    found, failures = hosts.each(
        lambda _, shell: [
            log
            for log in find_logs(shell, places.folders, name, places.others)
            if asked.pattern.search(log.path)
        ]
    )
    if failures:
        raise HostsError(failures)
    chosen = {host: [log for log in logs if log.kind in kinds] for host, logs in found.items()}
    number = sum(map(len, chosen.values()))
    if not number:
        others = sum(map(len, found.values()))
        hint = f", but {counted(others, 'file')} of its workers: -w or -A removes those"
        raise DeploymentError(f"no logs of topology {name!r} on {places}{hint if others else ''}")
    print_table(
        ["Host", "File", "Bytes"],
        [(host, log.path, log.size) for host, logs in chosen.items() for log in logs],
    )
    if not yes:
        confirm(f"Remove {counted(number, 'file')} of {name}?")
    _, failures = hosts.each(lambda host, shell: remove(shell, chosen[host]))
    if failures:
        raise HostsError(failures)
    print(f"{counted(number, 'file')} removed.")
