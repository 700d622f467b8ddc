"""``pykafka storm submit``: a topology, with all that it needs, into a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..output import print_json
from .places import Place, place_options
from .progress import HostsProgress, UploadProgress, say
from .topology_options import (
    hosts_options,
    jars_option,
    name_option,
    requirements_option,
    storm_options,
    verbose_option,
)

__all__ = ["submit"]


@click.command()
@place_options
@name_option
@click.option("-N", "--override-name", metavar="NAME", help="Its name on the cluster.")
@storm_options
@jars_option
@requirements_option
@click.option("-f", "--force", is_flag=True, help="Kill one of that name first.")
@click.option(
    "--wait",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Seconds that the one which is killed gets to finish its tuples.",
)
@click.option("-i", "--inactive", is_flag=True, help="Do not let its spouts emit yet.")
@click.option(
    "-j",
    "--local-jar-path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A jar made by "pykafka storm jar", instead of making one.',
)
@hosts_options
@click.option(
    "--started-within",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait for all of its tasks to have started, and tell why one has not. 0: do not wait.",
)
@verbose_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def submit(
    place: Place,
    name: str | None,
    override_name: str | None,
    options: dict[str, Any],
    requirements: tuple[Path, ...],
    jars: tuple[Path, ...],
    force: bool,
    wait: int,
    inactive: bool,
    local_jar_path: Path | None,
    overwrite_virtualenv: bool,
    pool_size: int,
    started_within: float,
    verbose: bool,
    as_json: bool,
) -> None:
    """Submit a topology of this project to the cluster of an environment.

    What its components import goes along as the environment's "deployment" says: packed in the
    jar (the default), in virtual environments made on the workers over ssh, or it is there
    already. Hooks pre_submit and post_submit of tasks.py or fabfile.py are called.
    """
    from ...storm import submitting
    from ...storm.building import Wish
    from ...storm.deployment.preparing import OnHosts
    from ...storm.nimbus.starting import await_started

    wish = Wish(
        name,
        override_name,
        options,
        requirements,
        jars,
        OnHosts(overwrite=overwrite_virtualenv, parallel=pool_size),
    )
    how = submitting.Submit(not inactive, force, wait, local_jar_path)
    project, environment = place.project, place.environment
    with place.nimbus() as nimbus:
        state = submitting.submit(
            project,
            environment,
            nimbus,
            wish,
            how,
            tell=say,
            progress=HostsProgress(verbose),
            uploading=UploadProgress(),
        )
        if started_within and not inactive:
            await_started(nimbus, state.name, started_within, say)
    if as_json:
        print_json({"name": state.name, "id": state.id, "status": state.status})
