"""What the commands say of a group's progress, in tables and in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .group_state import GroupState, Standing
from .output import print_table

__all__ = ["NOTHING", "print_standings", "standing_as_json"]

#: What stands in a cell where there is nothing.
NOTHING = "-"


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
    cells = [*homes, "unknown" if row.end is None else row.end, row.lag, ", ".join(row.owners)]
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
