"""``pykafka storm stats``: what a cluster, a topology or a component has done."""

from __future__ import annotations

import click

from ..output import print_json
from ..watching import WatchCommand, repeatedly, watch_option
from . import cluster_stats, component_stats, topology_stats
from .cluster_stats import ClusterLook
from .component_stats import ComponentLook
from .places import Place, place_options
from .topology_stats import TopologyLook

__all__ = ["stats"]

#: The periods that Storm counts over, by how they are asked for here.
_WINDOWS = {"10m": "600", "3h": "10800", "1d": "86400", "all": ":all-time"}


@click.command(cls=WatchCommand)
@click.option("-n", "--name", metavar="TOPOLOGY", help="A topology; none: the cluster.")
@click.option("-c", "--component", metavar="NAME", help="A component of it.")
@click.option(
    "--window",
    type=click.Choice(list(_WINDOWS)),
    default="all",
    show_default=True,
    help="The last 10 minutes, 3 hours or day, or since the start of its workers.",
)
@watch_option
@click.option("--json", "as_json", is_flag=True, help="For programs; one line each with --watch.")
@place_options
def stats(
    place: Place,
    name: str | None,
    component: str | None,
    window: str,
    watch: float | None,
    as_json: bool,
) -> None:
    """Show what a cluster consists of; or what a topology has done, component by component; or
    what one component has done, by stream and executor.

    Workers tell their counts once a minute: until then there are none. They are estimates, since
    Storm counts one tuple in twenty (topology.stats.sample.rate).
    """
    if component and not name:
        raise click.UsageError("-c needs the component's topology: -n TOPOLOGY")
    asked = _WINDOWS[window]
    with place.nimbus() as nimbus:

        def show() -> None:
            look: ClusterLook | TopologyLook | ComponentLook
            if name is None:
                look = cluster_stats.look(nimbus)
            elif component is None:
                look = topology_stats.look(nimbus, name, asked)
            else:
                look = component_stats.look(nimbus, name, component, asked)
            if as_json:
                print_json(look.as_json(), in_a_line=watch is not None)
            else:
                look.print()

        repeatedly(show, watch, in_place=not as_json)
