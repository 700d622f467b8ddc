"""Options of commands that are about a topology of a project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["build_options", "name_option", "storm_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def name_option(function: _Function) -> _Function:
    """``-n``: the topology."""
    return click.option(
        "-n",
        "--name",
        metavar="TOPOLOGY",
        help="File of topologies/, without its ending; the only one.",
    )(function)


def storm_options(function: _Function) -> _Function:
    """``-o``, ``-w`` (or ``-p``), ``-a`` and ``-d``: the command gets what they come to as
    ``options``."""

    @click.option(
        "-o",
        "--option",
        "given",
        metavar="KEY=VALUE",
        multiple=True,
        help="An option of Storm's, over all others; the value is YAML. May be repeated.",
    )
    @click.option("-w", "-p", "--workers", type=click.IntRange(min=1), help="How many workers.")
    @click.option("-a", "--ackers", type=click.IntRange(min=0), help="How many ackers.")
    @click.option("-d", "--debug", is_flag=True, help="Have Storm and components tell everything.")
    def command(
        *arguments: Any,
        given: tuple[str, ...],
        workers: int | None,
        ackers: int | None,
        debug: bool,
        **others: Any,
    ) -> Any:
        from ...storm.project.options import cli_options

        options = cli_options(given, workers=workers, ackers=ackers, debug=debug)
        return function(*arguments, options=options, **others)

    return _like(command, function)


def build_options(function: _Function) -> _Function:
    """``-r`` and ``--jar``: what goes into the topology's jar."""
    for option in (
        click.option(
            "--with-jar",
            "jars",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            multiple=True,
            help="A jar with Java components, whose content is added. May be repeated.",
        ),
        click.option(
            "-r",
            "--requirements",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            multiple=True,
            help="Requirements, in the place of virtualenvs/TOPOLOGY.txt. May be repeated.",
        ),
    ):
        function = option(function)
    return function


def _like(command: Callable[..., Any], function: _Function) -> _Function:
    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    # What stood below the decorator, click keeps on the function.
    parameters = getattr(function, "__click_params__", [])
    command.__click_params__ = [*parameters, *command.__click_params__]  # type: ignore[attr-defined]
    return command  # type: ignore[return-value]
