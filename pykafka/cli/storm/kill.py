"""``pykafka storm kill``: end a topology."""

from __future__ import annotations

import click

from .naming import topology_options
from .places import Place, place_options

__all__ = ["kill"]

#: Seconds beyond the wait that Nimbus is given: it looks every ten seconds
#: (``nimbus.monitor.freq.secs``).
_GRACE = 60.0


@click.command()
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="For what is on its way to be worked off, before its workers end.",
)
@place_options
@topology_options
def kill(place: Place, name: str, wait: int) -> None:
    """End TOPOLOGY (by default the project's only one): its spouts emit no more, and after the
    wait its workers end. Returns when it is gone."""
    from ...storm.nimbus.submission import await_gone
    from ...storm.nimbus.submission import kill as kill_topology

    with place.nimbus() as nimbus:
        kill_topology(nimbus, name, wait)
        click.echo(f"{name} ends in {wait} s.")
        await_gone(nimbus, name, wait + _GRACE)
        click.echo(f"{name} is gone.")
