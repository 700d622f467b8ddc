"""The frame of ``pykafka``: its global options, and commands that are imported when called."""

from __future__ import annotations

import importlib
import logging

import click

from .ending import exit_status
from .session import connection_options

__all__ = ["app", "run"]

#: Command -> what it is for. Each lives in the module of its name, which only it imports.
COMMANDS = {
    "up": "Run a real Kafka on this machine until Ctrl-C.",
    "topics": "List the topics; describe, create or delete one.",
    "produce": "Send lines to a topic.",
    "consume": "Print the messages of a topic.",
    "offsets": "Show where a topic begins and ends and where a group is; move the group.",
    "groups": "List the groups, or the members and partitions of one.",
    "lag": "Show how far a group is behind.",
    "move-offsets": "Copy a group's offsets from ZooKeeper to Kafka, or back.",
    "doctor": "Show what pykafka finds here: codecs, Java, brokers.",
}


class _Lazy(click.Group):
    """Knows names and purposes of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f".{name}", __package__)
        command: click.Command = getattr(module, name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # click's own message for an unknown command names one that is near, no list.
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}; there is {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        # Here and not around main(), which has an ending of its own for some of these.
        return exit_status(lambda: super(_Lazy, self).invoke(ctx) or 0, "Error: ")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from .. import __version__

        click.echo(f"pykafka {__version__}")
        context.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@connection_options(environment=True)
@click.option("-v", "--verbose", count=True, help="Tell what the client does; twice for more.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show it."
)
def app(verbose: int) -> None:
    """A Kafka client for the terminal, for every broker from Kafka 0.8.2 on."""
    levels = [logging.ERROR, logging.INFO, logging.DEBUG]
    logging.basicConfig(
        level=levels[min(verbose, 2)], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def run() -> int:
    """Run the program's arguments; returns the exit status."""
    try:
        status: int = app.main(prog_name="pykafka", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return status
