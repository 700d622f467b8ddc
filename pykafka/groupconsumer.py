"""What members of groups have in common, however these are balanced."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .consumer import Consumer, ascii_bytes
from .core.membership.topics import WantedTopics
from .core.partition_keys import PartitionKey
from .core.retry import Backoff
from .exceptions import (
    InvalidOptionError,
    InvalidOptionTypeError,
    KafkaException,
    UnknownTopicOrPartition,
)
from .membershipprotocol import GroupMembershipProtocol
from .partition import Partition
from .runtime.consumer.consumption import Consumption
from .runtime.consumer.hooks import Hooks
from .runtime.consumer.offset_store import OffsetStore
from .runtime.consumer.starting import SetOut
from .runtime.implementation import new_source, require_implementation
from .runtime.membership.member import CallbackFailed, Coordination, Member, MemberOptions
from .topic import Topic

if TYPE_CHECKING:
    from .cluster import Cluster
    from .options import Settings

__all__ = [
    "NOT_TO_BE_KEPT",
    "GroupConsumer",
    "PostRebalance",
    "PreRebalance",
    "Topics",
    "protocols_of",
]

#: Options whose values may know the consumer, which the core outlives.
NOT_TO_BE_KEPT = dict.fromkeys(
    ("deserializer", "pre_rebalance_callback", "post_rebalance_callback", "zookeeper")
)

#: What a member of a group may be told to read.
Topics: TypeAlias = "Topic | str | bytes | re.Pattern[str] | Iterable[Topic | str | bytes]"
#: f(consumer, offsets), by partition id, or by partition if it reads several topics.
PreRebalance: TypeAlias = Callable[[Any, "dict[Any, int]"], None]
#: f(consumer, old offsets, new offsets) -> offsets to go to, or ``None``.
PostRebalance: TypeAlias = Callable[
    [Any, "dict[Any, int]", "dict[Any, int]"], "Mapping[Any, Any] | None"
]


class Catalogue:
    """The users' objects of partitions, by key. Holds the cluster, and no consumer."""

    def __init__(self, cluster: Cluster, topics: Iterable[Topic]) -> None:
        self._cluster = cluster
        # The cluster holds them weakly.
        self._topics = {topic.name.decode(): topic for topic in topics}

    def __call__(self, key: PartitionKey) -> Partition:
        """:raises UnknownTopicOrPartition: brokers do not know it (any more)."""
        name, id_ = key
        topic = self._topics.get(name)
        if topic is None or id_ not in topic.partitions:
            found = self._cluster.core.snapshot.topics.get(name)
            if found is None or id_ not in found.partitions:
                found = self._cluster.core.refresh([name]).topics.get(name)
            if found is None or id_ not in found.partitions:
                raise UnknownTopicOrPartition(f"brokers know no partition {name}/{id_}")
            topic = self._topics[name] = self._cluster.topics[name]
        return topic.partitions[id_]

    def topics(self) -> list[Topic]:
        """Those that were met."""
        return [self._topics[name] for name in sorted(self._topics)]


class GroupConsumer(Consumer):
    """What members of groups have in common, however these are balanced; not made by itself."""

    def _set_up(
        self,
        topic: Topics,
        cluster: Cluster,
        consumer_group: str | bytes,
        settings: Settings,
        deserializer: Callable[..., Any] | None,
        callbacks: tuple[PreRebalance | None, PostRebalance | None],
    ) -> None:
        require_implementation(settings.use_rdkafka)
        group = ascii_bytes(consumer_group, "consumer group")
        if not group:
            raise InvalidOptionError(
                f"option consumer_group must be the name of a group, not {consumer_group!r}"
            )
        self._cluster = cluster
        self._settings = settings
        self._consumer_group = group
        self._deserializer = deserializer
        self._wanted, known = _wanted(topic, cluster)
        self._one_topic = len(self._wanted.names) == 1
        self._catalogue = Catalogue(cluster, known)
        self._partition_of = self._catalogue
        self._callbacks = callbacks

    def _join(self, coordination: Coordination, store: OffsetStore, first_wait_s: float) -> None:
        """Be ready to consume as a member of a group that is coordinated so.

        :param first_wait_s: before another attempt to take part in a rebalance.
        """
        core, settings = self._cluster.core, self._settings
        retries, backoff_s = settings.rebalance_max_retries, settings.rebalance_backoff_ms / 1000
        backoff = Backoff(min(first_wait_s, backoff_s), backoff_s * max(1, retries))
        idle_ms = settings.max_poll_interval_ms
        idle_s = None if idle_ms is None else idle_ms / 1000
        self._member = Member(core, coordination, MemberOptions(retries, backoff, idle_s))
        self._membership = self._member
        told = _Callbacks(weakref.ref(self))
        pre, post = self._callbacks
        self._core = Consumption(
            core,
            settings,
            new_source(settings.use_rdkafka, core, settings),
            self._member,
            store,
            Hooks(
                self._catalogue,
                SetOut(settings, self._group_name, resets=1, shared=True),
                None if pre is None else told.revoking,
                None if post is None else told.rebalanced,
            ),
        )
        self._cluster.register(self)
        # A consumer that is dropped must not keep its partitions; nothing is waited for here.
        weakref.finalize(self, self._core.abandon).atexit = False

    @property
    def _group_name(self) -> str:
        assert self._consumer_group is not None
        return self._consumer_group.decode()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__module__}.{type(self).__name__} topics={self._wanted}"
            f" consumer_group={self._consumer_group!r}>"
        )

    # -- what it is -------------------------------------------------------------------

    @property
    def topic(self) -> Topic | None:
        """The topic that it reads; ``None`` if it reads several: see :attr:`topics`."""
        return self._catalogue.topics()[0] if self._one_topic else None

    @property
    def topics(self) -> list[Topic]:
        """The topics that it reads, as far as it has met them."""
        return self._catalogue.topics()

    @property
    def partitions(self) -> dict[Any, Partition]:
        """The partitions that it has now, by id, or by themselves if it reads several topics."""
        return {self._users_key(key): self._partition_of(key) for key in self._keys()}

    @property
    def held_offsets(self) -> dict[Any, int] | None:
        """Offset of the last message delivered, per partition that it has now.

        By partition id, or by partition if it reads several topics. ``OffsetType.EARLIEST``
        where none was delivered and none is committed. ``None`` before the first start.
        """
        if not self._core.was_started:
            return None
        return self._users_offsets(self._core.held())

    def _member_id(self) -> str | None:
        return self._member.coordination.member_id

    def _generation(self) -> int:
        return self._member.coordination.generation

    # -- callbacks, on the member's thread --------------------------------------------

    def call_before(self, going: dict[PartitionKey, int]) -> None:
        """Call ``pre_rebalance_callback``.

        :raises CallbackFailed: it raised.
        """
        self._call("pre_rebalance_callback", self._callbacks[0], going)

    def call_after(self, old: dict[PartitionKey, int], new: dict[PartitionKey, int]) -> None:
        """Call ``post_rebalance_callback``, and go where it says.

        :raises CallbackFailed: it raised.
        """
        wanted = self._call("post_rebalance_callback", self._callbacks[1], old, new)
        if wanted:
            self._reset(self._chosen(wanted))

    def _call(
        self, name: str, callback: Callable[..., Any] | None, *offsets: dict[PartitionKey, int]
    ) -> Any:
        assert callback is not None  # else nobody would have been called
        told = [self._users_offsets(each) for each in offsets]
        try:
            return callback(self, *told)
        except Exception as error:  # whatever users raise goes to whoever consumes
            raise CallbackFailed(f"{name} raised") from error

    def _chosen(self, wanted: Any) -> dict[PartitionKey, Any]:
        """The offsets to go to that a callback has returned.

        :raises KafkaException: they are none, or not of partitions that are this consumer's now.
        """
        if not isinstance(wanted, Mapping):
            raise InvalidOptionTypeError(
                "post_rebalance_callback has to return offsets to go to, by what it was given as"
                f" keys, or None, not {wanted!r}"
            )
        keys = {self._users_key(key): key for key in self._keys()}
        for users_key in wanted.keys() - keys.keys():
            raise KafkaException(
                f"post_rebalance_callback returned an offset for {users_key!r}, which is not one"
                f" of the partitions that {self!r} has now"
            )
        return {keys[users_key]: where for users_key, where in wanted.items()}


class _Callbacks:
    """Calls the user's callbacks, as long as the consumer is there, which alone holds them."""

    def __init__(self, consumer: weakref.ref[GroupConsumer]) -> None:
        self._consumer = consumer

    def revoking(self, going: dict[PartitionKey, int]) -> None:
        consumer = self._consumer()
        if consumer is not None:
            consumer.call_before(going)

    def rebalanced(self, old: dict[PartitionKey, int], new: dict[PartitionKey, int]) -> None:
        consumer = self._consumer()
        if consumer is not None:
            consumer.call_after(old, new)


def _wanted(topic: Topics, cluster: Cluster) -> tuple[WantedTopics, list[Topic]]:
    """What is to be read, and the users' objects of it, as far as they are known.

    :raises UnknownTopicOrPartition: a topic that was named does not exist.
    """
    if isinstance(topic, re.Pattern):
        if not isinstance(topic.pattern, str):
            raise InvalidOptionTypeError(f"a pattern of topics must be one of str: {topic!r}")
        return WantedTopics(pattern=topic), []
    one = [topic] if isinstance(topic, (Topic, str, bytes)) else topic
    if not isinstance(one, Iterable):
        raise InvalidOptionTypeError(
            f"topics are given by name, as objects, as a list or as a pattern, not as {topic!r}"
        )
    one = list(one)
    if not one:
        raise InvalidOptionError("no topic to read was given")
    for each in one:
        if not isinstance(each, (Topic, str, bytes)):
            raise InvalidOptionTypeError(f"a topic in a list is a name or an object, not {each!r}")
    topics = [each if isinstance(each, Topic) else cluster.topics[each] for each in one]
    names = dict.fromkeys(each.name.decode() for each in topics)
    return WantedTopics(tuple(names)), topics


def protocols_of(protocol: Any) -> list[GroupMembershipProtocol]:
    """One protocol or several, as a list.

    :raises InvalidOptionTypeError: it is neither.
    """
    one = isinstance(protocol, GroupMembershipProtocol) or not isinstance(protocol, Iterable)
    several: list[Any] = [protocol] if one else list(protocol)
    for each in several:
        if not isinstance(each, GroupMembershipProtocol):
            raise InvalidOptionTypeError(
                f"option membership_protocol takes protocols such as RangeProtocol, not {each!r}"
            )
    if not several:
        raise InvalidOptionError("option membership_protocol: no protocol was given")
    return several
