"""A consumer that is alone: it reads the partitions it was told to read."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import options
from .common import OffsetType
from .consumer import MAGIC_OFFSETS, Consumer, ascii_bytes, patience_of
from .core.membership.fixed import FixedMembership
from .core.partition_keys import PartitionKey
from .exceptions import (
    InvalidOptionError,
    InvalidOptionTypeError,
    KafkaException,
    UnicodeException,
)
from .partition import Partition
from .runtime.consumer.consumption import Consumption
from .runtime.consumer.hooks import Hooks
from .runtime.consumer.offset_store import KafkaOffsetStore
from .runtime.consumer.starting import SetOut
from .runtime.implementation import new_source

if TYPE_CHECKING:
    from .cluster import Cluster
    from .topic import Topic

__all__ = ["MAGIC_OFFSETS", "SimpleConsumer"]


class SimpleConsumer(Consumer):
    """Reads partitions of one topic; offsets can be kept for a group, which has no other member.

    :param topic: the topic to read.
    :param cluster: its cluster.
    :param consumer_group: group to commit offsets for; without one nothing is committed.
    :param partitions: the partitions to read; all of the topic without.
    :param fetch_message_max_bytes: bytes asked of a partition in one fetch.
    :param num_consumer_fetchers: accepted for 2.x.
    :param auto_commit_enable: commit what was delivered regularly and at :meth:`stop`.
    :param auto_commit_interval_ms: how regularly.
    :param queued_max_messages: messages per partition at which fetching pauses; soft.
    :param fetch_min_bytes: bytes that a broker waits for.
    :param fetch_error_backoff_ms: first wait after a failed fetch.
    :param fetch_wait_max_ms: how long a broker waits for ``fetch_min_bytes``.
    :param offsets_channel_backoff_ms: wait before the n-th retry of a commit, times n.
    :param offsets_commit_max_retries: retries of a commit or look-up.
    :param auto_offset_reset: where to go without a valid offset; ``None`` raises.
    :param consumer_timeout_ms: how long :meth:`consume` waits; -1 for ever.
    :param auto_start: start now.
    :param reset_offset_on_start: start at ``auto_offset_reset``, not at committed offsets.
    :param compacted_topic: accepted for 2.x; gaps never stall.
    :param generation_id: generation that commits carry.
    :param consumer_id: member id that commits carry.
    :param deserializer: ``f(value, key) -> (value, key)``, called at hand-over.
    :param reset_offset_on_fetch: whether :meth:`fetch_offsets` moves the consumer.
    :param fetch_max_bytes: bytes asked of a broker in one fetch.
    :param queued_max_bytes: bytes of all partitions at which fetching pauses.
    :param decompressed_max_bytes: largest unpacked size of a compressed batch.
    :param isolation_level: ``"read_committed"`` leaves aborted transactions out.
    :raises RemoteError: committed offsets could not be looked up.

    Several threads may consume from one; each message is delivered once. As in 2.x it starts
    at offset 0 without a group (and goes on by ``auto_offset_reset`` if that is gone), at
    the committed offset with one.
    """

    _use_rdkafka = False

    @options.checked(options.CONSUMER)
    def __init__(
        self,
        topic: Topic,
        cluster: Cluster,
        consumer_group: str | bytes | None = None,
        partitions: Iterable[Partition] | None = None,
        fetch_message_max_bytes: int = 1048576,
        num_consumer_fetchers: int = 1,
        auto_commit_enable: bool = False,
        auto_commit_interval_ms: int = 60000,
        queued_max_messages: int = 2000,
        fetch_min_bytes: int = 1,
        fetch_error_backoff_ms: int = 500,
        fetch_wait_max_ms: int = 100,
        offsets_channel_backoff_ms: int = 1000,
        offsets_commit_max_retries: int = 5,
        auto_offset_reset: int | None = OffsetType.EARLIEST,
        consumer_timeout_ms: int = -1,
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        compacted_topic: bool = False,
        generation_id: int = -1,
        consumer_id: str | bytes = b"",
        deserializer: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        reset_offset_on_fetch: bool = True,
        fetch_max_bytes: int = 52428800,
        queued_max_bytes: int = 134217728,
        decompressed_max_bytes: int = 268435456,
        isolation_level: str = "read_uncommitted",
    ) -> None:
        # The core outlives this object, which a deserializer may know.
        settings = options.validated(options.CONSUMER, {**locals(), "deserializer": None})
        self._settings = settings
        self._topic = topic
        self._cluster = cluster
        self._consumer_group = ascii_bytes(consumer_group, "consumer group")
        self._deserializer = deserializer
        self._one_topic = True
        chosen = topic.partitions.values() if partitions is None else partitions
        self._partitions = {self._checked(partition).id: partition for partition in chosen}
        name = topic.name.decode()
        by_key = {(name, id_): partition for id_, partition in self._partitions.items()}
        self._by_key = by_key
        self._partition_of = by_key.__getitem__
        group = None if self._consumer_group is None else self._consumer_group.decode()
        self._store = (
            None
            if group is None
            else KafkaOffsetStore(cluster.core, group, patience_of(cluster, settings))
        )
        self.generation_id = settings.generation_id
        self.consumer_id = consumer_id
        self._membership = FixedMembership(by_key)
        self._core = Consumption(
            cluster.core,
            settings,
            new_source(self._use_rdkafka, cluster.core, settings),
            self._membership,
            self._store,
            Hooks(by_key.__getitem__, SetOut(settings, group)),
        )
        cluster.register(self)
        # A consumer that is dropped must not fetch for ever; nothing is waited for here.
        weakref.finalize(self, self._core.abandon).atexit = False
        if auto_start:
            self.start()

    def _checked(self, partition: Any) -> Partition:
        if not isinstance(partition, Partition):
            raise InvalidOptionTypeError(
                f"option partitions takes partitions out of topic.partitions, not {partition!r}"
            )
        if self._topic.partitions.get(partition.id) != partition:
            raise InvalidOptionError(
                f"option partitions: {partition!r} is no partition of {self._topic!r}"
            )
        return partition

    def _keys(self) -> list[PartitionKey]:
        # Its own from the beginning, whether or not it was started.
        return list(self._by_key)

    def _owned(self, partition: Partition) -> PartitionKey:
        key = self._topic.name.decode(), partition.id
        if self._by_key.get(key) != partition:
            raise KafkaException(f"{partition!r} is not one of the partitions of {self!r}")
        return key

    def __repr__(self) -> str:
        return (
            f"<{type(self).__module__}.{type(self).__name__} topic={self._topic.name!r}"
            f" consumer_group={self._consumer_group!r}>"
        )

    # -- what it is -------------------------------------------------------------------

    @property
    def topic(self) -> Topic:
        """The topic that it reads."""
        return self._topic

    @property
    def partitions(self) -> dict[int, Partition]:
        """The partitions that it reads, by id."""
        return self._partitions

    @property
    def held_offsets(self) -> dict[int, int]:
        """Offset of the last message delivered, per partition id.

        ``OffsetType.EARLIEST`` where none was delivered and none is committed.
        """
        held = self._core.held()
        return self._users_offsets({key: held.get(key, -1) for key in self._by_key})

    @property
    def consumer_id(self) -> bytes:
        """The member id that commits carry."""
        return self._consumer_id

    @consumer_id.setter
    def consumer_id(self, value: str | bytes) -> None:
        self._consumer_id = value.encode() if isinstance(value, str) else value
        if self._store is not None:
            try:
                self._store.member = self._consumer_id.decode()
            except UnicodeError as error:
                raise UnicodeException(f"consumer id {value!r} is not UTF-8") from error

    @property
    def generation_id(self) -> int:
        """The generation that commits carry."""
        return self._generation_id

    @generation_id.setter
    def generation_id(self, value: int) -> None:
        self._generation_id = value
        if self._store is not None:
            self._store.generation = value

    # -- life -------------------------------------------------------------------------

    def cleanup(self) -> None:
        """Stop without a commit."""
        self._core.stop(commit=False)

    def fetch(self) -> None:
        """Accepted for 2.x: fetching is always under way."""
