"""What the commands say of a group's progress, in tables and in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .group_state import GroupState, Standing
from .output import print_table

__all__ = ["NOTHING", "counted", "lag_in_words", "print_standings", "standing_as_json"]

#: What stands in a cell where there is nothing.
NOTHING = "-"


def counted(count: int, what: str) -> str:
    """``1 member``, ``2 members``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def lag_in_words(state: GroupState) -> str:
    """How far a group is behind, or why nobody knows."""
    if not state.standings:
        older = "" if state.complete else "; brokers before 0.10.2 need to be told --topic"
        return f"No topic is known that group {state.name} reads or has offsets for{older}."
    unknown = sum(row.lag is None for row in state.standings)
    more = f", without {counted(unknown, 'partition')} whose end is not known" if unknown else ""
    return f"Group {state.name} is {counted(state.lag, 'message')} behind{more}."


def print_standings(state: GroupState) -> None:
    """A table with a line for each partition."""
    homes = ["Kafka", "ZooKeeper"] if state.asked_zookeeper else ["Committed"]
    print_table(
        ["Topic", "Partition", *homes, "End", "Lag", "Owner"],
        [_row(row, state.asked_zookeeper) for row in state.standings],
    )


def _row(row: Standing, both_homes: bool) -> Sequence[object]:
    zookeeper = row.zookeeper if row.unreadable is None else f"no offset: {row.unreadable!r}"
    homes = [row.kafka, zookeeper] if both_homes else [row.kafka]
    end = row.end if row.end is not None else "unknown" if row.exists else "deleted"
    cells = [*homes, end, row.lag, ", ".join(row.owners)]
    return [row.topic, row.partition, *(NOTHING if cell in (None, "") else cell for cell in cells)]


def standing_as_json(row: Standing) -> dict[str, Any]:
    """A partition."""
    return {
        "topic": row.topic,
        "partition": row.partition,
        "end": row.end,
        "committed": row.committed,
        "home": row.home,
        "kafka": row.kafka,
        "zookeeper": row.zookeeper,
        "zookeeper_unreadable": row.unreadable,
        "lag": row.lag,
        "owners": list(row.owners),
    }
