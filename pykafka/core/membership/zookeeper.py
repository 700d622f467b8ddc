"""Groups in ZooKeeper: where what stands, what members say, and who gets which partitions.

Two layouts. That of Java's high-level consumer (``kafka.consumer`` of Kafka 0.8.2, read with
``javap`` and observed), and that of pykafka 2.8 (observed), which on Python 3 writes the
``repr`` of the topic's name into its paths.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..partition_keys import PartitionKey

__all__ = [
    "GroupPaths",
    "Layout",
    "Registered",
    "decided_by",
    "is_group_name",
    "java_registration",
    "layout_of",
    "owned_ids",
    "read_registered",
    "thread_of",
]

#: In the ids of this package's members where others are pykafka 2.8's, who do not read ids.
MARK = "pykafka3"
_INTERNAL_TOPICS = ("__consumer_offsets",)


class Layout(enum.Enum):
    """How members of a group understand each other."""

    JAVA = "java"
    PYKAFKA2 = "pykafka2"
    PYKAFKA2_PY2 = "pykafka2-py2"


def is_group_name(name: str) -> bool:
    """Whether ZooKeeper can have a group of that name."""
    return bool(name) and "/" not in name and name not in (".", "..") and name.isprintable()


class GroupPaths(NamedTuple):
    """Where the state of a group stands."""

    group: str

    @property
    def ids(self) -> str:
        """Below it one node for each member."""
        return f"/consumers/{self.group}/ids"

    @property
    def offsets(self) -> str:
        """Below it the topics with offsets in ZooKeeper."""
        return f"/consumers/{self.group}/offsets"

    @property
    def all_owners(self) -> str:
        """Below it the topics with owners, by the names that layouts give them."""
        return f"/consumers/{self.group}/owners"

    def id(self, member: str) -> str:
        """Of a member."""
        return f"{self.ids}/{member}"

    def owners(self, topic: str, layout: Layout) -> str:
        """Below it one node for each partition that has an owner."""
        name = repr(topic.encode()) if layout is Layout.PYKAFKA2 else topic
        return f"{self.all_owners}/{name}"

    def owner(self, key: PartitionKey, layout: Layout, leader: int) -> str:
        """Of a partition.

        :param leader: the id of the broker that leads it, which pykafka 2.8 puts into the name.
        """
        topic, id_ = key
        name = str(id_) if layout is Layout.JAVA else f"{leader}-{id_}"
        return f"{self.owners(topic, layout)}/{name}"

    def offset(self, key: PartitionKey) -> str:
        """Of what the group has committed to ZooKeeper."""
        return f"{self.offsets}/{key[0]}/{key[1]}"


class Registered(NamedTuple):
    """A member, as ZooKeeper shows it.

    :ivar java: whether it speaks the layout of the high-level consumer, else that of pykafka 2.8.
    :ivar streams: topic -> how many threads share what it gets of it.
    :ivar pattern: of the topics that it reads, with the number of its threads in ``streams`` under
        the pattern's text; ``None`` if it names them.
    :ivar black_list: whether it reads what does not match.
    """

    id: str
    java: bool
    streams: Mapping[str, int]
    pattern: re.Pattern[str] | None = None
    black_list: bool = False

    @property
    def is_pykafka2(self) -> bool:
        """Whether it is a member of pykafka 2.8 itself, not one of ours that speaks as they do."""
        return not self.java and MARK not in self.id

    def threads(self, topic: str) -> list[str]:
        """The threads that share what it gets of a topic; none if it does not read that."""
        if self.pattern is None:
            count = self.streams.get(topic, 0)
        elif topic in _INTERNAL_TOPICS:
            count = 0
        else:
            matches = self.pattern.fullmatch(topic) is not None
            count = next(iter(self.streams.values()), 0) if matches != self.black_list else 0
        return [thread_of(self.id, number) for number in range(count)]

    def reads(self, topic: str) -> bool:
        """Whether it reads a topic."""
        return bool(self.threads(topic))


def thread_of(member: str, number: int = 0) -> str:
    """What the high-level consumer calls a thread of a member; ours have one."""
    return f"{member}-{number}"


def read_registered(id_: str, data: bytes) -> Registered:
    """A member from its node; whatever is no JSON of Java's is the name of a topic (2.8)."""
    try:
        said = json.loads(data)
        streams = {str(name): int(count) for name, count in said["subscription"].items()}
        kind = said.get("pattern", "static")
    except (ValueError, TypeError, KeyError, AttributeError):
        return Registered(id_, False, {data.decode("utf-8", "replace"): 1})
    if kind == "static":
        return Registered(id_, True, streams)
    return Registered(id_, True, streams, _pattern(next(iter(streams), "")), kind == "black_list")


def _pattern(text: str) -> re.Pattern[str]:
    """Java's filter of topics, in which a comma separates alternatives."""
    text = text.strip().replace(",", "|").replace(" ", "").strip("\"'")
    try:
        return re.compile(text)
    except re.error:
        # One that Python does not understand. Its owner claims what it gets all the same.
        return re.compile("(?!)")


def java_registration(topics: Iterable[str], now_ms: int) -> bytes:
    """What a member of ours says to Java's: one thread for each topic, by name."""
    said = {
        "version": 1,
        "subscription": dict.fromkeys(sorted(topics), 1),
        "pattern": "static",
        "timestamp": str(now_ms),
    }
    return json.dumps(said).encode()


def layout_of(members: Iterable[Registered], owner_names: Mapping[str, Collection[str]]) -> Layout:
    """The layout of a group, by who is in it.

    Members of pykafka 2.8 understand no other than theirs; all others follow them.

    :param owner_names: topic -> names of the nodes below its owners, where Java and Python 2
        put them.
    """
    if not any(member.is_pykafka2 for member in members):
        return Layout.JAVA
    if any("-" in name for names in owner_names.values() for name in names):
        return Layout.PYKAFKA2_PY2
    return Layout.PYKAFKA2


def owned_ids(names: Iterable[str], layout: Layout) -> set[int]:
    """Partitions that have owners, from the names of nodes where a layout has them."""
    found: set[int] = set()
    for name in names:
        _, dash, id_ = name.rpartition("-")
        # Java and Python 2 use the same folder: only the names tell whose they are.
        if id_.isdigit() and bool(dash) == (layout is not Layout.JAVA):
            found.add(int(id_))
    return found


#: decide_partitions(participants, {id: partition}, member) -> the member's partitions
Decide = Callable[[Iterable[bytes], Mapping[int, Any], bytes], Iterable[Any]]


def decided_by(
    decide: Decide,
    members: Sequence[Registered],
    mine: Mapping[str, str],
    partitions: Mapping[str, Mapping[int, Any]],
) -> set[PartitionKey]:
    """A member's partitions by one of 2.x's membership protocols, topic by topic.

    :param mine: topic -> what this member is called among those who read it.
    :param partitions: topic -> id -> the user's object, which the protocol may look at.
    """
    found: set[PartitionKey] = set()
    for topic, me in mine.items():
        participants = sorted(
            name.encode()
            for member in members
            for name in (member.threads(topic) if member.java else [member.id])
            if member.reads(topic)
        )
        if me.encode() in participants and partitions[topic]:
            share = decide(participants, partitions[topic], me.encode())
            found.update((topic, partition.id) for partition in share)
    return found
