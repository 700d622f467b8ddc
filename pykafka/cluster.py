"""The cluster: its brokers, its topics, and where groups are coordinated."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from . import options
from .broker import Broker
from .core.metadata import Snapshot, TopicInfo
from .core.procedures.bootstrap import bootstrap
from .core.procedures.coordinator import Patience, find_coordinator
from .core.procedures.handshake import ask_versions
from .core.versions import check_broker_version
from .exceptions import (
    ClientClosedError,
    InvalidOptionError,
    KafkaException,
    LeaderNotAvailable,
    UnicodeException,
    UnknownTopicOrPartition,
)
from .handlers import Handler
from .runtime.client import ClientCore
from .topic import Topic
from .utils.compat import get_string
from .utils.error_handlers import valid_int
from .wire.errors import error_info

if TYPE_CHECKING:
    from .core.groups import Group
    from .core.membership.zookeeper_view import ZooKeeperGroup
    from .protocol import ApiVersionsSpec, DescribeGroupResponse

__all__ = ["Cluster", "TopicDict"]

log = logging.getLogger(__name__)

_CREATION_CHECK_S = 0.1
#: How long a topic that is unknown may still turn out to be one in the making.
_CREATION_S = 2.0
_LEADER_NOT_AVAILABLE = 5
_GROUP_RETRIES = 5


class _Stoppable(Protocol):
    def stop(self) -> None: ...


def topic_name(name: str | bytes) -> str:
    """A topic's name as text.

    :raises UnicodeException: it is not ASCII.
    """
    try:
        return name.decode("ascii") if isinstance(name, bytes) else name.encode("ascii").decode()
    except UnicodeError as error:
        raise UnicodeException(f"topic name {name!r} is not ASCII") from error


class TopicDict(dict[bytes, Any]):
    """The topics of a cluster by name.

    Keys are ``bytes``; look-ups take ``str`` as well. A topic that does not exist is created
    at look-up if the brokers allow that. Holds topics weakly, as 2.x does: keep a reference
    to one that you watch. Thread-safe.
    """

    def __init__(
        self, cluster: Cluster, exclude_internal_topics: bool, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._cluster = weakref.ref(cluster)
        self._exclude_internal_topics = exclude_internal_topics

    def __getitem__(self, key: str | bytes) -> Topic:
        name = topic_name(key)
        if self._excluded(name):
            raise KeyError(
                f"you have configured KafkaClient/Cluster to hide internal topics: {name}"
            )
        held = super().get(name.encode())
        topic = held() if held is not None else None
        return self._make(name) if topic is None else topic

    def __missing__(self, key: str | bytes) -> Topic:
        return self[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key.encode() if isinstance(key, str) else key)

    def get(self, key: str | bytes, default: Any = None) -> Any:
        """The topic if it exists, else ``default``; never creates one."""
        return self[key] if key in self else default  # noqa: SIM401 - this is get()

    def values(self) -> Any:
        """All topics, as objects."""
        return [self[name] for name in list(self)]

    def items(self) -> Any:
        """Name and object of all topics."""
        return [(name, self[name]) for name in list(self)]

    def _excluded(self, name: str) -> bool:
        return self._exclude_internal_topics and name.startswith("__")

    def _make(self, name: str) -> Topic:
        cluster = self._cluster()
        if cluster is None:
            raise ClientClosedError(
                "the KafkaClient of these topics is gone: keep a reference to it, or to a topic"
            )
        info = cluster.topic_info(name)
        with cluster.following:
            held = super().get(name.encode())
            topic = held() if held is not None else None
            if topic is None:
                topic = Topic(cluster, info)
                super().__setitem__(name.encode(), weakref.ref(topic))
            return topic

    def _update(self, snapshot: Snapshot) -> None:
        """Follow the cluster's metadata."""
        for gone in [name for name in self if name.decode() not in snapshot.topics]:
            super().__delitem__(gone)
        for name, info in snapshot.topics.items():
            if self._excluded(name) or (info.error_code and not info.partitions):
                continue
            held = super().get(name.encode())
            topic = held() if held is not None else None
            if topic is not None:
                topic.update(info)
            elif not super().__contains__(name.encode()):
                super().__setitem__(name.encode(), None)


class Cluster:
    """The brokers and topics of a cluster, kept up to date.

    Made by :class:`~pykafka.client.KafkaClient`, whose options it takes; ``handler`` says
    whether threads or greenlets run it.

    :raises NoBrokersAvailableError: no broker answers; names each address and why.

    Thread-safe.
    """

    def __init__(
        self,
        hosts: str | bytes,
        handler: Handler,
        socket_timeout_ms: int = 30000,
        offsets_channel_socket_timeout_ms: int = 10000,
        exclude_internal_topics: bool = True,
        source_address: str | bytes = "",
        zookeeper_hosts: str | bytes | None = None,
        ssl_config: Any = None,
        broker_version: str | bytes = "0.9.0",
        client_id: str | bytes = "pykafka",
        receive_max_bytes: int = 104857600,
    ) -> None:
        check_broker_version(broker_version)
        values = dict(locals(), use_greenlets=False)
        settings = options.validated(options.CLIENT, values)
        if isinstance(zookeeper_hosts, bytes):
            settings.zookeeper_hosts = zookeeper_hosts.decode("utf-8")
        self._settings = settings
        self._handler = handler
        self.core = ClientCore(settings, handler.backend)
        #: Held while users' objects are brought up to a snapshot; nothing is waited for in it.
        self.following = self.core.backend.rlock()
        self._brokers: dict[int, Broker] = {}
        self._topics = TopicDict(self, exclude_internal_topics)
        self._seen: Snapshot | None = None
        self._users: weakref.WeakSet[_Stoppable] = weakref.WeakSet()
        try:
            if settings.zookeeper_hosts:
                # kazoo takes as long to import as all of the rest.
                from .net.zookeeper.brokers import brokers_from_zookeeper

                self.core.bootstrap = brokers_from_zookeeper(
                    settings.zookeeper_hosts, self.core.socket_timeout_s
                )
            bound_s = self.core.socket_timeout_s * (1 + len(self.core.bootstrap))
            self.core.run(bootstrap(self.core.socket_timeout_s), bound_s)
        except BaseException:
            self.core.close()
            raise
        self.core.fork_listeners.add(self)
        self._follow()
        # Consumers and producers hold the cluster: it goes when the last of them does. At the
        # end of the program producers flush first, and then nobody is left to be told.
        weakref.finalize(self, self.core.close_soon).atexit = False

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} brokers={list(self._brokers)}>"

    @property
    def handler(self) -> Handler:
        """What it runs on: threads or greenlets."""
        return self._handler

    @property
    def brokers(self) -> dict[int, Broker]:
        """The brokers by id."""
        self._follow()
        return self._brokers

    @property
    def topics(self) -> TopicDict:
        """The topics by name."""
        self._follow()
        return self._topics

    @property
    def controller_broker(self) -> Broker | None:
        """The controller, ``None`` where brokers are too old to tell (before 0.10)."""
        self._follow()
        controller = self.core.snapshot.controller_id
        return None if controller is None else self._brokers.get(controller)

    def update(self) -> None:
        """Fetch the metadata of all topics now.

        :raises NoBrokersAvailableError: no broker answers.
        """
        self.core.refresh()
        self._follow()

    def get_group_coordinator(self, consumer_group: str | bytes) -> Broker:
        """The broker that coordinates a group.

        :raises RemoteError: no broker could say.
        """
        group = consumer_group.decode() if isinstance(consumer_group, bytes) else consumer_group
        timeout_s = self._settings.offsets_channel_socket_timeout_ms / 1000
        patience = Patience(8, 0.25, timeout_s)
        node = self.core.run(
            find_coordinator(self.core, group, patience), timeout_s * (patience.retries + 1) * 2
        )
        self._follow()
        if isinstance(node, int):
            return self._brokers[node]
        return Broker(-1, node[0], node[1], self, None)

    def get_offset_manager(self, consumer_group: str | bytes) -> Broker:
        """2.x's older name of :meth:`get_group_coordinator`."""
        log.warning("get_offset_manager is deprecated: use get_group_coordinator")
        return self.get_group_coordinator(consumer_group)

    def fetch_api_versions(self) -> dict[int, ApiVersionsSpec]:
        """The versions of each API that a broker of the cluster has, by the API's key.

        Brokers before 0.10 cannot be asked: what is known of them is told. Nothing is chosen by
        this; each connection learns its broker's versions when it is made.

        :raises NoBrokersAvailableError: no broker answers.
        """
        from .protocol import ApiVersionsSpec

        addresses = len(self.core.snapshot.brokers) + len(self.core.bootstrap)
        bound_s = self.core.socket_timeout_s * (1 + addresses)
        ranges = self.core.run(ask_versions(self.core), bound_s)
        return {key: ApiVersionsSpec(key, *ends) for key, ends in ranges.items()}

    def get_managed_group_descriptions(self) -> dict[bytes, DescribeGroupResponse]:
        """All groups that Kafka manages, with their members, by their ids (Kafka 0.9 and newer).

        :raises UnsupportedVersion: the brokers are older.
        :raises RemoteError: a broker could not say which groups it coordinates, or describe one.
        """
        from .protocol.admin import described_group

        return {
            group.id.encode(): described_group(group) for group in self.managed_groups().values()
        }

    def zookeeper_groups(
        self, hosts: str | bytes | None = None, names: Iterable[str] | None = None
    ) -> dict[str, ZooKeeperGroup]:
        """The groups that ZooKeeper coordinates, or that keep offsets there, by name.

        :param hosts: ZooKeeper, ``host:port,...`` with an optional chroot at the end; the
            client's ``zookeeper_hosts`` if it is not given.
        :param names: only these, as far as there are such; all there are without.
        :raises InvalidOptionError: no ZooKeeper is known.
        :raises ZookeeperConnectionError: it does not answer.
        """
        # kazoo takes as long to import as all of the rest.
        from .runtime.membership.zookeeper_view import open_session, read_groups

        where = hosts or self._settings.zookeeper_hosts
        if not where:
            raise InvalidOptionError(
                "zookeeper_groups() needs to know where ZooKeeper is: hosts=, or zookeeper_hosts="
                " of the KafkaClient"
            )
        greenlets = self.core.backend.name == "greenlets"
        with open_session(get_string(where), self.core.socket_timeout_s, greenlets) as session:
            return read_groups(session, names)

    def create_topic(
        self,
        name: str | bytes,
        partitions: int = 1,
        replication_factor: int = 1,
        config: Mapping[str, str | bytes | float | bool | None] | None = None,
        replica_assignment: Mapping[int, Sequence[int]] | None = None,
        timeout_ms: int = 30000,
    ) -> None:
        """See :meth:`KafkaClient.create_topic <pykafka.client.KafkaClient.create_topic>`."""
        from .core.procedures.topics import DEFAULT, NewTopic, create_topic

        if replica_assignment:
            partitions = replication_factor = DEFAULT
        topic = NewTopic(
            topic_name(name),
            partitions,
            replication_factor,
            replica_assignment or {},
            {get_string(key): config_text(value) for key, value in (config or {}).items()},
        )
        timeout_s = valid_int(timeout_ms) / 1000
        self.core.run(
            create_topic(self.core, topic, timeout_s), timeout_s + self.core.socket_timeout_s
        )
        self._follow()

    def delete_topic(self, name: str | bytes, timeout_ms: int = 30000) -> None:
        """See :meth:`KafkaClient.delete_topic <pykafka.client.KafkaClient.delete_topic>`."""
        from .core.procedures.topics import delete_topic

        timeout_s = valid_int(timeout_ms) / 1000
        self.core.run(
            delete_topic(self.core, topic_name(name), timeout_s),
            timeout_s + self.core.socket_timeout_s,
        )
        self._follow()

    def close(self) -> None:
        """Stop the consumers and producers made from it; close all connections. Idempotent.

        :raises KafkaException: the first failure to commit or to deliver; all are stopped and
            everything is closed all the same.
        """
        failure: KafkaException | None = None
        for user in list(self._users):
            try:
                user.stop()
            except KafkaException as error:
                failure = failure or error
        self.core.close()
        if failure is not None:
            raise failure

    def after_fork(self) -> None:
        """In the child: a thread that is not here may have held the lock."""
        self.following = self.core.backend.rlock()
        self.core.fork_listeners.add(self)

    # -- for the other objects of a client --------------------------------------------

    def managed_groups(self, names: Iterable[str] | None = None) -> dict[str, Group]:
        """Groups as the core describes them; all there are without ``names``."""
        from .core.procedures.groups import describe_all_groups, describe_groups

        timeout_s = self._settings.offsets_channel_socket_timeout_ms / 1000
        patience = Patience(_GROUP_RETRIES, 0.25, timeout_s)
        bound_s = timeout_s * (_GROUP_RETRIES + 1) * (2 + len(self.core.snapshot.brokers))
        if names is None:
            return self.core.run(describe_all_groups(self.core, patience), bound_s)
        return self.core.run(describe_groups(self.core, names, patience), bound_s)

    def register(self, user: _Stoppable) -> None:
        """Let :meth:`close` stop a consumer or producer."""
        self._users.add(user)

    def topic_info(self, name: str) -> TopicInfo:
        """The metadata of a topic, which is created if it does not exist and brokers allow it.

        :raises UnknownTopicOrPartition: there is no such topic, and none was created.
        :raises LeaderNotAvailable: it has no leaders within ``socket_timeout_ms``.
        """
        info = self.core.snapshot.topics.get(name)
        deadline = time.monotonic() + self.core.socket_timeout_s
        # Brokers without ZooKeeper say so of a topic that they are making, too.
        coming = time.monotonic() + _CREATION_S
        while info is None or not _usable(info):
            info = self.core.refresh([name], create=True).topics.get(name)
            if info is not None and _usable(info):
                break
            code = info.error_code if info is not None else UnknownTopicOrPartition.ERROR_CODE
            settled = code == UnknownTopicOrPartition.ERROR_CODE and time.monotonic() > coming
            if settled or code not in (
                0,
                _LEADER_NOT_AVAILABLE,
                UnknownTopicOrPartition.ERROR_CODE,
            ):
                raise error_info(code or 0).exception(
                    f"topic {name!r}: check the name, create it, or allow the brokers to"
                    " (auto.create.topics.enable)"
                )
            if time.monotonic() > deadline:
                raise LeaderNotAvailable(
                    f"topic {name!r} has no leaders after {self.core.socket_timeout_s:g} s"
                )
            self._handler.sleep(_CREATION_CHECK_S)
        self._follow()
        return info

    def _follow(self) -> None:
        """Bring brokers and topics up to the newest snapshot."""
        if self.core.snapshot is self._seen:
            return
        with self.following:
            snapshot = self.core.snapshot
            self._follow_to(snapshot)
            # Last: whoever sees it may rely on all of the rest.
            self._seen = snapshot

    def _follow_to(self, snapshot: Snapshot) -> None:
        for id_ in [id_ for id_ in self._brokers if id_ not in snapshot.brokers]:
            del self._brokers[id_]
        for id_, info in snapshot.brokers.items():
            if id_ not in self._brokers:
                self._brokers[id_] = Broker(id_, info.host, info.port, self, info)
            else:
                self._brokers[id_].update(info)
        self._topics._update(snapshot)

    def replicas(self, ids: Iterable[int]) -> list[Broker]:
        """The known brokers among these ids."""
        return [self._brokers[id_] for id_ in ids if id_ in self._brokers]


def config_text(value: str | bytes | float | bool | None) -> str | None:
    """A setting of a topic as brokers want it: ``True`` is ``true``."""
    if value is None:
        return None
    if isinstance(value, (str, bytes)):
        return get_string(value)
    return str(value).lower()


def _usable(info: TopicInfo) -> bool:
    return bool(info.partitions) and any(part.leader >= 0 for part in info.partitions.values())
