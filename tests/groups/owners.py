"""Who owns which partition and what is committed, asked where the group has it written down."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import NamedTuple

from groups.events import Place
from groups.judge import Sample
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

from pykafka import KafkaClient
from pykafka.exceptions import KafkaException

__all__ = [
    "CommitSampler",
    "Ownership",
    "ZookeeperGroup",
    "broker_commits",
    "broker_ownership",
    "expire_session",
]

_CONNECT_WITHIN = 20.0


class Ownership(NamedTuple):
    """Who is in a group, and who owns what.

    :ivar stable: whether the group says that it is settled; a ZooKeeper group cannot.
    """

    members: frozenset[str]
    owners: Mapping[Place, tuple[str, ...]]
    stable: bool


class ZookeeperGroup:
    """The nodes of a group in ZooKeeper; a context manager.

    It reads the layout of Java's consumer and that of pykafka 2.8 on Python 3, where a topic's
    node is named ``b'topic'``: what is owned in both is owned twice.
    """

    def __init__(self, address: str, group: str) -> None:
        self._root = f"/consumers/{group}"
        self._zookeeper = KazooClient(hosts=address)
        self._zookeeper.start(timeout=_CONNECT_WITHIN)

    def ownership(self) -> Ownership:
        """Members as their ids, owners as the ids of members."""
        members = frozenset(self._children("ids"))
        owners: dict[Place, tuple[str, ...]] = {}
        for place, content in self._partitions("owners"):
            owners[place] = (*owners.get(place, ()), _member_of(content.decode(), members))
        return Ownership(members, owners, stable=True)

    def topics_with_owners(self) -> set[str]:
        """The names of the nodes, of topics, below which partitions have owners."""
        return {node for node in self._children("owners") if self._children(f"owners/{node}")}

    def committed(self) -> dict[Place, int]:
        """The offsets that are kept in ZooKeeper: the next to be read."""
        return {place: int(content) for place, content in self._partitions("offsets")}

    def _partitions(self, what: str) -> Iterator[tuple[Place, bytes]]:
        for node in self._children(what):
            topic = node.removeprefix("b'").removesuffix("'")
            for leaf in self._children(f"{what}/{node}"):
                # 2.8 writes the id of the leading broker before that of the partition.
                with contextlib.suppress(NoNodeError):
                    content, _ = self._zookeeper.get(f"{self._root}/{what}/{node}/{leaf}")
                    yield (topic, int(leaf.rpartition("-")[2])), content

    def _children(self, path: str) -> list[str]:
        try:
            return sorted(self._zookeeper.get_children(f"{self._root}/{path}"))
        except NoNodeError:
            return []

    def __enter__(self) -> ZookeeperGroup:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zookeeper.stop()
        self._zookeeper.close()


def _member_of(owner: str, members: Iterable[str]) -> str:
    """Owners are threads: the member's id, a hyphen, a number."""
    prefix = owner.rpartition("-")[0]
    return prefix if prefix in members else owner


def broker_ownership(client: KafkaClient, group: str) -> Ownership:
    """Members as the coordinator calls them."""
    described = client.cluster.managed_groups([group])[group]
    owners: dict[Place, tuple[str, ...]] = {}
    for member in described.members:
        for topic, partitions in member.assignment.partitions:
            for partition in partitions:
                place = topic, partition
                owners[place] = (*owners.get(place, ()), member.id)
    members = frozenset(member.id for member in described.members)
    return Ownership(members, owners, stable=described.state == "Stable")


def broker_commits(client: KafkaClient, group: str, topic: str) -> dict[Place, int]:
    """The offsets that are kept in Kafka: the next to be read."""
    consumer = client.topics[topic].get_simple_consumer(
        group, auto_start=False, reset_offset_on_fetch=False
    )
    with consumer:
        found = consumer.fetch_offsets()
    return {(topic, id_): answer.offset for id_, answer in found if answer.offset >= 0}


class CommitSampler:
    """Looks at the committed offsets again and again, in a thread; a context manager.

    :param look: gets them; what it raises of Kafka's or ZooKeeper's is a look that failed.
    """

    def __init__(self, look: Callable[[], Mapping[Place, int]], every_s: float = 0.25) -> None:
        self.samples: list[Sample] = []
        self.failed = 0
        self._look = look
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commit sampler", daemon=True)

    def __enter__(self) -> CommitSampler:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(60.0)

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                offsets = self._look()
            except (KafkaException, KazooException, KazooTimeoutError):
                self.failed += 1
                continue
            # Afterwards: by then at least, that much was committed.
            self.samples.append(Sample(time.monotonic(), offsets))


def expire_session(address: str, session: int, password: bytes) -> None:
    """End somebody's session as if its time were up: who opens it a second time and closes it
    has the server forget it."""
    other = KazooClient(hosts=address, client_id=(session, password))
    try:
        other.start(timeout=_CONNECT_WITHIN)
    finally:
        other.stop()
        other.close()
