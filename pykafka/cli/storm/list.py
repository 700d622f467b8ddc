"""``pykafka storm list``: the topologies of a cluster."""

from __future__ import annotations

import click

from ..output import print_json
from .places import Place, place_options
from .topology_tables import listed, print_topologies, topology_as_json

__all__ = ["list"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs; times in seconds.")
@place_options
def list(place: Place, as_json: bool) -> None:
    """List the topologies of a cluster: whether they are active, for how long they have been
    there, what they consist of, and how many errors Storm keeps of them (the last ten of each
    component; "stats" shows them)."""
    with place.nimbus() as nimbus:
        topologies = listed(nimbus, nimbus.cluster().topologies)
        if as_json:
            print_json([topology_as_json(topology) for topology in topologies])
        elif topologies:
            print_topologies(topologies)
        else:
            print(f"No topologies at Nimbus {nimbus.leader}.")
