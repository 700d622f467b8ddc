"""``pykafka storm deactivate``: have a topology's spouts emit nothing."""

from __future__ import annotations

import click

from .naming import topology_options
from .places import Place, place_options
from .switching import switch

__all__ = ["deactivate"]


@click.command()
@place_options
@topology_options
def deactivate(place: Place, name: str) -> None:
    """Have the spouts of TOPOLOGY (by default the project's only one) emit nothing; what they have
    emitted is worked off. Its workers stay."""
    from ...storm.nimbus import submission

    switch(place, name, submission.deactivate, "INACTIVE")
