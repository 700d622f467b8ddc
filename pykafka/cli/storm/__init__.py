"""``pykafka storm``: what is needed to have Python run on Apache Storm."""

from __future__ import annotations

import click

from ..lazy import LazyGroup

__all__ = ["storm"]

#: Command -> what it is for. streamparse's names, where it has them.
COMMANDS = {
    "quickstart": "Make a project that runs as it is.",
    "run": "Run a topology on this machine, on a real Storm or in one process.",
    "submit": "Submit a topology to a cluster.",
    "list": "List the topologies of a cluster.",
    "kill": "End a topology.",
    "activate": "Have a topology's spouts emit again.",
    "deactivate": "Have a topology's spouts emit nothing.",
    "rebalance": "Spread a topology anew over workers.",
    "stats": "Show what a cluster, a topology or a component has done.",
    "tail": "Show the end of a topology's logs.",
    "remove-logs": "Remove a topology's logs.",
    "slot-usage": "Show which topologies use the slots of each supervisor.",
    "worker-uptime": "Show the workers and for how long they have run.",
    "visualize": "Draw a topology.",
    "jar": "Make the jar of a topology.",
    "update-virtualenv": "Make or update the virtual environments on the workers.",
    "help": "Show the help of a command.",
}


@click.group(cls=LazyGroup, package=__package__, summaries=COMMANDS)
def storm() -> None:
    """Python on Apache Storm: make, run, submit and watch topologies.

    Most commands belong to a project: a folder with config.json, topologies/ and src/, as
    "quickstart" makes it.
    """
