"""``pykafka storm quickstart``: a project that runs as it is."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["quickstart"]


@click.command()
@click.argument("name", type=click.Path(path_type=Path))
def quickstart(name: Path) -> None:
    """Make a project in the folder NAME: a topology that counts words, its components, tests."""
    from ...storm.project.template import make_project

    for path in make_project(name):
        click.echo(f"{click.style('create', fg='green')}  {name / path}")
    click.echo(f"\nRun it on this machine with:\n\n    cd {name}\n    pykafka storm run -t 60")
