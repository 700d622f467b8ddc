"""``pykafka up``: a real Kafka on this machine, for as long as the command runs."""

from __future__ import annotations

import sys

import click

from ..embedded.foreground import run_foreground, run_zookeeper_foreground
from ..exceptions import KafkaException
from .parameters import to_settings

__all__ = ["up"]


@click.command()
@click.option(
    "--kafka",
    "release",
    metavar="RELEASE",
    default="0.8.2.2",
    show_default=True,
    help="Any release from 0.8.2 on, or a part of its version: 0.10.2, 3.9, 4.",
)
@click.option(
    "--brokers", type=click.IntRange(min=1), default=1, show_default=True, help="How many."
)
@click.option("--zookeeper-only", is_flag=True, help="A ZooKeeper without any Kafka.")
@click.option(
    "--config",
    metavar="KEY=VALUE",
    multiple=True,
    callback=to_settings,
    help="A broker property over the defaults; may be given several times.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False),
    help="Folder for logs and data, which stays; otherwise a temporary one.",
)
@click.option("--keep-data", is_flag=True, help="Keep the temporary folder.")
def up(
    release: str,
    brokers: int,
    zookeeper_only: bool,
    config: dict[str, str],
    data_dir: str | None,
    keep_data: bool,
) -> None:
    """Run a real Kafka on this machine until Ctrl-C.

    Brings ZooKeeper where the release needs it. Jars come from Maven Central on first use and
    from the cache after that; Java is the machine's (17 or newer) or comes with the "embedded"
    extra. Everything listens on 127.0.0.1 only.
    """
    out = sys.stdout
    try:
        if zookeeper_only:
            run_zookeeper_foreground(data_dir=data_dir, keep_data=keep_data, out=out)
        else:
            run_foreground(
                release, brokers, config=config, data_dir=data_dir, keep_data=keep_data, out=out
            )
    except KafkaException as error:
        raise click.ClickException(str(error)) from error
