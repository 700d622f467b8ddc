"""Options of commands that are about a topology of a project."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "hosts_options",
    "jars_option",
    "name_option",
    "requirements_option",
    "storm_options",
    "verbose_option",
]

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
    @functools.wraps(function)
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

    return command  # type: ignore[return-value]  # it takes what the options bring as well


def jars_option(function: _Function) -> _Function:
    """``--with-jar``: the command gets ``jars``."""
    return click.option(
        "--with-jar",
        "jars",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        help="A jar with Java components, whose content is added. May be repeated.",
    )(function)


def requirements_option(function: _Function) -> _Function:
    """``-r``."""
    return click.option(
        "-r",
        "--requirements",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        help="Requirements, in the place of virtualenvs/TOPOLOGY.txt. May be repeated.",
    )(function)


def hosts_options(function: _Function) -> _Function:
    """``--overwrite-virtualenv`` and ``--pool-size``: how environments are made over ssh."""
    for option in (
        click.option(
            "--pool-size",
            type=click.IntRange(min=1),
            default=10,
            show_default=True,
            help="On how many workers to make virtual environments at a time.",
        ),
        click.option("--overwrite-virtualenv", is_flag=True, help="Make those on workers anew."),
    ):
        function = option(function)
    return function


def verbose_option(function: _Function) -> _Function:
    """``--verbose``."""
    return click.option(
        "--verbose", is_flag=True, help="Show all that is said while packages are installed."
    )(function)
