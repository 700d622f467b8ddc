"""``pykafka lag``: how far a group is behind."""

from __future__ import annotations

from typing import Any

import click

from .group_state import GroupState, look_at
from .output import print_json
from .session import Session, connection_options
from .standings import lag_in_words, print_standings, standing_as_json
from .watching import WatchCommand, repeatedly, watch_option

__all__ = ["lag"]


@click.command(cls=WatchCommand)
@click.argument("group")
@click.option(
    "-t",
    "--topic",
    "topics",
    multiple=True,
    help="Only this one; repeatable.  [default: all that the group reads or has offsets for]",
)
@watch_option
@click.option("--json", "as_json", is_flag=True, help="For programs; one line each with --watch.")
@connection_options()
@click.pass_obj
def lag(
    session: Session, group: str, topics: tuple[str, ...], watch: float | None, as_json: bool
) -> None:
    """Show how far GROUP is behind: for each partition what it has committed, how much it has yet
    to read, and which member owns it.

    Give --zookeeper for groups that ZooKeeper coordinates, or that keep offsets there; where both
    Kafka and ZooKeeper have an offset, the higher one counts.
    """
    with session.connect() as client:

        def show() -> None:
            state = look_at(client, session, group, topics)
            if as_json:
                print_json(_as_json(state), in_a_line=watch is not None)
            else:
                _print(state)

        repeatedly(show, watch, in_place=not as_json)


def _print(state: GroupState) -> None:
    if state.standings:
        print_standings(state)
    print(lag_in_words(state))


def _as_json(state: GroupState) -> dict[str, Any]:
    return {
        "group": state.name,
        "lag": state.lag,
        "partitions": [standing_as_json(row) for row in state.standings],
    }
