"""``pykafka topics``: what topics there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from .catalog import TopicRow, describe, list_topics
from .output import print_json, print_table
from .session import Session, connection_options

__all__ = ["topics"]


@click.command()
@click.argument("name", required=False)
@click.option("--internal", is_flag=True, help="Also those whose name starts with two underscores.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@connection_options()
@click.pass_obj
def topics(session: Session, name: str | None, internal: bool, as_json: bool) -> None:
    """List the topics, or describe the topic NAME."""
    with session.connect() as client:
        found = [describe(client, name)] if name else list_topics(client, internal=internal)
    if as_json:
        print_json(_as_json(found[0]) if name else [_as_json(row) for row in found])
    elif name:
        _print_partitions(found[0])
    else:
        print_table(
            ["Topic", "Partitions", "Replicas", "Leaders"], [_summary(row) for row in found]
        )


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
