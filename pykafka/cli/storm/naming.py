"""Which topology a command is about."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .places import Place

__all__ = ["topology_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def topology_options(function: _Function) -> _Function:
    """``TOPOLOGY``, ``-n`` and ``-N``: the command gets the topology's name after the place."""

    @functools.wraps(function)
    def command(
        place: Place,
        *arguments: Any,
        topology: str | None,
        name: str | None,
        override_name: str | None,
        **options: Any,
    ) -> Any:
        if topology and name and topology != name:
            raise click.UsageError(f"two topologies are named: {topology} and -n {name}")
        chosen = override_name or topology or name or place.project.topology_name()
        return function(place, chosen, *arguments, **options)

    for option in (
        click.option(
            "-N",
            "--override-name",
            metavar="NAME",
            help="Its name in the cluster, if it was submitted under another one.",
        ),
        click.option("-n", "--name", metavar="NAME", help="The same as TOPOLOGY."),
        click.argument("topology", required=False),
    ):
        option(command)
    return command  # type: ignore[return-value]  # it takes what the options bring as well
