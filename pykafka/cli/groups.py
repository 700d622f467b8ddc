"""``pykafka groups``: what groups there are, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..exceptions import GroupIdNotFound
from .output import print_json, print_table
from .session import Session, connection_options

if TYPE_CHECKING:
    from ..client import KafkaClient
    from ..core.groups import Group, Member

__all__ = ["groups"]


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@connection_options()
@click.pass_obj
def groups(session: Session, name: str | None, as_json: bool) -> None:
    """List the groups that Kafka coordinates, or the members of the group NAME.

    Needs Kafka 0.9 or newer. Groups that ZooKeeper coordinates are not among them.
    """
    with session.connect() as client:
        found = (
            [_existing(client, name)] if name else list(client.cluster.managed_groups().values())
        )
    if as_json:
        print_json(_as_json(found[0]) if name else [_as_json(group) for group in found])
    elif name:
        _print_members(found[0])
    else:
        print_table(
            ["Group", "Type", "State", "Protocol", "Coordinator", "Members"],
            [
                (
                    group.id,
                    group.type,
                    group.state,
                    group.protocol,
                    group.coordinator,
                    len(group.members),
                )
                for group in found
            ],
        )


def _existing(client: KafkaClient, name: str) -> Group:
    """One group.

    :raises GroupIdNotFound: there is none of that name.
    """
    from ..core.groups import DEAD

    group = client.cluster.managed_groups([name])[name]
    if group.state == DEAD:
        raise GroupIdNotFound(f"there is no group {name!r} in this cluster")
    return group


def _print_members(group: Group) -> None:
    print_table(
        ["Member", "Client", "Host", "Partitions"],
        [
            (member.id, member.client_id, _host(member), _partitions(member))
            for member in group.members
        ],
    )
    protocol = f", protocol {group.protocol}" if group.protocol else ""
    print(
        f"Group {group.id} ({group.type}) is {group.state}: {len(group.members)} members{protocol},"
        f" coordinator broker {group.coordinator}."
    )


def _host(member: Member) -> str:
    # Brokers print a Java address that has no name.
    return member.host.removeprefix("/")


def _partitions(member: Member) -> str:
    return " ".join(
        f"{topic}:{','.join(map(str, ids))}" for topic, ids in member.assignment.partitions
    )


def _as_json(group: Group) -> dict[str, Any]:
    return {
        "name": group.id,
        "type": group.type,
        "state": group.state,
        "protocol_type": group.protocol_type,
        "protocol": group.protocol,
        "coordinator": group.coordinator,
        "members": [
            {
                "id": member.id,
                "instance_id": member.instance_id,
                "client_id": member.client_id,
                "host": _host(member),
                "topics": member.subscription.topics,
                "partitions": dict(member.assignment.partitions),
            }
            for member in group.members
        ],
    }
