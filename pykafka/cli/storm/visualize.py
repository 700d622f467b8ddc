"""``pykafka storm visualize``: a picture of a topology."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from .places import Place, project_options
from .topology_options import name_option

__all__ = ["visualize"]

_Format = Literal["svg", "png", "dot"]
_FORMATS: tuple[_Format, ...] = ("svg", "png", "dot")


@click.command()
@project_options
@name_option
@click.option(
    "-f",
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    help="Format; without it, that of the file's ending.  [default: svg]",
)
@click.option(
    "-O",
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file.  [default: TOPOLOGY.FORMAT]",
)
def visualize(
    place: Place, name: str | None, kind: _Format | None, output_file: Path | None
) -> None:
    """Draw a topology: components with their parallelism, streams with their groupings."""
    from ...storm.drawing import draw

    project = place.project
    ending = output_file.suffix.lstrip(".").lower() if output_file else ""
    named: _Format = next((each for each in _FORMATS if each == ending), "svg")
    chosen = kind or named
    path = output_file or Path(f"{project.topology_name(name)}.{chosen}")
    path.write_bytes(draw(project.load_topology(name), chosen))
    click.echo(str(path))
