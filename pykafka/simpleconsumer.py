"""A consumer that is alone: it reads the partitions it was told to read."""

from __future__ import annotations

import datetime as dt
import logging
import operator
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from . import options
from .common import OffsetType
from .core.membership.fixed import FixedMembership
from .core.procedures.coordinator import Patience
from .exceptions import (
    InvalidOptionError,
    InvalidOptionTypeError,
    KafkaException,
    OffsetOutOfRangeError,
    UnicodeException,
)
from .message import Message
from .partition import Partition, to_milliseconds
from .protocol import OffsetFetchPartitionResponse
from .runtime.consumer.consumption import Consumption
from .runtime.consumer.handover import iterate, take_one
from .runtime.consumer.offset_store import KafkaOffsetStore
from .runtime.consumer.python_source import PythonSource

if TYPE_CHECKING:
    from .cluster import Cluster
    from .topic import Topic

__all__ = ["MAGIC_OFFSETS", "SimpleConsumer"]

#: What is said of a look-up by time on a broker that knows the times of segments only.
_NOTHING_SO_OLD = "as old as that: going to the beginning"
_BY_SEGMENT = "its leader knows the times of segments only; earlier messages may come from offset"

log = logging.getLogger(__name__)

#: Offsets that stand for a place in the log.
MAGIC_OFFSETS = [OffsetType.EARLIEST, OffsetType.LATEST]

#: Partitions with where to go: an offset, a magic offset, or a naive UTC datetime.
PartitionOffsets: TypeAlias = "Iterable[tuple[Partition, int | dt.datetime]]"
_Key: TypeAlias = tuple[str, int]
#: The offset behind it has to fit as well.
_LAST_OFFSET = 2**63 - 2


def ascii_bytes(name: str | bytes | None, what: str) -> bytes | None:
    """A name as 2.x stores it.

    :raises UnicodeException: it is not ASCII.
    """
    if name is None:
        return None
    try:
        return (name if isinstance(name, str) else name.decode("ascii")).encode("ascii")
    except UnicodeError as error:
        raise UnicodeException(f"{what} {name!r} is not ASCII") from error


class SimpleConsumer:
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
        chosen = topic.partitions.values() if partitions is None else partitions
        self._partitions = {self._checked(partition).id: partition for partition in chosen}
        self._by_key = {self._key(partition): partition for partition in self._partitions.values()}
        self._store = self._make_store()
        self.generation_id = settings.generation_id
        self.consumer_id = consumer_id
        self._core = Consumption(
            cluster.core,
            settings,
            PythonSource(cluster.core, settings),
            FixedMembership(self._by_key),
            self._store,
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

    def _make_store(self) -> KafkaOffsetStore | None:
        if self._consumer_group is None:
            return None
        core, s = self._cluster.core, self._settings
        patience = Patience(
            s.offsets_commit_max_retries,
            s.offsets_channel_backoff_ms / 1000,
            core.settings.offsets_channel_socket_timeout_ms / 1000,
        )
        return KafkaOffsetStore(core, self._consumer_group.decode("ascii"), patience)

    def _key(self, partition: Partition) -> _Key:
        return self._topic.name.decode(), partition.id

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
        return {
            partition.id: held[key] if held.get(key, -1) >= 0 else OffsetType.EARLIEST
            for key, partition in self._by_key.items()
        }

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

    def start(self) -> None:
        """Begin to consume; after :meth:`stop`, go on where it stopped. Idempotent.

        :raises RemoteError: offsets could not be looked up.
        """
        self._core.start(self._set_out)

    def _set_out(self) -> None:
        if self._settings.reset_offset_on_start:
            self.reset_offsets()
        elif self._store is not None:
            self._go_to_committed()

    def stop(self) -> None:
        """Stop; commit first, if ``auto_commit_enable`` is set. Idempotent, bounded.

        :raises RemoteError: the commit failed; it is stopped all the same.
        """
        self._core.stop()

    def cleanup(self) -> None:
        """Stop without a commit."""
        self._core.stop(commit=False)

    def __enter__(self) -> SimpleConsumer:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # -- messages ---------------------------------------------------------------------

    def __iter__(self) -> Iterator[Message]:
        """Messages, until none comes for ``consumer_timeout_ms``.

        :raises: as :meth:`consume` does.
        """
        return iterate(self._core, self._deserializer, self)

    def consume(self, block: bool = True, unblock_event: Any = None) -> Message | None:
        """The next message; ``None`` if there is none in time.

        :param block: wait for up to ``consumer_timeout_ms`` (for ever if that is -1).
        :param unblock_event: an event that ends the wait when it is set.
        :raises ConsumerStoppedException: the consumer is stopped.
        :raises CorruptRecordError: the next message of a partition is damaged, and no other
            partition has one; raised until :meth:`reset_offsets` moves the consumer on.
        :raises MessageSetDecodeFailure: likewise, for a message larger than
            ``fetch_message_max_bytes``.
        :raises OffsetOutOfRangeError: likewise, if ``auto_offset_reset`` is ``None``.
        """
        return take_one(self._core, self._deserializer, block, unblock_event)

    def fetch(self) -> None:
        """Accepted for 2.x: fetching is always under way."""

    # -- offsets ----------------------------------------------------------------------

    def commit_offsets(
        self, partition_offsets: Iterable[tuple[Partition, int]] | None = None
    ) -> None:
        """Commit what was delivered, or the given offsets as they are: the next to read.

        :raises KafkaException: it has no consumer group, or a partition is not one of its own.
        :raises InvalidOptionError: what is given is no offset (a ``ValueError``).
        :raises RemoteError: they are not committed, after ``offsets_commit_max_retries``.
        """
        if partition_offsets is None:
            self._core.commit()
        else:
            chosen = [(self._owned(part), offset) for part, offset in partition_offsets]
            self._core.commit({key: _offset(offset, key, "an offset") for key, offset in chosen})

    def fetch_offsets(self) -> list[tuple[int, OffsetFetchPartitionResponse]]:
        """Look the committed offsets up; go there if ``reset_offset_on_fetch`` is set.

        :returns: ``(partition id, (offset, metadata, err))``, offset being the next to read,
            -1 where none is committed.
        :raises KafkaException: it has no consumer group.
        :raises RemoteError: they could not be looked up.
        """
        committed = self._core.committed(list(self._by_key))
        if self._settings.reset_offset_on_fetch:
            self._go_to({key: found.offset for key, found in committed.items()})
        return [
            (
                key[1],
                OffsetFetchPartitionResponse(
                    found.offset, found.metadata.encode(), found.error_code
                ),
            )
            for key, found in committed.items()
        ]

    def _go_to_committed(self) -> None:
        committed = self._core.committed(list(self._by_key))
        self._go_to({key: found.offset for key, found in committed.items()})

    def _go_to(self, committed: dict[_Key, int]) -> None:
        """Move to committed offsets; where there are none, by ``auto_offset_reset``."""
        policy = self._settings.auto_offset_reset
        without = [key for key, offset in committed.items() if offset < 0]
        if without and policy is None:
            raise OffsetOutOfRangeError(
                f"group {self._consumer_group!r} has committed no offset for"
                f" {without[0][0]}/{without[0][1]} and auto_offset_reset is None"
            )
        targets = {key: offset for key, offset in committed.items() if offset >= 0}
        if without:
            found = self._core.resolve(dict.fromkeys(without, policy))
            targets.update({key: place.offset for key, place in found.items()})
        self._core.move(targets)

    def reset_offsets(self, partition_offsets: PartitionOffsets | None = None) -> None:
        """Go on somewhere else; committed at once if there is a consumer group.

        :param partition_offsets: ``(partition, where)`` pairs; ``where`` is the offset of the
            message *before* the next one (as in 2.x), an :class:`OffsetType`, or a naive UTC
            datetime (before 0.10.1 brokers know the times of segments only). Without: all
            partitions, by ``auto_offset_reset``.
        :raises KafkaException: a partition is not one of this consumer's.
        :raises InvalidOptionError: a ``where`` is none of these (a ``ValueError``).
        :raises RemoteError: offsets could not be looked up or committed.
        """
        if partition_offsets is None:
            policy = self._settings.auto_offset_reset
            where: Any = OffsetType.EARLIEST if policy is None else policy
            partition_offsets = [(partition, where) for partition in self._partitions.values()]
        targets: dict[_Key, int] = {}
        questions: dict[_Key, int] = {}
        for partition, where in partition_offsets:
            key = self._owned(partition)
            if isinstance(where, dt.datetime) or where in MAGIC_OFFSETS:
                questions[key] = to_milliseconds(where)
            else:
                targets[key] = _offset(where, key, "an offset, an OffsetType or a datetime") + 1
        targets.update(self._look_up(questions))
        self._core.move(targets)
        if self._store is not None:
            self._core.commit(targets)

    def _look_up(self, questions: dict[_Key, int]) -> dict[_Key, int]:
        if not questions:
            return {}
        found = self._core.resolve(questions)
        for (topic, id_), place in found.items():
            if place.beyond:
                where = "as late as that: going to the end" if place.exact else _NOTHING_SO_OLD
                log.warning("%s/%s has nothing %s, offset %s", topic, id_, where, place.offset)
            elif not place.exact:
                log.info("%s/%s: %s %s", topic, id_, _BY_SEGMENT, place.offset)
        return {key: place.offset for key, place in found.items()}

    def _owned(self, partition: Partition) -> _Key:
        key = self._key(partition)
        if self._by_key.get(key) != partition:
            raise KafkaException(f"{partition!r} is not one of the partitions of {self!r}")
        return key


def _offset(value: Any, key: _Key, wanted: str) -> int:
    """An offset that a user gave, of whatever type of integers it is."""
    try:
        offset = operator.index(value)
    except TypeError:
        offset = -1
    if not 0 <= offset <= _LAST_OFFSET:
        raise InvalidOptionError(f"{value!r} is no place in {key[0]}/{key[1]}: give {wanted}")
    return offset
