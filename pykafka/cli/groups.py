"""``pykafka groups``: what groups there are, who is in them, and who has what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..exceptions import UnsupportedVersion
from .group_state import GroupState, look_at
from .output import print_json, print_table
from .session import Session, connection_options
from .standings import NOTHING, counted, lag_in_words, print_standings, standing_as_json
from .watching import WatchCommand, repeatedly, watch_option

if TYPE_CHECKING:
    from ..client import KafkaClient
    from ..core.groups import Group
    from ..core.membership.zookeeper_view import ZooKeeperGroup

__all__ = ["groups"]

#: The type of groups that brokers know nothing of.
_ZOOKEEPER = "zookeeper"


class _Member(NamedTuple):
    """A member of a group of either kind; ``None`` is what its kind does not tell."""

    id: str
    instance_id: str | None
    client_id: str | None
    host: str | None
    topics: list[str]
    pattern: str | None
    partitions: dict[str, list[int]]


class _Description(NamedTuple):
    """A group of either kind."""

    name: str
    type: str
    state: str
    protocol_type: str | None
    protocol: str
    coordinator: Any
    members: list[_Member]


@click.command(cls=WatchCommand)
@click.argument("name", required=False)
@watch_option
@click.option("--json", "as_json", is_flag=True, help="For programs; one line each with --watch.")
@connection_options()
@click.pass_obj
def groups(session: Session, name: str | None, watch: float | None, as_json: bool) -> None:
    """List the groups; or show the group NAME: its members, who owns which partition, and how far
    they are.

    Brokers know of those that they coordinate, from Kafka 0.9 on. Those that ZooKeeper
    coordinates are among them if there is --zookeeper.
    """
    with session.connect() as client:

        def show() -> None:
            if name is not None:
                _show_one(look_at(client, session, name), as_json, watch is not None)
            else:
                _show_all(_everything(client, session), as_json, watch is not None)

        repeatedly(show, watch, in_place=not as_json)


def _everything(client: KafkaClient, session: Session) -> list[_Description]:
    """:raises UnsupportedVersion: brokers have no groups, and nobody else was asked."""
    found: list[_Description] = []
    client.cluster.core.refresh()  # brokers come and go while somebody watches
    try:
        found += map(_managed, client.cluster.managed_groups().values())
    except UnsupportedVersion as error:
        if not session.zookeeper:
            raise UnsupportedVersion(
                f"{error}; --zookeeper HOSTS shows groups that ZooKeeper coordinates"
            ) from error
    if session.zookeeper:
        found += map(_in_zookeeper, client.cluster.zookeeper_groups(session.zookeeper).values())
    return sorted(found, key=lambda group: (group.name, group.type))


def _managed(group: Group) -> _Description:
    return _Description(
        group.id,
        group.type,
        group.state,
        group.protocol_type,
        group.protocol,
        group.coordinator,
        [
            _Member(
                member.id,
                member.instance_id,
                member.client_id,
                # Brokers print a Java address that has no name.
                member.host.removeprefix("/"),
                list(member.subscription.topics),
                None,
                dict(member.assignment.partitions),
            )
            for member in group.members
        ],
    )


def _in_zookeeper(group: ZooKeeperGroup) -> _Description:
    return _Description(
        group.id,
        _ZOOKEEPER,
        "Active" if group.members else "Empty",
        None,
        " and ".join(group.layouts),
        None,
        [
            _Member(
                member.id,
                None,
                None,
                member.host,
                list(member.topics),
                member.pattern,
                group.owned_by(member),
            )
            for member in group.members
        ],
    )


# -- for people and for programs ----------------------------------------------------------


def _show_all(found: list[_Description], as_json: bool, in_a_line: bool) -> None:
    if as_json:
        print_json([_as_json(group) for group in found], in_a_line)
        return
    print_table(
        ["Group", "Type", "State", "Protocol", "Coordinator", "Members"],
        [
            (
                group.name,
                group.type,
                group.state,
                group.protocol or NOTHING,
                NOTHING if group.coordinator is None else group.coordinator,
                len(group.members),
            )
            for group in found
        ],
    )


def _show_one(state: GroupState, as_json: bool, in_a_line: bool) -> None:
    kinds = [_managed(state.managed)] if state.managed else []
    kinds += [_in_zookeeper(state.zookeeper)] if state.zookeeper else []
    if as_json:
        found = {
            "name": state.name,
            "groups": [_as_json(kind) for kind in kinds],
            "lag": state.lag,
            "partitions": [standing_as_json(row) for row in state.standings],
        }
        print_json(found, in_a_line)
        return
    members = [member for kind in kinds for member in kind.members]
    if members:
        print_table(
            ["Member", "Client", "Host", "Reads", "Partitions"],
            [
                (
                    member.id,
                    member.client_id or NOTHING,
                    member.host or NOTHING,
                    member.pattern or " ".join(member.topics) or NOTHING,
                    _partitions(member) or NOTHING,
                )
                for member in members
            ],
        )
        print()
    if state.standings:
        print_standings(state)
        print()
    for kind in kinds:
        print(_sentence(kind))
    if not kinds:
        print(f"Group {state.name} has no members, only committed offsets.")
    print(lag_in_words(state))


def _sentence(group: _Description) -> str:
    protocol = f", protocol {group.protocol}" if group.protocol else ""
    where = "ZooKeeper" if group.type == _ZOOKEEPER else f"broker {group.coordinator}"
    return (
        f"Group {group.name} ({group.type}) is {group.state}:"
        f" {counted(len(group.members), 'member')}{protocol}, coordinator {where}."
    )


def _partitions(member: _Member) -> str:
    return " ".join(
        f"{topic}:{','.join(map(str, ids))}" for topic, ids in member.partitions.items()
    )


def _as_json(group: _Description) -> dict[str, Any]:
    return {**group._asdict(), "members": [member._asdict() for member in group.members]}
