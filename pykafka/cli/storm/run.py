"""``pykafka storm run``: a topology on this machine."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .places import Place, project_options
from .progress import say
from .topology_options import jars_option, name_option, storm_options

if TYPE_CHECKING:
    from ...storm.in_process import LogLine
    from ...storm.local.worker_logs import Line

__all__ = ["run"]

_COLOURS = {"WARN": "yellow", "ERROR": "red", "FATAL": "red"}
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")


@click.command()
@project_options
@name_option
@storm_options
@click.option(
    "-t",
    "--time",
    "seconds",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="For how long; 0: until Ctrl-C.  [default: 0]",
)
@click.option("--in-process", is_flag=True, help="Without Storm and Java, in this process.")
@jars_option
@click.pass_context
def run(
    context: click.Context,
    place: Place,
    name: str | None,
    options: dict[str, Any],
    seconds: float,
    in_process: bool,
    jars: tuple[Path, ...],
) -> None:
    """Run a topology of this project on a real Storm, which is started for it on this machine.

    What its components log and print is shown. Everything ends after the time that is given, or
    with Ctrl-C. The first run downloads Storm from Maven Central; Java is the machine's (17 or
    newer), or comes with the "embedded" extra. Components run by this Python.
    """
    project = place.project
    name = project.topology_name(name)
    environment = place.environment if place.environment_name or _needs_one(project) else None
    known = {**environment.options, **options} if environment else options
    topology = project.load_topology(name, known)
    topology.check(environment.name if environment else None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if in_process:
            _run_in_process(topology, environment, options, seconds)
        else:
            _run_on_storm(project, name, topology, environment, options, seconds, jars)
    except KeyboardInterrupt:
        if seconds:
            raise
    say(f"{name} has ended, and nothing of it is left")
    context.exit(0)


def _needs_one(project: Any) -> bool:
    """Whether there is just one environment, whose options then count."""
    return len(project.environments) == 1


def _run_on_storm(
    project: Any,
    name: str,
    topology: Any,
    environment: Any,
    options: dict[str, Any],
    seconds: float,
    jars: tuple[Path, ...],
) -> None:
    from ...storm.local import LocalRun, run_on_storm
    from ...storm.project.options import merged_options

    conf = merged_options(
        # One worker and one acker, whatever a cluster gets: this is one machine.
        cli={"topology.workers": 1, "topology.acker.executors": 1, **options},
        topology=topology.config,
        environment=environment.options if environment else {},
        defaults={},
    )
    run_on_storm(
        LocalRun(
            topology,
            name,
            project.source if project.source.is_dir() else None,
            environment.name if environment else None,
            conf,
            seconds or None,
            int(conf["topology.workers"]),
            jars,
            project.topology_resources(name),
        ),
        tell=say,
        show=_show,
        downloads=say,
    )


def _run_in_process(
    topology: Any, environment: Any, options: dict[str, Any], seconds: float
) -> None:
    from ...storm.in_process import run_in_process

    logging.getLogger("pykafka.storm.component").propagate = False
    say("running in this process" + (f" for {seconds:g} s" if seconds else "; Ctrl-C ends it"))
    engine = run_in_process(
        topology,
        environment=environment.name if environment else None,
        config=options,
        time_limit=seconds or None,
        real_time=True,
        keep=0,
        on_log=_show_in_process,
    )
    engine.close()


def _show(line: Line) -> None:
    _print(line.time, line.level, line.component, line.text)


def _show_in_process(line: LogLine) -> None:
    import time

    _print(time.strftime("%H:%M:%S"), _LEVELS[line.level], line.component, line.message)


def _print(time: str, level: str, component: str, text: str) -> None:
    head = f"{time} {component} {level}" if level != "INFO" else f"{time} {component}"
    click.echo(f"{click.style(head, fg=_COLOURS.get(level, 'cyan'))} {text}")
    sys.stdout.flush()
