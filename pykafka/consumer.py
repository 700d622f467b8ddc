"""What all consumers have in common: messages, offsets, and how they stand."""

from __future__ import annotations

import datetime as dt
import logging
import math
import operator
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from .common import OffsetType
from .core.partition_keys import PartitionKey
from .core.procedures.coordinator import Patience
from .exceptions import InvalidOptionError, KafkaException, UnicodeException
from .message import Message
from .partition import Partition, to_milliseconds
from .protocol import OffsetFetchPartitionResponse
from .runtime.consumer.consumption import Consumption
from .runtime.consumer.handover import Deserializer, iterate, take_one
from .runtime.consumer.starting import go_to

if TYPE_CHECKING:
    from .cluster import Cluster
    from .core.membership import Membership
    from .options import Settings

__all__ = ["MAGIC_OFFSETS", "Consumer", "Health", "PartitionOffsets", "ascii_bytes", "patience_of"]

log = logging.getLogger("pykafka.simpleconsumer")

#: Offsets that stand for a place in the log.
MAGIC_OFFSETS = [OffsetType.EARLIEST, OffsetType.LATEST]

#: Partitions with where to go: an offset, a magic offset, or a naive UTC datetime.
PartitionOffsets: TypeAlias = "Iterable[tuple[Partition, int | dt.datetime]]"

#: What is said of a look-up by time on a broker that knows the times of segments only.
_NOTHING_SO_OLD = "as old as that: going to the beginning"
_BY_SEGMENT = "its leader knows the times of segments only; earlier messages may come from offset"
#: The offset behind it has to fit as well.
_LAST_OFFSET = 2**63 - 2

_Self = TypeVar("_Self", bound="Consumer")


class Health(NamedTuple):
    """How a consumer stands.

    :ivar running: whether it was started and not stopped.
    :ivar partitions: what it reads now: ids, or partitions if it reads several topics.
    :ivar error: what :meth:`Consumer.consume` raises when no other message is left.
    :ivar commit_error: of the last automatic commit, ``None`` if it succeeded.
    :ivar member_id: in its group; ``None`` for a consumer that is alone.
    :ivar generation: of the group, -1 where there are none (ZooKeeper).
    :ivar lease_s: for how many seconds its partitions are its own for certain; negative if it
        is not known any more, and delivers nothing. ``None`` for a consumer that is alone.
    """

    running: bool
    partitions: list[Any]
    error: Exception | None
    commit_error: BaseException | None
    member_id: str | None
    generation: int
    lease_s: float | None


class Consumer:
    """The base of the consumers; not made by itself. Thread-safe."""

    _cluster: Cluster
    _settings: Settings
    _core: Consumption
    _membership: Membership
    _consumer_group: bytes | None
    _deserializer: Deserializer | None
    #: The user's object of a partition.
    _partition_of: Callable[[PartitionKey], Partition]
    #: Whether it reads one topic only, so that users know partitions by their ids, as in 2.x.
    _one_topic: bool

    # -- what it is -------------------------------------------------------------------

    def _keys(self) -> list[PartitionKey]:
        """The partitions that are its own now."""
        return sorted(key for key in list(self._core.cursors) if self._core.owns(key))

    def _users_key(self, key: PartitionKey) -> Any:
        return key[1] if self._one_topic else self._partition_of(key)

    def _users_offsets(self, last_delivered: Mapping[PartitionKey, int]) -> dict[Any, int]:
        """Offsets as 2.x shows them: ``EARLIEST`` where nothing was delivered."""
        return {
            self._users_key(key): offset if offset >= 0 else OffsetType.EARLIEST
            for key, offset in sorted(last_delivered.items())
        }

    def health(self) -> Health:
        """How it stands, for whoever watches it."""
        lease = self._membership.lease_until
        return Health(
            self._core.running,
            [self._users_key(key) for key in self._keys()],
            self._core.error(),
            self._core.commits.error,
            self._member_id(),
            self._generation(),
            None if lease == math.inf else lease - time.monotonic(),
        )

    def _member_id(self) -> str | None:
        return None

    def _generation(self) -> int:
        return -1

    def lag(self) -> dict[Any, int]:
        """How many offsets each of its partitions is behind its end.

        :returns: by partition id, or by partition if it reads several topics.
        :raises RemoteError: the ends could not be looked up.
        """
        keys = self._keys()
        if not keys:
            return {}
        ends = self._core.resolve(dict.fromkeys(keys, OffsetType.LATEST))
        at = self._core.next_offsets()
        return {
            self._users_key(key): max(0, place.offset - at[key])
            for key, place in ends.items()
            if key in at
        }

    # -- life -------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to consume; after :meth:`stop`, go on where it stopped. Idempotent.

        :raises RemoteError: offsets could not be looked up.
        """
        self._core.start()

    def stop(self) -> None:
        """Stop; commit first, if ``auto_commit_enable`` is set. Idempotent.

        Takes at most 30 s for the commit, and 10 s to leave a group.

        :raises RemoteError: the commit failed; it is stopped all the same.
        """
        self._core.stop()

    def __enter__(self: _Self) -> _Self:
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
        :raises UnknownTopicOrPartition: likewise, while the topic does not exist any more.
        """
        return take_one(self._core, self._deserializer, block, unblock_event)

    # -- offsets ----------------------------------------------------------------------

    def commit_offsets(
        self, partition_offsets: Iterable[tuple[Partition, int]] | None = None
    ) -> None:
        """Commit what was delivered, or the given offsets as they are: the next to read.

        :raises KafkaException: it has no consumer group, or a partition is not one of its own.
        :raises InvalidOptionError: what is given is no offset (a ``ValueError``).
        :raises RemoteError: they are not committed, after ``offsets_commit_max_retries``.
        """
        self._core.check_usable()
        if partition_offsets is None:
            self._core.commits.commit()
        else:
            chosen = [(self._owned(part), offset) for part, offset in partition_offsets]
            self._core.commits.commit(
                {key: _offset(offset, key, "an offset") for key, offset in chosen}
            )

    def fetch_offsets(self) -> list[tuple[Any, OffsetFetchPartitionResponse]]:
        """Look the committed offsets up; go there if ``reset_offset_on_fetch`` is set.

        :returns: ``(partition id, (offset, metadata, err))``, offset being the next to read,
            -1 where none is committed. With several topics the partition instead of its id.
        :raises KafkaException: it has no consumer group.
        :raises RemoteError: they could not be looked up.
        """
        self._core.check_usable()
        committed = self._core.commits.committed(self._keys())
        if self._settings.reset_offset_on_fetch and self._consumer_group is not None:
            offsets = {key: found.offset for key, found in committed.items()}
            policy, group = self._settings.auto_offset_reset, self._consumer_group.decode()
            go_to(self._core, offsets, policy, group)
        return [
            (
                self._users_key(key),
                OffsetFetchPartitionResponse(
                    found.offset, found.metadata.encode(), found.error_code
                ),
            )
            for key, found in committed.items()
        ]

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
            self._reset(dict.fromkeys(self._keys(), where))
        else:
            self._reset({self._owned(part): where for part, where in partition_offsets})

    def _reset(self, wanted: Mapping[PartitionKey, Any]) -> None:
        targets: dict[PartitionKey, int] = {}
        questions: dict[PartitionKey, int] = {}
        for key, where in wanted.items():
            if isinstance(where, dt.datetime) or where in MAGIC_OFFSETS:
                questions[key] = to_milliseconds(where)
            else:
                targets[key] = _offset(where, key, "an offset, an OffsetType or a datetime") + 1
        targets.update(self._look_up(questions))
        self._core.move(targets)
        if self._core.commits.possible:
            self._core.commits.commit(targets)

    def _look_up(self, questions: dict[PartitionKey, int]) -> dict[PartitionKey, int]:
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

    def _owned(self, partition: Partition) -> PartitionKey:
        key = partition.topic.name.decode(), partition.id
        if not self._core.owns(key) or self._partition_of(key) != partition:
            raise KafkaException(f"{partition!r} is not one of the partitions of {self!r}")
        return key


def _offset(value: Any, key: PartitionKey, wanted: str) -> int:
    """An offset that a user gave, of whatever type of integers it is."""
    try:
        offset = operator.index(value)
    except TypeError:
        offset = -1
    if not 0 <= offset <= _LAST_OFFSET:
        raise InvalidOptionError(f"{value!r} is no place in {key[0]}/{key[1]}: give {wanted}")
    return offset


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


def patience_of(cluster: Cluster, settings: Settings) -> Patience:
    """With a group's coordinator, by a consumer's options."""
    return Patience(
        settings.offsets_commit_max_retries,
        settings.offsets_channel_backoff_ms / 1000,
        cluster.core.settings.offsets_channel_socket_timeout_ms / 1000,
    )
