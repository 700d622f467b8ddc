"""``pykafka storm help``: as ``--help`` behind the command."""

from __future__ import annotations

import click

__all__ = ["help"]


@click.command()
@click.argument("command", required=False)
@click.pass_context
def help(context: click.Context, command: str | None) -> None:
    """Show the help of COMMAND, or of all."""
    group = context.parent
    assert group is not None
    assert isinstance(group.command, click.Group)
    if command is None:
        click.echo(group.get_help())
        return
    _, found, _ = group.command.resolve_command(group, [command])
    assert found is not None
    with click.Context(found, info_name=command, parent=group) as own:
        click.echo(found.get_help(own))
