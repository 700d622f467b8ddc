"""The conversation with one broker about what to fetch (KIP-227).

From Fetch 7 on a broker remembers the partitions of a request, so that the next one names only
what has changed since, and its answer only partitions that have news. From 13 on topics go by
their ids, where metadata tell those of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..exceptions import MalformedDataError, ProtocolClientError
from ..wire.errors import error_info
from ..wire.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from ..wire.primitives import ZERO_UUID
from .fetching import FetchLimits, FetchPlan

__all__ = ["BY_NAME", "FetchSession", "is_about_session"]

#: The highest version in which topics go by their names.
BY_NAME = 12
_FIRST_BOUNDED = 3
_FIRST_WITH_SESSION = 7
_NONE, _FIRST_EPOCH = -1, 0
_LAST_EPOCH = 2**31 - 1
#: FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR.
_SESSION_CODES = (70, 71, 106)

_Key = tuple[str, int]


class _Asked(NamedTuple):
    """How a request names a partition; the same need not be said twice."""

    fetch_offset: int
    leader_epoch: int
    topic_id: bytes


def is_about_session(error: Exception) -> bool:
    """Whether the broker has forgotten the session, or lost count: begin anew, at once."""
    return isinstance(error, ProtocolClientError) and error.error_code in _SESSION_CODES


class FetchSession:
    """Makes requests out of plans, and tells what their answers say. One is under way at most.

    :param isolation_level: 1 to get no record of a transaction that is open.
    :ivar version: of the last request; ``None`` at first.
    """

    def __init__(self, limits: FetchLimits, isolation_level: int) -> None:
        self.version: int | None = None
        self._limits = limits
        self._isolation_level = isolation_level
        self.reset()

    def reset(self) -> None:
        """Begin anew with the next request: the connection broke, or the broker forgot."""
        self._id = 0
        self._epoch = _FIRST_EPOCH
        self._held: dict[_Key, _Asked] = {}
        self._asking: dict[_Key, _Asked] = {}
        self._names: dict[bytes, str] = {}

    @property
    def bounded(self) -> bool:
        """Whether the broker keeps to ``max_bytes`` over all partitions."""
        return self.version is not None and self.version >= _FIRST_BOUNDED

    @property
    def established(self) -> bool:
        """Whether the broker remembers the last request, as far as is known."""
        return self._id != 0

    def request(self, plan: FetchPlan, ids: Mapping[str, bytes], version: int) -> FetchRequest:
        """The request that a plan stands for, in the version that was negotiated.

        :param ids: of the plan's topics; not looked at up to :data:`BY_NAME`.
        """
        if version != self.version:
            self.reset()
            self.version = version
        if version <= BY_NAME:
            ids = {}
        self._names = {id_: name for name, id_ in ids.items()}
        self._asking = {}
        for state in plan.states:
            assert state.fetch_offset is not None
            leader_epoch = state.leader[1] if state.leader is not None else -1
            topic_id = ids.get(state.key[0], ZERO_UUID)
            self._asking[state.key] = _Asked(state.fetch_offset, leader_epoch, topic_id)
        news = {key: asked for key, asked in self._asking.items() if self._held.get(key) != asked}
        gone = [
            (key, held)
            for key, held in self._held.items()
            if key not in self._asking or self._asking[key].topic_id != held.topic_id
        ]
        return FetchRequest(
            max_wait_ms=plan.max_wait_ms,
            min_bytes=self._limits.min_bytes,
            max_bytes=self._limits.max_bytes,
            isolation_level=self._isolation_level,
            session_id=self._id,
            session_epoch=self._epoch if version >= _FIRST_WITH_SESSION else _NONE,
            topics=self._topics(news),
            forgotten_topics_data=[
                ForgottenTopic(topic=topic, topic_id=held.topic_id, partitions=[id_])
                for (topic, id_), held in gone
            ],
        )

    def _topics(self, wanted: Mapping[_Key, _Asked]) -> list[FetchTopic]:
        topics: dict[str, FetchTopic] = {}
        for (name, id_), asked in wanted.items():
            if name not in topics:
                topics[name] = FetchTopic(topic=name, topic_id=asked.topic_id, partitions=[])
            topics[name].partitions.append(
                FetchPartition(
                    partition=id_,
                    current_leader_epoch=asked.leader_epoch,
                    fetch_offset=asked.fetch_offset,
                    partition_max_bytes=self._limits.partition_max_bytes,
                )
            )
        return list(topics.values())

    def answered(self, answer: Any, doing: str) -> tuple[dict[_Key, Any], bool]:
        """What the broker says of partitions, and whether it leaves out those without news.

        :param doing: what was asked of whom, in words for errors.
        :raises ProtocolClientError: it refuses the request as a whole.
        :raises MalformedDataError: it says something about a topic that was not asked for.
        """
        if answer.error_code:
            self.reset()
            raise error_info(answer.error_code).exception(doing)
        sparse = self.established
        if answer.session_id:
            self._epoch = 1 if self._epoch == _LAST_EPOCH else self._epoch + 1
            self._held = self._asking
        else:
            names = self._names
            self.reset()
            self._names = names
        self._id = answer.session_id
        parts = {
            (self._name(topic), part.partition_index): part
            for topic in answer.responses
            for part in topic.partitions
        }
        return parts, sparse

    def _name(self, topic: Any) -> str:
        name = topic.topic or self._names.get(topic.topic_id)
        if name is None:
            raise MalformedDataError(
                f"the answer to a fetch is about a topic that was not asked for: {topic.topic_id!r}"
            )
        return str(name)
