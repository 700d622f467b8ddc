"""``pykafka storm jar``: what submit would upload, as a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from .places import Place, project_options
from .progress import HostsProgress, say
from .topology_options import jars_option, name_option, requirements_option, verbose_option

__all__ = ["jar"]


@click.command()
@project_options
@name_option
@jars_option
@requirements_option
@click.option(
    "-O",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file.  [default: _build/TOPOLOGY.jar]",
)
@verbose_option
def jar(
    place: Place,
    name: str | None,
    requirements: tuple[Path, ...],
    jars: tuple[Path, ...],
    output: Path | None,
    verbose: bool,
) -> None:
    """Make the jar of a topology, and print where it is.

    It holds src/, and with the deployment "packed" the wheels of all that is required.
    """
    from ...storm.building import Wish, build, load_checked

    project, environment = place.project, place.environment
    wish = Wish(name, requirements=requirements, jars=jars)
    load_checked(project, environment, wish)
    path = output or project.root / "_build" / f"{project.topology_name(name)}.jar"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pykafka-storm-") as folder:
        built = build(
            project, environment, wish, Path(folder), jar=path, progress=HostsProgress(verbose)
        )
    for duplicate in built.duplicates:
        say(str(duplicate))
    click.echo(str(path))
