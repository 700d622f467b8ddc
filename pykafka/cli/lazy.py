"""A group of commands that are imported when called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from .ending import exit_status

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """Knows names and purposes of its commands without importing them.

    :param package: each command lives in the module of its name in there, which only it imports.
    :param summaries: command -> what it is for.
    """

    def __init__(
        self, *arguments: Any, package: str, summaries: Mapping[str, str], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._package = package
        self._summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order in which they are shown."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in self._summaries:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f".{name}", self._package)
        command: click.Command = getattr(module, name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; if there is none of that name, an error that
        lists those there are (click's own names one that is near)."""
        if args and args[0] not in self._summaries and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}; there is {', '.join(self._summaries)}.")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Run the command; returns the exit status. Here and not around ``main()``, which has an
        ending of its own for some of the errors."""
        return exit_status(lambda: super(LazyGroup, self).invoke(ctx) or 0, "Error: ")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))
