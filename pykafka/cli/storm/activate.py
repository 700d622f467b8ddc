"""``pykafka storm activate``: have a topology's spouts emit again."""

from __future__ import annotations

import click

from .naming import topology_options
from .places import Place, place_options
from .switching import switch

__all__ = ["activate"]


@click.command()
@place_options
@topology_options
def activate(place: Place, name: str) -> None:
    """Have the spouts of TOPOLOGY (by default the project's only one) emit: after "deactivate",
    or if it was submitted inactive."""
    from ...storm.nimbus import submission

    switch(place, name, submission.activate, "ACTIVE")
