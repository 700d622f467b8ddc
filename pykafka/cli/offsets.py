"""``pykafka offsets``: where a topic begins and ends, and where a group is in it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from . import group_offsets
from .catalog import existing_topic
from .confirming import confirm
from .output import print_json, print_table
from .parameters import Place, to_place
from .places import ends, find_offsets, starts
from .session import Session, connection_options

if TYPE_CHECKING:
    from ..topic import Topic

__all__ = ["offsets"]


class _Row(NamedTuple):
    """A partition; without a group its last two are ``None``."""

    partition: int
    earliest: int
    latest: int
    committed: int | None
    lag: int | None


@click.command()
@click.argument("topic")
@click.option("-g", "--group", help="Also what this group has committed, and its lag.")
@click.option(
    "--reset",
    callback=to_place,
    metavar="PLACE",
    help="Move the group: earliest, latest, an offset, or a UTC time such as 2026-01-31T12:00:00."
    " It must have no running member, or that one goes on from where it is.",
)
@click.option("-y", "--yes", is_flag=True, help="Move it without asking.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@connection_options()
@click.pass_obj
def offsets(
    session: Session,
    topic: str,
    group: str | None,
    reset: Place | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Show the offsets of TOPIC's partitions: the first, the next, and a group's."""
    if reset is not None and group is None:
        raise click.UsageError("--reset moves a group: say which with --group.")
    with session.connect() as client:
        found = existing_topic(client, topic)
        if reset is not None and group is not None:
            _move(found, group, reset, yes)
        rows = _look(found, group)
    if as_json:
        print_json(_as_json(topic, group, rows))
    else:
        _print(group, rows)


def _look(topic: Topic, group: str | None) -> list[_Row]:
    first, last = starts(topic), ends(topic)
    if group is None:
        return [_Row(id_, first[id_], last[id_], None, None) for id_ in first]
    stored = group_offsets.committed(topic, group)
    return [
        _Row(
            id_,
            first[id_],
            last[id_],
            None if stored[id_] == group_offsets.NOTHING_COMMITTED else stored[id_],
            group_offsets.lag(last[id_], first[id_], stored[id_]),
        )
        for id_ in first
    ]


def _move(topic: Topic, group: str, place: Place, sure: bool) -> None:
    """Commit a place for a group, if the person at the terminal agrees.

    :raises click.ClickException: no one did.
    """
    targets = find_offsets(topic, place)
    if not sure:
        before = group_offsets.committed(topic, group)
        for id_, offset in targets.items():
            old = "nothing" if before[id_] == group_offsets.NOTHING_COMMITTED else before[id_]
            sys.stderr.write(f"partition {id_}: {old} -> {offset}\n")
        confirm(f"Move group {group}?")
    group_offsets.commit(topic, group, targets)


def _print(group: str | None, rows: list[_Row]) -> None:
    if group is None:
        print_table(["Partition", "Earliest", "Latest"], [row[:3] for row in rows])
        return
    print_table(
        ["Partition", "Earliest", "Latest", "Committed", "Lag"],
        [["none" if cell is None else cell for cell in row] for row in rows],
    )
    print(f"Group {group} is {sum(row.lag or 0 for row in rows):,} messages behind.")


def _as_json(topic: str, group: str | None, rows: list[_Row]) -> dict[str, Any]:
    partitions = [row._asdict() for row in rows]
    if group is None:
        for row in partitions:
            del row["committed"], row["lag"]
        return {"topic": topic, "partitions": partitions}
    return {
        "topic": topic,
        "group": group,
        "lag": sum(row.lag or 0 for row in rows),
        "partitions": partitions,
    }
