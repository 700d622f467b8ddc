"""``pykafka storm worker-uptime``: the workers and for how long they have run."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..output import print_json, print_table
from .places import Place, place_options
from .words import duration

__all__ = ["worker_uptime"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs; times in seconds.")
@place_options
def worker_uptime(place: Place, as_json: bool) -> None:
    """Show the workers of all topologies, the youngest first: one that is much younger than its
    topology was started again. A worker that has not told of itself yet is "starting"."""
    with place.nimbus() as nimbus:
        workers = sorted(nimbus.workers(), key=lambda each: (each.uptime, each.host, each.port))
        leader = nimbus.leader
    if as_json:
        print_json([asdict(worker) for worker in workers])
    elif workers:
        print_table(
            ["Host", "Port", "Topology", "Uptime", "Executors", "Tasks"],
            [
                (
                    each.host,
                    each.port,
                    each.topology,
                    duration(each.uptime) if each.uptime else "starting",
                    each.executors,
                    ", ".join(f"{name} {count}" for name, count in sorted(each.tasks.items())),
                )
                for each in workers
            ],
        )
    else:
        print(f"No workers at Nimbus {leader}.")
