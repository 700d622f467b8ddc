"""``pykafka topics``: what topics there are, one more, or one less."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .catalog import TopicRow, describe, list_topics
from .confirming import confirm
from .output import print_json, print_table
from .parameters import to_settings
from .session import Session, connection_options

if TYPE_CHECKING:
    from ..client import KafkaClient

__all__ = ["topics"]


@click.command()
@click.argument("name", required=False)
@click.option("--internal", is_flag=True, help="Also those whose name starts with two underscores.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--create", is_flag=True, help="Create NAME first (Kafka 0.10.1 and newer).")
@click.option(
    "-p",
    "--partitions",
    type=click.IntRange(min=1),
    help="With --create: how many.  [default: 1]",
)
@click.option(
    "-r",
    "--replicas",
    type=click.IntRange(min=1),
    help="With --create: copies of each partition.  [default: 1]",
)
@click.option(
    "--config",
    metavar="KEY=VALUE",
    multiple=True,
    callback=to_settings,
    help="With --create: a setting of the topic; repeatable.",
)
@click.option("--delete", is_flag=True, help="Delete NAME and all its messages.")
@click.option("-y", "--yes", is_flag=True, help="Delete it without asking.")
@connection_options()
@click.pass_obj
def topics(session: Session, /, name: str | None, **options: Any) -> None:
    """List the topics, or describe, create or delete the topic NAME."""
    wish = _Wish(**options)
    wish.check(name)
    with session.connect() as client:
        if name is not None and wish.delete:
            _delete(client, name, wish.yes)
            return
        if name is not None and wish.create:
            client.create_topic(name, wish.partitions or 1, wish.replicas or 1, wish.config)
        found = [describe(client, name)] if name else list_topics(client, internal=wish.internal)
    if wish.as_json:
        print_json(_as_json(found[0]) if name else [_as_json(row) for row in found])
    elif name:
        _print_partitions(found[0])
    else:
        print_table(
            ["Topic", "Partitions", "Replicas", "Leaders"], [_summary(row) for row in found]
        )


class _Wish(NamedTuple):
    """The command's options."""

    internal: bool
    as_json: bool
    create: bool
    partitions: int | None
    replicas: int | None
    config: dict[str, str]
    delete: bool
    yes: bool

    def check(self, name: str | None) -> None:
        """:raises click.UsageError: they do not go together."""
        if (self.create or self.delete) and name is None:
            raise click.UsageError("--create and --delete need the topic's NAME.")
        if self.create and self.delete:
            raise click.UsageError("--create and --delete exclude each other.")
        if not self.create and (self.partitions or self.replicas or self.config):
            raise click.UsageError("--partitions, --replicas and --config go with --create.")
        if self.yes and not self.delete:
            raise click.UsageError("--yes goes with --delete.")


def _delete(client: KafkaClient, name: str, sure: bool) -> None:
    partitions = len(describe(client, name).partitions)
    if not sure:
        confirm(f"Delete topic {name} with {partitions} partitions and all messages?")
    client.delete_topic(name)


def _summary(topic: TopicRow) -> tuple[str, int, int, str]:
    if topic.leaderless:
        leaders = "none for " + _numbers(topic.leaderless)
    else:
        leaders = _numbers(
            sorted({part.leader for part in topic.partitions if part.leader is not None})
        )
    return topic.name, len(topic.partitions), topic.replicas, leaders


def _print_partitions(topic: TopicRow) -> None:
    print_table(
        ["Partition", "Leader", "Replicas", "In sync"],
        [
            (
                part.id,
                "none" if part.leader is None else part.leader,
                _numbers(part.replicas),
                _numbers(part.isr),
            )
            for part in topic.partitions
        ],
    )


def _numbers(values: Iterable[int]) -> str:
    return ", ".join(map(str, values))


def _as_json(topic: TopicRow) -> dict[str, Any]:
    return {"name": topic.name, "partitions": [part._asdict() for part in topic.partitions]}
