"""A partition of a topic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .common import EPOCH, OffsetType
from .core.procedures.log_offsets import Found, Place, find_places, list_offsets
from .exceptions import InvalidOptionTypeError, OffsetRequestFailedError
from .protocol import OffsetPartitionResponse

if TYPE_CHECKING:
    from .broker import Broker
    from .topic import Topic

__all__ = ["Partition", "Place", "offset_limits", "places", "to_milliseconds"]


class Partition:
    """One partition; found in :attr:`pykafka.topic.Topic.partitions`. Thread-safe."""

    def __init__(
        self,
        topic: Topic,
        id_: int,
        leader: Broker | None,
        replicas: list[Broker],
        isr: list[Broker],
    ) -> None:
        self._topic = topic
        self._id = id_
        self.follow(leader, replicas, isr)

    def follow(self, leader: Broker | None, replicas: list[Broker], isr: list[Broker]) -> None:
        """Take over who leads and replicates it now."""
        self._leader = leader
        self._replicas = replicas
        self._isr = isr

    @property
    def id(self) -> int:
        """Its number in the topic."""
        return self._id

    @property
    def leader(self) -> Broker | None:
        """The broker that leads it; ``None`` while an election is under way."""
        return self._leader

    @property
    def replicas(self) -> list[Broker]:
        """The brokers that hold a copy."""
        return self._replicas

    @property
    def isr(self) -> list[Broker]:
        """Those of them that are in sync."""
        return self._isr

    @property
    def topic(self) -> Topic:
        """Its topic."""
        return self._topic

    def fetch_offset_limit(
        self, offsets_before: int | dt.datetime, max_offsets: int = 1
    ) -> list[int]:
        """Offsets at a time, newest first; see :meth:`pykafka.topic.Topic.fetch_offset_limits`.

        :raises LeaderNotFoundError: it has no leader.
        :raises RemoteError: the leader could not be asked.
        """
        found = offset_limits(self.topic, [self._id], offsets_before, max_offsets)
        return found[self._id].offset

    def find_offset(self, when: int | dt.datetime) -> Place:
        """Where to begin to read the messages from a time on; see
        :meth:`pykafka.topic.Topic.find_offsets`.
        """
        return places(self.topic, [self._id], when)[self._id]

    def latest_available_offset(self) -> int:
        """The offset that the next message will get."""
        return self._limit(OffsetType.LATEST)

    def earliest_available_offset(self) -> int:
        """The first offset that is still there."""
        return self._limit(OffsetType.EARLIEST)

    def _limit(self, which: int) -> int:
        offsets = self.fetch_offset_limit(which)
        if not offsets:
            raise OffsetRequestFailedError(f"the leader of {self!r} names no offset")
        return offsets[0]

    def __repr__(self) -> str:
        leader = self._leader.id if self._leader is not None else None
        return (
            f"<{type(self).__module__}.{type(self).__name__} topic={self._topic.name!r}"
            f" id={self._id} leader={leader}>"
        )

    def __hash__(self) -> int:
        return hash((self._topic.name, self._id))

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Partition):
            return NotImplemented
        return (self._topic.name, self._id) == (other._topic.name, other._id)

    def __lt__(self, other: Partition) -> bool:
        return self._id < other._id


def to_milliseconds(when: int | dt.datetime) -> int:
    """A time for a broker: naive datetimes are UTC, numbers are milliseconds (or magic).

    :raises InvalidOptionTypeError: it is neither.
    """
    if isinstance(when, dt.datetime):
        if when.tzinfo is not None:
            when = when.astimezone(dt.timezone.utc).replace(tzinfo=None)
        return (when - EPOCH) // dt.timedelta(milliseconds=1)
    if not isinstance(when, int):
        raise InvalidOptionTypeError(
            f"a time is a datetime or milliseconds since 1970, not {when!r}"
        )
    return when


def offset_limits(
    topic: Topic, ids: Sequence[int], offsets_before: int | dt.datetime, max_offsets: int
) -> dict[int, OffsetPartitionResponse]:
    """Offsets of some partitions of a topic at a time, newest first; the end where brokers know
    the times of messages and none is as late as that."""
    core = topic.cluster.core
    name = topic.name.decode()
    when = to_milliseconds(offsets_before)
    timeout_s = core.socket_timeout_s

    def find(ids: Sequence[int], when: int, count: int) -> dict[int, Found]:
        wanted = {(name, id_): when for id_ in ids}
        bound_s = timeout_s * (len(ids) + 1)
        found = core.run(list_offsets(core, wanted, timeout_s, count), bound_s)
        return {id_: answer for (_, id_), answer in found.items()}

    found = find(ids, when, max_offsets)
    late = [id_ for id_, answer in found.items() if answer.exact and not answer.offsets]
    if late:
        found.update(find(late, OffsetType.LATEST, 1))
    return {id_: OffsetPartitionResponse(answer.offsets, 0) for id_, answer in found.items()}


def places(topic: Topic, ids: Sequence[int], when: int | dt.datetime) -> dict[int, Place]:
    """Where to read from in some partitions of a topic, to begin at a time."""
    core = topic.cluster.core
    name = topic.name.decode()
    wanted = dict.fromkeys([(name, id_) for id_ in ids], to_milliseconds(when))
    timeout_s = core.socket_timeout_s
    found = core.run(find_places(core, wanted, timeout_s), timeout_s * (len(ids) + 1))
    return {id_: place for (_, id_), place in found.items()}
