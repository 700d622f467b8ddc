"""The frame of ``pykafka``: its global options, and commands that are imported when called."""

from __future__ import annotations

import logging

import click

from .lazy import LazyGroup
from .session import connection_options

__all__ = ["app", "run"]

#: Command -> what it is for.
COMMANDS = {
    "up": "Run a real Kafka on this machine until Ctrl-C.",
    "topics": "List the topics; describe, create or delete one.",
    "produce": "Send lines to a topic.",
    "consume": "Print the messages of a topic.",
    "offsets": "Show where a topic begins and ends and where a group is; move the group.",
    "groups": "List the groups, or the members and partitions of one.",
    "lag": "Show how far a group is behind.",
    "move-offsets": "Copy a group's offsets from ZooKeeper to Kafka, or back.",
    "storm": "Python on Apache Storm: make, run, submit and watch topologies.",
    "doctor": "Show what pykafka finds here: codecs, Java, brokers.",
}


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from .. import __version__

        click.echo(f"pykafka {__version__}")
        context.exit()


@click.group(
    cls=LazyGroup,
    package=__package__,
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
