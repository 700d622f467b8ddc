"""What ``activate`` and ``deactivate`` have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ...storm.exceptions import NimbusError
from .places import Place

if TYPE_CHECKING:
    from ...storm.nimbus.client import Nimbus

__all__ = ["check_not_ending", "switch"]


def check_not_ending(nimbus: Nimbus, name: str) -> str:
    """The status of a topology.

    :raises NimbusError: it was killed: Storm would do nothing, and give no reason.
    """
    status = nimbus.topology(name).status
    if status == "KILLED":
        raise NimbusError(f"topology {name!r} was killed and is about to end")
    return status


def switch(place: Place, name: str, call: Callable[[Nimbus, str], None], meant: str) -> None:
    """Bring a topology into a state, unless it is in it, and say what it was and is."""
    with place.nimbus() as nimbus:
        before = check_not_ending(nimbus, name)
        if before == meant:
            click.echo(f"{name} is {meant} already.")
            return
        call(nimbus, name)
        click.echo(f"{name} was {before}, and is {nimbus.topology(name).status} now.")
