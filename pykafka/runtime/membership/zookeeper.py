"""Groups that their members coordinate among themselves, through ZooKeeper."""

from __future__ import annotations

import json
import logging
import socket
import time
import uuid
from collections.abc import Callable, Collection
from typing import Any

from ...core.assignors.high_level import share_range, share_round_robin
from ...core.membership import Owner
from ...core.membership.topics import WantedTopics
from ...core.membership.zookeeper import (
    MARK,
    Decide,
    GroupPaths,
    Layout,
    Registered,
    decided_by,
    java_registration,
    layout_of,
    owned_ids,
    read_registered,
    thread_of,
)
from ...core.partition_keys import PartitionKey, named
from ...exceptions import (
    PartitionOwnedError,
    RemoteError,
    UnknownTopicOrPartition,
    ZookeeperConnectionError,
)
from ...net.zookeeper.session import ZooKeeperSession
from ..client import ClientCore

__all__ = ["Sharing", "ZooKeeperCoordination"]

log = logging.getLogger("pykafka.balancedconsumer")

#: Changes come in bursts, when several members start or stop: a round waits for the rest.
_SETTLE_S = 0.1
#: Nothing rests on one watch alone: everything is read again this often.
_LOOK_S = 30.0
#: How many times within its session a member asks whether that is still there.
_BEATS = 3

_TOPICS, _BROKERS = "/brokers/topics", "/brokers/ids"


class Sharing:
    """How members share partitions: as Java's do, by name, or by a function of 2.x's.

    :param name: ``"range"`` and ``"roundrobin"`` are Java's, in its layout.
    :param decide: does it in all other cases.
    """

    def __init__(self, name: str, decide: Decide) -> None:
        self.name = name
        self.decide = decide


class ZooKeeperCoordination:
    """A member's part in a group; see :class:`.member.Coordination`.

    :param make_session: connects with ZooKeeper anew at each start.
    :param layout: one that is forced, or ``None`` to follow the members that are there.
    :param partition_of: the user's object of a partition, with its leader.
    :param renamed: is told what this member is called now.
    """

    generation = -1

    def __init__(
        self,
        client: ClientCore,
        group: str,
        wanted: WantedTopics,
        sharing: Sharing,
        make_session: Callable[[], ZooKeeperSession],
        layout: str | None,
        partition_of: Callable[[PartitionKey], Any],
        renamed: Callable[[str], None],
    ) -> None:
        self.group = group
        self.member_id = ""
        self.lease_until = 0.0
        self.first_s = 60.0
        self.session: ZooKeeperSession | None = None
        self._client = client
        self._paths = GroupPaths(group)
        self._wanted = wanted
        self._sharing = sharing
        self._make_session = make_session
        self._forced = None if layout is None else Layout(layout)
        self._partition_of = partition_of
        self._renamed = renamed
        self._reset()

    def _reset(self) -> None:
        self._layout: Layout | None = None
        #: Topic -> what this member is called among those who read it; empty if it is not there.
        self._names: dict[str, str] = {}
        self._registered = False
        #: The topics that were there when partitions were shared last.
        self._existing: set[str] = set()
        #: The partitions with the paths of their owner's nodes.
        self._owned: dict[PartitionKey, str] = {}
        self._taken_over = False
        #: What could have been claimed, were it not owned by members of another layout.
        self._taken: set[PartitionKey] = set()
        #: Whether the session has ended since the last turn; set on kazoo's thread.
        self._lost = False
        self._settling = False
        self._beating: Any = None

    @property
    def _zookeeper(self) -> ZooKeeperSession:
        assert self.session is not None
        return self.session

    # -- life -------------------------------------------------------------------------

    def begin(self, owner: Owner, news: Callable[[], None]) -> None:
        self._reset()
        self._owner = owner
        self._news = news
        self.session = self._make_session()
        self._extend(time.monotonic())
        self.session.start(self._session_lost, news)
        self._client.loop.call_soon(self._beat)

    def interrupt(self) -> None:
        """All that :meth:`turn` waits for has the bound of the session."""

    def retire(self) -> None:
        self._owner.lost(self._owned)
        if self.session is None:
            return  # it could not even be made
        try:
            self._unregister()
        except RemoteError as error:
            log.warning("leaving group %r: %s", self.group, error)
        self.lease_until = 0.0

    def end(self) -> None:
        self._client.loop.call_soon(self._end_beats)
        if self.session is None:
            return
        try:
            # If the session is the user's it goes on; and the others need not wait for its end.
            self._unregister()
        except RemoteError as error:
            log.warning("leaving group %r: %s; the others wait for its session", self.group, error)
        self.lease_until = 0.0
        self.session.close()
        self.session = None

    def check_commit(self) -> None:
        if time.monotonic() >= self.lease_until:
            raise ZookeeperConnectionError(
                f"ZooKeeper has not been heard for as long as the session of member"
                f" {self.member_id} of group {self.group!r}: others may have its partitions, and"
                " it commits nothing"
            )

    # -- the lease --------------------------------------------------------------------

    def _beat(self) -> None:
        """Ask on the I/O loop, so that no callback of the user's is waited for."""
        session = self.session
        if session is None:
            return
        self._beating = self._client.loop.call_later(session.timeout_s / _BEATS, self._beat)
        sent = time.monotonic()

        def heard(there: bool) -> None:
            if self._lost:
                return
            expired = time.monotonic() >= self.lease_until
            self._extend(sent)
            if expired:
                self._owner.ready()
            if not there:
                self._news()  # somebody has deleted it

        name = next(iter(self._names.values()), "")
        session.beat(self._paths.id(name) if name else "/", heard)

    def _extend(self, sent: float) -> None:
        # What is heard now was sent then, and the session lasts so long from then at least.
        self.lease_until = max(self.lease_until, sent + self._zookeeper.timeout_s)

    def _end_beats(self) -> None:
        if self._beating is not None:
            self._beating.cancel()

    def _session_lost(self) -> None:
        self._lost = True
        self.lease_until = 0.0  # at once: whoever consumes does not wait for the thread
        self._news()

    # -- turns ------------------------------------------------------------------------

    def turn(self) -> float:
        if self._lost:
            self._take_loss()
        if self._layout is None:
            self._zookeeper.ensure(self._paths.ids)
        topics = self._topics()
        members = self._members()
        # Somebody may have deleted it.
        self._registered = self._registered and self._ids() <= {member.id for member in members}
        layout = self._forced or self._found_layout(members, topics)
        if layout is not self._layout or topics != sorted(self._names) or not self._registered:
            self._change(layout, topics)
            members = self._members()
        # Those who speak another layout do not know of this one's members either.
        speaking = [member for member in members if member.java == (layout is Layout.JAVA)]
        ideal = self._share(speaking, topics)
        blocked = self._exchange(ideal)
        if blocked:
            self._wait_for(blocked)
        return _LOOK_S

    def _take_loss(self) -> None:
        log.warning(
            "member %s of group %r: its session with ZooKeeper has ended; registering anew",
            self.member_id,
            self.group,
        )
        self._owner.lost(self._owned)
        self._owned = {}
        self._names = {}
        self._registered = self._taken_over = self._lost = False
        self._extend(time.monotonic())

    def _changed(self, _: Any = None) -> None:
        """Something that was watched is different; on kazoo's thread."""
        self._client.loop.call_soon(self._settle)

    def _settle(self) -> None:
        if not self._settling:
            self._settling = True
            self._client.loop.call_later(_SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._settling = False
        self._news()

    # -- who is there -----------------------------------------------------------------

    def _topics(self) -> list[str]:
        """The wanted topics that exist, where that can change."""
        if self._wanted.pattern is None:
            return self._wanted.among(())
        existing = self._zookeeper.children(_TOPICS, self._changed)
        if existing is None:  # a cluster without ZooKeeper
            existing = list(self._client.refresh().topics)
        return self._wanted.among(existing)

    def _members(self) -> list[Registered]:
        ids = self._zookeeper.children(self._paths.ids, self._changed) or []
        found = self._zookeeper.read(map(self._paths.id, ids), self._changed)
        return [
            read_registered(id_, found[self._paths.id(id_)].data)
            for id_ in ids
            if self._paths.id(id_) in found
        ]

    def _found_layout(self, members: list[Registered], topics: list[str]) -> Layout:
        if not any(member.is_pykafka2 for member in members):
            return Layout.JAVA
        names = {
            topic: self._zookeeper.children(self._paths.owners(topic, Layout.JAVA)) or []
            for topic in topics
        }
        return layout_of(members, names)

    def _ids(self) -> set[str]:
        """The names of the nodes with which this member is registered."""
        return set(self._names.values()) or {self.member_id}

    def _change(self, layout: Layout, topics: list[str]) -> None:
        """Be there under other names, or for other topics."""
        if self._layout is not None and self._layout is not layout:
            log.warning(
                "group %r has members that need the layout %s in ZooKeeper: changing from %s, all"
                " partitions are released and claimed anew",
                self.group,
                layout.value,
                self._layout.value,
            )
        if layout is self._layout and layout is Layout.JAVA:
            # One node tells all topics; nobody watches what is in it but members like this one.
            if self._registered:
                self._zookeeper.delete([self._paths.id(self.member_id)])
            self._names = dict.fromkeys(topics, self.member_id)
        else:
            self._release_all()
            self._unregister()
            self._layout = layout
            self._name(topics)
        self._register()

    def _name(self, topics: list[str]) -> None:
        # New ones each time: who compares only the names of members sees that they changed.
        host = socket.gethostname()
        if self._layout is Layout.JAVA:
            now_ms = round(time.time() * 1000)
            self.member_id = f"{self.group}_{host}-{now_ms}-{uuid.uuid4().hex[:8]}"
            self._names = dict.fromkeys(topics, self.member_id)
        else:
            # The node of a member names one topic.
            self.member_id = f"{host}:{MARK}-{uuid.uuid4()}"
            self._names = {topic: f"{self.member_id}-{n}" for n, topic in enumerate(topics)}
        self._renamed(self.member_id)

    def _register(self) -> None:
        if self._layout is Layout.JAVA:
            said = java_registration(self._names, round(time.time() * 1000))
            nodes = {self._paths.id(self.member_id): said}
        else:
            nodes = {self._paths.id(name): topic.encode() for topic, name in self._names.items()}
        made = self._zookeeper.create(nodes)
        if len(made) < len(nodes):
            raise ZookeeperConnectionError(
                f"member {self.member_id} of group {self.group!r} is still there from an earlier"
                " session"
            )
        self._registered = True
        log.info("member %s of group %r: registered", self.member_id, self.group)

    def _unregister(self) -> None:
        owned, self._owned = self._owned, {}
        ids, self._names = self._ids(), {}
        self._zookeeper.delete(owned.values())
        if self._registered:
            self._registered = self._taken_over = False
            self._zookeeper.delete(map(self._paths.id, ids))

    # -- who gets what ----------------------------------------------------------------

    def _share(self, members: list[Registered], topics: list[str]) -> set[PartitionKey]:
        partitions = self._partitions(topics)
        layout = self._layout
        if layout is not Layout.JAVA or self._sharing.name not in ("range", "roundrobin"):
            objects = {
                topic: {id_: self._partition_of((topic, id_)) for id_ in ids}
                for topic, ids in partitions.items()
            }
            mine = dict(self._names)
            if layout is Layout.JAVA:
                mine = {topic: thread_of(name) for topic, name in mine.items()}
            return decided_by(self._sharing.decide, members, mine, objects)
        me = thread_of(self.member_id)
        threads = {
            topic: [thread for member in members for thread in member.threads(topic)]
            for topic in topics
        }
        if self._sharing.name == "range":
            return {
                (topic, id_)
                for topic in topics
                for id_ in share_range(threads[topic], partitions[topic]).get(me, ())
            }
        everybody = threads[topics[0]] if topics else []
        return set(share_round_robin(everybody, partitions).get(me, ()))

    def _partitions(self, topics: Collection[str]) -> dict[str, list[int]]:
        """As ZooKeeper has them, so that all members see the same; watched."""
        self._zookeeper.children(_BROKERS, self._brokers_changed)
        paths = {topic: f"{_TOPICS}/{topic}" for topic in topics}
        there = self._zookeeper.watch(paths.values(), self._changed)
        nodes = self._zookeeper.read(there)
        snapshot = self._client.snapshot
        found = {}
        for topic, path in paths.items():
            if path in nodes:
                found[topic] = sorted(map(int, json.loads(nodes[path].data)["partitions"]))
            elif topic in snapshot.topics and not nodes:
                # A cluster without ZooKeeper.
                found[topic] = sorted(snapshot.topics[topic].partitions)
            else:
                found[topic] = []
        self._existing = {topic for topic, ids in found.items() if ids}
        if self._wanted.pattern is None and self._owned and not any(found.values()):
            raise UnknownTopicOrPartition(
                f"group {self.group!r} reads {self._wanted}, which does not exist any more"
            )
        return found

    def _brokers_changed(self, _: Any) -> None:
        """The partitions may have other leaders, on which a layout may depend."""
        if self._layout is not Layout.JAVA:
            self._changed()

    # -- giving and taking ------------------------------------------------------------

    def _exchange(self, ideal: set[PartitionKey]) -> set[PartitionKey]:
        """Give up what others are to have, claim what is this member's; what it did not get."""
        going = self._owned.keys() - ideal
        deleted = {topic for topic, _ in going} - self._existing
        if deleted:
            # Metadata has to know it: for what nobody is to have nothing is committed.
            self._client.refresh(sorted(deleted))
        if going:
            self._owner.will_revoke(going)
            self._zookeeper.delete([self._owned.pop(key) for key in going])
        claimed = self._claim(ideal)
        gone = self._owned.keys() - claimed
        if gone:
            # Somebody has deleted the node, and another member was quicker.
            self._owner.lost(gone)
        # A path tells who leads, in some layouts.
        self._zookeeper.delete(set(self._owned.values()) - set(claimed.values()))
        changed = going or claimed.keys() != self._owned.keys()
        self._owned = claimed
        if changed or not self._taken_over:
            self._taken_over = False
            self._owner.assigned(claimed)
            self._taken_over = True
            log.info(
                "member %s of group %r: %d partitions", self.member_id, self.group, len(claimed)
            )
        return ideal - claimed.keys()

    def _claim(self, keys: set[PartitionKey]) -> dict[PartitionKey, str]:
        paths = {self._owner_path(key): key for key in sorted(keys)}
        nodes = {path: self._owner_name(key).encode() for path, key in paths.items()}
        ours = self._zookeeper.create(nodes)
        # Whoever changes the layout claims first and looks then, as we do: so one of two sees it.
        elsewhere = self._elsewhere({topic for topic, _ in keys}, ours)
        taken = {path for path in ours if paths[path] in elsewhere}
        self._zookeeper.delete(taken)
        self._taken = {paths[path] for path in taken}
        return {paths[path]: path for path in ours - taken}

    def _elsewhere(self, topics: Collection[str], ours: Collection[str]) -> set[PartitionKey]:
        """Partitions that are owned under another name than the one they have here.

        In another layout than the group's, or under the name of another leader.
        """
        found: set[PartitionKey] = set()
        own = {*ours, *self._owned.values()}
        for topic in topics:
            for layout in Layout:
                folder = self._paths.owners(topic, layout)
                names = self._zookeeper.children(folder) or ()
                others = [name for name in names if f"{folder}/{name}" not in own]
                found.update((topic, id_) for id_ in owned_ids(others, layout))
        return found

    def _wait_for(self, blocked: set[PartitionKey]) -> None:
        """Be woken when an owner lets go.

        :raises PartitionOwnedError: one has not yet; tried again, and told if it takes long.
        """
        paths = {self._owner_path(key): key for key in sorted(blocked)}
        owners = {
            paths[path]: node.data.decode()
            for path, node in self._zookeeper.read(paths, self._let_go).items()
        }
        owners.update(dict.fromkeys(self._taken & blocked, "a member of another layout"))
        if not owners:
            self._news()
            return
        key, owner = next(iter(owners.items()))
        raise PartitionOwnedError(
            self._partition_of(key),
            f"{named([key])} is owned by {owner}, who should give it up to {self.member_id} of"
            f" group {self.group!r} (waiting for {named(sorted(blocked))}); does it share by"
            " another membership_protocol?",
        )

    def _let_go(self, _: Any) -> None:
        self._news()

    def _release_all(self) -> None:
        owned, self._owned = self._owned, {}
        if owned:
            self._owner.will_revoke(owned)
            self._zookeeper.delete(owned.values())
            self._owner.assigned(())

    def _owner_path(self, key: PartitionKey) -> str:
        assert self._layout is not None
        leader = -1
        if self._layout is not Layout.JAVA:
            leader = self._client.snapshot.leader(*key) or 0
        return self._paths.owner(key, self._layout, leader)

    def _owner_name(self, key: PartitionKey) -> str:
        name = self._names[key[0]]
        return thread_of(name) if self._layout is Layout.JAVA else name
