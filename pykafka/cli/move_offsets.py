"""``pykafka move-offsets``: a group's offsets, from one home to the other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from ..core.procedures.group_offsets import commit_offsets
from .confirming import confirm
from .group_state import GroupState, Standing, look_at, patience_of
from .session import Session, connection_options
from .standings import counted

if TYPE_CHECKING:
    from ..client import KafkaClient
    from ..core.partition_keys import PartitionKey

__all__ = ["move_offsets"]

_KAFKA, _ZOOKEEPER = "kafka", "zookeeper"
_SHOWN = {_KAFKA: "Kafka", _ZOOKEEPER: "ZooKeeper"}
#: How many members are named where a group is not to be moved.
_NAMED = 3


class _Plan(NamedTuple):
    """What is to be written, and a line about each partition that has an offset."""

    offsets: dict[PartitionKey, int]
    lines: list[str]
    left_alone: int


@click.command("move-offsets")
@click.argument("group")
@click.option(
    "--from", "source", type=click.Choice([_ZOOKEEPER, _KAFKA]), help="Where they are now."
)
@click.option("--to", "target", type=click.Choice([_KAFKA, _ZOOKEEPER]), help="Where to put them.")
@click.option(
    "-t",
    "--topic",
    "topics",
    multiple=True,
    help="Only this one; repeatable.  [default: all that the group has offsets for]",
)
@click.option(
    "--force",
    is_flag=True,
    help="Even while members run that ZooKeeper coordinates, and even if the group goes back.",
)
@click.option("-y", "--yes", is_flag=True, help="Without asking.")
@connection_options()
@click.pass_obj
def move_offsets(
    session: Session,
    group: str,
    source: str | None,
    target: str | None,
    topics: tuple[str, ...],
    force: bool,
    yes: bool,
) -> None:
    """Copy the offsets of GROUP from ZooKeeper to Kafka, or from Kafka to ZooKeeper.

    Stop the group's members first. What it has committed in the new home is replaced where that
    brings it forward; what stands in the old home stays there. Needs --zookeeper.
    """
    source, target = _homes(source, target)
    if not session.zookeeper:
        raise click.UsageError("move-offsets needs to know where ZooKeeper is: --zookeeper HOSTS.")
    with session.connect() as client:
        state = look_at(client, session, group, topics)
        _check_nobody_is_there(state, target, force)
        plan = _planned(state, source, force)
        for line in plan.lines:
            sys.stderr.write(f"{line}\n")
        if plan.offsets:
            if not yes:
                confirm(f"Write {counted(len(plan.offsets), 'partition')} to {_SHOWN[target]}?")
            _write(client, session, group, plan.offsets, target)
    more = f"; {plan.left_alone} left alone" if plan.left_alone else ""
    print(
        f"Copied the offsets of {counted(len(plan.offsets), 'partition')} of group {group} from"
        f" {_SHOWN[source]} to {_SHOWN[target]}{more}."
    )


def _homes(source: str | None, target: str | None) -> tuple[str, str]:
    """Of two homes, one says what the other is."""
    other = {_KAFKA: _ZOOKEEPER, _ZOOKEEPER: _KAFKA}
    if source is None and target is None:
        raise click.UsageError("Say where the offsets are: --from zookeeper, or --from kafka.")
    source = source or other[target or _KAFKA]
    if target == source:
        raise click.UsageError(f"--from and --to are both {source}.")
    return source, other[source]


def _check_nobody_is_there(state: GroupState, target: str, force: bool) -> None:
    """:raises click.ClickException: the group has members, who are not told of what is done."""
    managed = [member.id for member in state.managed.members] if state.managed else []
    members = managed + (
        [member.id for member in state.zookeeper.members] if state.zookeeper else []
    )
    named = ", ".join(members[:_NAMED]) + (", ..." if len(members) > _NAMED else "")
    there = f"group {state.name} has {counted(len(members), 'live member')} ({named})"
    if managed and target == _KAFKA:
        raise click.ClickException(
            f"{there}: stop them first, brokers take its offsets from nobody else meanwhile"
        )
    if members and not force:
        raise click.ClickException(
            f"{there}, which would go on from where they are and commit over this: stop them"
            " first, or use --force"
        )


def _planned(state: GroupState, source: str, force: bool) -> _Plan:
    """:raises click.ClickException: there is nothing that could be moved."""
    offsets: dict[PartitionKey, int] = {}
    lines, left_alone = [], 0
    for row in state.standings:
        new, old = _both(row, source)
        name = f"{row.topic}/{row.partition}"
        if source == _ZOOKEEPER and row.unreadable is not None:
            lines.append(f"{name}: left alone, ZooKeeper holds {row.unreadable!r}, no offset")
            left_alone += 1
        elif new is None:
            continue
        elif not row.exists:
            lines.append(f"{name}: left alone, it does not exist any more")
            left_alone += 1
        elif isinstance(old, int) and old > new and not force:
            lines.append(f"{name}: left alone, {old} -> {new} would go back (--force does it)")
            left_alone += 1
        elif old == new:
            lines.append(f"{name}: is at {new} already")
        else:
            lines.append(f"{name}: {'nothing' if old is None else old} -> {new}")
            offsets[row.topic, row.partition] = new
    if not lines:
        older = "; brokers before 0.10.2 need to be told --topic" if not state.complete else ""
        raise click.ClickException(
            f"group {state.name} has no offsets in {_SHOWN[source]}, nothing to copy{older}"
        )
    return _Plan(offsets, lines, left_alone)


def _both(row: Standing, source: str) -> tuple[int | None, int | str | None]:
    """The offset in the old home, and what is in the new one."""
    if source == _ZOOKEEPER:
        return row.zookeeper, row.kafka
    return row.kafka, row.zookeeper if row.unreadable is None else repr(row.unreadable)


def _write(
    client: KafkaClient,
    session: Session,
    group: str,
    offsets: dict[PartitionKey, int],
    target: str,
) -> None:
    """:raises RemoteError: not all are written."""
    core = client.cluster.core
    if target == _KAFKA:
        patience = patience_of(client)
        bound_s = 2 * (patience.retries + 1) * (patience.timeout_s + 1)
        core.run(commit_offsets(core, group, offsets, "", patience), bound_s)
        return
    from ..runtime.consumer.zookeeper_store import ZooKeeperOffsetStore
    from ..runtime.membership.zookeeper_view import open_session

    assert session.zookeeper is not None
    with open_session(session.zookeeper, session.timeout) as zookeeper:
        store = ZooKeeperOffsetStore(lambda: zookeeper, group)
        core.run(store.commit(offsets), store.timeout_s)
