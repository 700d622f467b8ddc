"""Groups in ZooKeeper as somebody who is in none of them sees them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..partition_keys import PartitionKey
from .zookeeper import Registered

__all__ = ["ZooKeeperGroup", "ZooKeeperMember", "group_from_nodes"]

#: What members of Python call themselves (host:uuid, host:pykafka3-uuid-number), and those of
#: Java, after the name of the group (host-milliseconds-hex). Java's may be told another name.
_PYTHON_ID = re.compile(r"(?P<host>.+):(pykafka3-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}.*")
_JAVA_ID = re.compile(r"(?P<host>.+)-[0-9]{13}-[0-9a-f]{1,8}")
#: How pykafka 2.8 on Python 3 writes a topic's name.
_REPR = re.compile(r"b'(?P<topic>.*)'")


class ZooKeeperMember(NamedTuple):
    """A member of a group in ZooKeeper.

    Members that speak as pykafka 2.8 do have one registration, and so one of these, per topic.

    :ivar id: as it is registered.
    :ivar host: where it runs, ``None`` if its id does not tell.
    :ivar said: what it says of itself.
    """

    id: str
    host: str | None
    said: Registered

    @property
    def layout(self) -> str:
        """``java`` or ``pykafka2``: whose members understand it."""
        return "java" if self.said.java else "pykafka2"

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it names; none if it has a :attr:`pattern`."""
        return () if self.said.pattern is not None else tuple(sorted(self.said.streams))

    @property
    def pattern(self) -> str | None:
        """The topics that it reads or, after an exclamation mark, does not read."""
        if self.said.pattern is None:
            return None
        return ("!" if self.said.black_list else "") + next(iter(self.said.streams), "")

    def reads(self, topic: str) -> bool:
        """Whether it wants a topic, by name or pattern."""
        return self.said.reads(topic)

    def is_called(self, owner: str) -> bool:
        """Whether this is what the owner of a partition is called: the member, or its thread."""
        if self.said.java:
            owner, _, number = owner.rpartition("-")
            return owner == self.id and number.isdigit()
        return owner == self.id


class ZooKeeperGroup(NamedTuple):
    """A group in ZooKeeper.

    :ivar topics: what it has, or had, owners or offsets for; nobody tidies up there.
    :ivar owners: partition -> what its owners are called; more than one if members of several
        layouts have claimed it.
    :ivar offsets: partition -> the next offset to read, where it is kept in ZooKeeper.
    :ivar unreadable: partition -> what stands there and is no offset.
    """

    id: str
    members: tuple[ZooKeeperMember, ...]
    topics: tuple[str, ...]
    owners: Mapping[PartitionKey, tuple[str, ...]]
    offsets: Mapping[PartitionKey, int]
    unreadable: Mapping[PartitionKey, str]

    @property
    def layouts(self) -> tuple[str, ...]:
        """The layouts of its members, which are one unless a group just changes it."""
        return tuple(sorted({member.layout for member in self.members}))

    def owned_by(self, member: ZooKeeperMember) -> dict[str, list[int]]:
        """What a member has: topic -> ids of partitions."""
        found = defaultdict(list)
        for (topic, id_), names in sorted(self.owners.items()):
            if any(map(member.is_called, names)):
                found[topic].append(id_)
        return dict(found)


def group_from_nodes(
    group: str,
    members: Iterable[Registered],
    owners: Mapping[str, Mapping[str, bytes]],
    offsets: Mapping[str, Mapping[str, bytes]],
) -> ZooKeeperGroup:
    """A group from its nodes; those that nobody of the known layouts has made are passed over.

    :param owners: name of a topic's node -> name of a partition's -> what is in that.
    :param offsets: the same.
    """
    owned: dict[PartitionKey, list[str]] = defaultdict(list)
    topics = set(offsets)
    for folder, nodes in sorted(owners.items()):
        written = _REPR.fullmatch(folder)
        topic = written["topic"] if written else folder
        topics.add(topic)
        for name, owner in sorted(nodes.items()):
            # Java: the partition; pykafka 2.8: its leader, a dash, the partition.
            id_ = name.rpartition("-")[2]
            if _is_number(id_):
                owned[topic, int(id_)].append(owner.decode("utf-8", "replace"))
    numbers: dict[PartitionKey, int] = {}
    unreadable: dict[PartitionKey, str] = {}
    for topic, nodes in sorted(offsets.items()):
        for name, data in sorted(nodes.items()):
            if not _is_number(name):
                continue
            text = data.decode("utf-8", "replace")
            if _is_number(text.strip()):
                numbers[topic, int(name)] = int(text)
            else:
                unreadable[topic, int(name)] = text
    return ZooKeeperGroup(
        group,
        tuple(ZooKeeperMember(said.id, _host(group, said), said) for said in members),
        tuple(sorted(topics)),
        {key: tuple(names) for key, names in sorted(owned.items())},
        dict(sorted(numbers.items())),
        dict(sorted(unreadable.items())),
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _host(group: str, member: Registered) -> str | None:
    found = _JAVA_ID.fullmatch(member.id.removeprefix(f"{group}_")) if member.java else None
    found = found or _PYTHON_ID.fullmatch(member.id)
    return found["host"] if found else None
