"""Where logs begin and end, and what lies in them at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...common import OffsetType
from ...exceptions import (
    LeaderNotFoundError,
    OffsetRequestFailedError,
    ProtocolClientError,
    RemoteError,
    UnsupportedVersion,
)
from ...wire.errors import error_info
from ...wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from ..effects import GENERAL, Procedure, Refresh, Request, Sleep
from ..partition_keys import PartitionKey, answered_parts, by_topic, named
from .cluster_view import ClusterView

__all__ = ["Found", "Place", "find_places", "list_offsets"]

_RETRIES = 5
_BACKOFF_S = 0.2
#: Version 0 knows the times of segments; from 1 on brokers know those of messages.
_BY_SEGMENT = 0
_FIRST_WITH_ISOLATION = 2
#: UNSUPPORTED_FOR_MESSAGE_FORMAT: the topic's messages have no times, those of segments remain.
_NO_TIMES = 43
_DOING = "looking up offsets"


class Found(NamedTuple):
    """What a leader answered about one partition.

    :ivar offsets: newest first; empty if there is none at that time.
    :ivar timestamp: of the message at the offset, in milliseconds; -1 if that is not told.
    :ivar exact: whether the broker looked at the times of messages, not of segments.
    """

    offsets: list[int]
    timestamp: int = -1
    exact: bool = False


class Place(NamedTuple):
    """A place in a log.

    :ivar offset: the next one to read.
    :ivar timestamp: of the message there, in milliseconds; -1 if that is not told.
    :ivar exact: whether this is the first message at or after the time that was asked for;
        else it is the beginning of a segment, and messages before that time may follow.
    :ivar beyond: whether there is nothing at that time: it lies before the first segment, or
        (``exact``) after the last message.
    """

    offset: int
    timestamp: int = -1
    exact: bool = True
    beyond: bool = False


def find_places(
    view: ClusterView,
    wanted: Mapping[PartitionKey, int],
    timeout_s: float,
    isolation_level: int = 0,
) -> Procedure[dict[PartitionKey, Place]]:
    """The offset to read next, to begin at a time or at an end of the log.

    Where there is no message as late as that, this is the end. Where brokers know the times
    of segments only and none is as old as that, it is the beginning.

    :param wanted: partition -> time in ms, or a magic offset (-1 latest, -2 earliest).
    :raises RemoteError: as :func:`list_offsets` does.
    :raises OffsetRequestFailedError: a leader names no end of a log.
    """
    found = yield from list_offsets(view, wanted, timeout_s, isolation_level=isolation_level)
    ends = {
        key: OffsetType.LATEST if found[key].exact else OffsetType.EARLIEST
        for key, when in wanted.items()
        if when >= 0 and not found[key].offsets
    }
    places = {}
    if ends:
        places = yield from find_places(view, ends, timeout_s, isolation_level)
    for key, answer in found.items():
        if key in ends:
            places[key] = places[key]._replace(exact=answer.exact, beyond=True)
        elif answer.offsets:
            exact = answer.exact or wanted[key] < 0
            places[key] = Place(answer.offsets[0], answer.timestamp, exact)
        else:
            raise OffsetRequestFailedError(f"the leader of {named([key])} names no offset")
    return places


def list_offsets(
    view: ClusterView,
    wanted: Mapping[PartitionKey, int],
    timeout_s: float,
    max_offsets: int = 1,
    isolation_level: int = 0,
) -> Procedure[dict[PartitionKey, Found]]:
    """Look offsets up at the partitions' leaders.

    :param wanted: partition -> time in ms, or a magic offset (-1 latest, -2 earliest).
    :param max_offsets: more than one come from brokers before 4.0 only.
    :param isolation_level: with 1, the end is where the first open transaction begins.
    :raises LeaderNotFoundError: a partition had no leader for all of the tries.
    :raises RemoteError: a leader did not answer, or answered with an error.
    """
    found: dict[PartitionKey, Found] = {}
    by_segment: set[PartitionKey] = set(wanted) if max_offsets > 1 else set()
    failure: RemoteError | None = None
    for attempt in range(_RETRIES + 1):
        rest = [key for key in wanted if key not in found]
        if not rest:
            break
        if attempt:
            yield Sleep(attempt * _BACKOFF_S)
            try:
                yield Refresh(sorted({topic for topic, _ in rest}))
            except RemoteError as error:
                failure = error  # the leaders that are known may answer all the same
        for (leader, coarse), keys in _grouped(view, rest, by_segment).items():
            if leader is None:
                failure = LeaderNotFoundError(f"no leader is known for {named(keys)}")
                continue
            asked = {key: wanted[key] for key in keys}
            try:
                answer, version = yield from _ask(
                    leader, asked, max_offsets, isolation_level, coarse, timeout_s
                )
            except UnsupportedVersion:
                if not coarse:
                    raise
                by_segment.difference_update(keys)  # it knows the times of messages
                continue
            except RemoteError as error:
                failure = error
                continue
            failure = _take(answer, version, keys, found, by_segment) or failure
    if len(found) < len(wanted):
        assert failure is not None
        raise failure
    return found


def _grouped(
    view: ClusterView, keys: Iterable[PartitionKey], by_segment: set[PartitionKey]
) -> dict[tuple[int | None, bool], list[PartitionKey]]:
    grouped = defaultdict(list)
    for key in keys:
        grouped[view.snapshot.leader(*key), key in by_segment].append(key)
    return grouped


def _ask(
    leader: int,
    wanted: Mapping[PartitionKey, int],
    max_offsets: int,
    isolation_level: int,
    coarse: bool,
    timeout_s: float,
) -> Procedure[tuple[Any, int]]:
    """The answer, and the version that it is of."""
    spoken = _BY_SEGMENT

    def message(version: int) -> ListOffsetsRequest:
        nonlocal spoken
        spoken = version
        return _request(wanted, max_offsets, isolation_level, version)

    pinned = _BY_SEGMENT if coarse else None
    answer = yield Request(
        leader, message, GENERAL, timeout_s, version=pinned, api=ListOffsetsRequest
    )
    return answer, spoken


def _request(
    wanted: Mapping[PartitionKey, int], max_offsets: int, isolation_level: int, version: int
) -> ListOffsetsRequest:
    return ListOffsetsRequest(
        replica_id=-1,
        # Brokers without it have no transactions.
        isolation_level=isolation_level if version >= _FIRST_WITH_ISOLATION else 0,
        topics=[
            ListOffsetsTopic(
                name=topic,
                partitions=[
                    ListOffsetsPartition(
                        partition_index=id_,
                        timestamp=when,
                        max_num_offsets=max_offsets if version == _BY_SEGMENT else 1,
                    )
                    for id_, when in parts
                ],
            )
            for topic, parts in by_topic(wanted).items()
        ],
    )


def _take(
    answer: Any,
    version: int,
    keys: Sequence[PartitionKey],
    found: dict[PartitionKey, Found],
    by_segment: set[PartitionKey],
) -> ProtocolClientError | None:
    """Put the good parts of an answer into ``found``; the retriable error among the others."""
    failure = None
    parts = {
        (topic.name, part.partition_index): part
        for topic in answer.topics
        for part in topic.partitions
    }
    for key, part in answered_parts(parts, keys, _DOING).items():
        if not part.error_code:
            found[key] = _found(part, version)
            continue
        info = error_info(part.error_code)
        failure = info.exception(f"{_DOING} of {named([key])}")
        if info.code == _NO_TIMES and key not in by_segment:
            by_segment.add(key)
        elif not info.retriable:
            raise failure
    return failure


def _found(part: Any, version: int) -> Found:
    if version == _BY_SEGMENT:
        return Found(list(part.old_style_offsets))
    return Found([part.offset] if part.offset >= 0 else [], part.timestamp, True)
