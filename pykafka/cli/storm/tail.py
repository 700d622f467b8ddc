"""``pykafka storm tail``: the end of a topology's logs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ...storm.exceptions import DeploymentError, HostsError
from .log_places import LogsAsked, log_options, log_places
from .naming import topology_options
from .places import Place, place_options

if TYPE_CHECKING:
    from ...storm.deployment.log_files import LogFile

__all__ = ["tail"]


@click.command()
@click.option(
    "-l",
    "--num-lines",
    "count",
    metavar="N",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Lines of each file.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@place_options
@topology_options
@log_options
def tail(
    place: Place,
    name: str,
    asked: LogsAsked,
    count: int,
    follow: bool,
) -> None:
    """Show the end of the logs of TOPOLOGY (by default the project's only one): those of its
    workers, and those that its components write themselves (log.path in config.json), each line
    after its host and file. Of workers those of the newest run.

    It goes over ssh to the workers that the environment names, or else Nimbus; those on this
    machine need none. Nothing is left running there. A host that does not answer keeps no other
    from being shown.
    """
    from ...storm.deployment.log_hosts import LogHosts
    from ...storm.deployment.log_tail import LogTail

    places = log_places(place, name, asked)
    hosts = LogHosts(places.hosts, places.login)

    def wanted(log: LogFile) -> bool:
        return log.is_current and bool(asked.pattern.search(log.path))

    logs = LogTail(name, places.folders, count, wanted, places.others, _show)
    found, failures = hosts.each(lambda _, shell: logs.find(shell), failed=_complain)
    chosen = {host: logs.wanted(files) for host, files in found.items()}
    hosts.hosts = [host for host in hosts.hosts if host.name in found]
    nothing = not any(chosen.values())
    if follow and hosts.hosts:
        if nothing:
            click.echo(f"No logs of {name} on {places} yet.", err=True)
        failures |= hosts.each(
            lambda host, shell: logs.follow(host, shell, hosts.ending),
            failed=_complain,
            all_at_a_time=True,
        )[1]
    else:
        failures |= hosts.each(
            lambda host, shell: logs.show_end(host, shell, chosen[host]), failed=_complain
        )[1]
    if failures:
        raise HostsError(failures)
    if nothing:
        raise DeploymentError(f"no logs of topology {name!r} on {places}")


def _show(host: str, log: LogFile, lines: Sequence[bytes]) -> None:
    for line in lines:
        sys.stdout.write(f"{host}:{log.name}: {line.decode('utf-8', 'replace')}\n")
    sys.stdout.flush()


def _complain(host: str, reason: str) -> None:
    """While others are shown, their lines would hide what is said at the end only."""
    click.echo(f"{host}: {reason}", err=True)
