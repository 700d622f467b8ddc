"""Offsets: where a log begins and ends, and what a group has committed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from ...exceptions import (
    LeaderNotFoundError,
    MalformedDataError,
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
from ...wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ...wire.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestTopic
from ..effects import GENERAL, Procedure, Refresh, Request, Sleep
from .cluster_view import ClusterView
from .coordinator import Patience, ask_coordinator

__all__ = [
    "Committed",
    "Found",
    "PartitionKey",
    "commit_offsets",
    "fetch_offsets",
    "list_offsets",
]

#: (topic, partition id)
PartitionKey: TypeAlias = tuple[str, int]

_LIST_RETRIES = 5
_LIST_BACKOFF_S = 0.2


class Found(NamedTuple):
    """Offsets found for a partition, newest first, and the code that came with them."""

    offsets: list[int]
    error_code: int


class Committed(NamedTuple):
    """A committed offset: the next one to read, -1 if there is none."""

    offset: int
    metadata: str
    error_code: int


def list_offsets(
    view: ClusterView,
    wanted: Mapping[PartitionKey, int],
    max_offsets: int,
    timeout_s: float,
) -> Procedure[dict[PartitionKey, Found]]:
    """Look offsets up at the partitions' leaders.

    :param wanted: partition -> time in ms, or a magic offset (-1 latest, -2 earliest).
    :raises LeaderNotFoundError: a partition had no leader for all of the tries.
    :raises RemoteError: a leader did not answer, or answered with an error.
    """
    found: dict[PartitionKey, Found] = {}
    failure: RemoteError | None = None
    for attempt in range(_LIST_RETRIES + 1):
        rest = [key for key in wanted if key not in found]
        if not rest:
            break
        if attempt:
            yield Sleep(attempt * _LIST_BACKOFF_S)
            yield Refresh(sorted({topic for topic, _ in rest}))
        for leader, keys in _by_leader(view, rest).items():
            if leader is None:
                failure = LeaderNotFoundError(f"no leader is known for {_names(keys)}")
                continue
            request = _list_request({key: wanted[key] for key in keys}, max_offsets)
            try:
                answer = yield Request(leader, request, GENERAL, timeout_s)
            except UnsupportedVersion:
                raise
            except RemoteError as error:
                failure = error
                continue
            failure = _take_found(answer, keys, found) or failure
    if len(found) < len(wanted):
        assert failure is not None
        raise failure
    return found


def _by_leader(
    view: ClusterView, keys: Iterable[PartitionKey]
) -> dict[int | None, list[PartitionKey]]:
    grouped = defaultdict(list)
    for key in keys:
        grouped[view.snapshot.leader(*key)].append(key)
    return grouped


def _names(keys: Iterable[PartitionKey]) -> str:
    return ", ".join(f"{topic}/{partition}" for topic, partition in keys)


def _list_request(wanted: Mapping[PartitionKey, int], max_offsets: int) -> ListOffsetsRequest:
    return ListOffsetsRequest(
        replica_id=-1,
        topics=[
            ListOffsetsTopic(
                name=topic,
                partitions=[
                    ListOffsetsPartition(
                        partition_index=id_, timestamp=when, max_num_offsets=max_offsets
                    )
                    for id_, when in parts
                ],
            )
            for topic, parts in _by_topic(wanted).items()
        ],
    )


def _by_topic(values: Mapping[PartitionKey, Any]) -> dict[str, list[tuple[int, Any]]]:
    grouped = defaultdict(list)
    for (topic, partition), value in values.items():
        grouped[topic].append((partition, value))
    return grouped


def _take_found(
    answer: Any, keys: Sequence[PartitionKey], found: dict[PartitionKey, Found]
) -> ProtocolClientError | None:
    """Put the good parts of an answer into ``found``; the retriable error among the others."""
    failure = None
    doing = "looking up offsets"
    for key, part in _parts(answer, keys, doing).items():
        if not part.error_code:
            found[key] = Found(list(part.old_style_offsets), 0)
            continue
        info = error_info(part.error_code)
        failure = info.exception(f"{doing} of {_names([key])}")
        if not info.retriable:
            raise failure
    return failure


def _parts(answer: Any, keys: Sequence[PartitionKey], doing: str) -> dict[PartitionKey, Any]:
    """The parts of an answer that were asked for.

    :raises MalformedDataError: one is not there.
    """
    parts = {
        (topic.name, part.partition_index): part
        for topic in answer.topics
        for part in topic.partitions
    }
    missing = [key for key in keys if key not in parts]
    if missing:
        raise MalformedDataError(f"{doing}: the broker's answer leaves out {_names(missing)}")
    return {key: parts[key] for key in keys}


def commit_offsets(
    view: ClusterView,
    group: str,
    offsets: Mapping[PartitionKey, int],
    metadata: str,
    patience: Patience,
    generation: int = -1,
    member: str = "",
    version: int | None = None,
) -> Procedure[None]:
    """Commit the next offset to read, per partition.

    :param version: 0 keeps them in ZooKeeper (brokers from 0.8.2), ``None`` in Kafka.
    :raises RemoteError: they are not committed; names group and partitions.
    """
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=generation,
        member_id=member,
        topics=[
            OffsetCommitRequestTopic(
                name=topic,
                partitions=[
                    # Version 1's commit timestamp of -1 means "when it arrives".
                    OffsetCommitRequestPartition(
                        partition_index=id_,
                        committed_offset=offset,
                        committed_metadata=metadata,
                    )
                    for id_, offset in parts
                ],
            )
            for topic, parts in _by_topic(offsets).items()
        ],
    )

    doing = f"committing offsets of group {group!r}"

    def judge(answer: Any) -> tuple[bool, ProtocolClientError | None]:
        parts = _parts(answer, list(offsets), doing)
        return True, _group_error(doing, {key: part.error_code for key, part in parts.items()})

    yield from ask_coordinator(view, group, request, doing, patience, judge, version)


def fetch_offsets(
    view: ClusterView,
    group: str,
    keys: Iterable[PartitionKey],
    patience: Patience,
    version: int | None = None,
) -> Procedure[dict[PartitionKey, Committed]]:
    """What a group has committed for these partitions; offset -1 where nothing is.

    :param version: 0 reads ZooKeeper (brokers from 0.8.2), ``None`` Kafka.
    :raises RemoteError: they could not be read; names group and partitions.
    """
    wanted = list(dict.fromkeys(keys))
    topics = _by_topic(dict.fromkeys(wanted))
    request = OffsetFetchRequest(
        group_id=group,
        topics=[
            OffsetFetchRequestTopic(name=topic, partition_indexes=[id_ for id_, _ in parts])
            for topic, parts in topics.items()
        ],
    )

    doing = f"looking up offsets of group {group!r}"

    def judge(
        answer: Any,
    ) -> tuple[dict[PartitionKey, Committed], ProtocolClientError | None]:
        committed = {
            key: Committed(part.committed_offset, part.metadata or "", part.error_code)
            for key, part in _parts(answer, wanted, doing).items()
        }
        codes = {key: found.error_code for key, found in committed.items()}
        failed = {key: code for key, code in codes.items() if code != _NOTHING_COMMITTED}
        return committed, _group_error(doing, failed)

    return (yield from ask_coordinator(view, group, request, doing, patience, judge, version))


#: OffsetFetch v0 (ZooKeeper) answers "unknown topic or partition" with offset -1 where
#: nothing is committed (observed on 0.8.2.2).
_NOTHING_COMMITTED = 3


def _group_error(doing: str, codes: Mapping[PartitionKey, int]) -> ProtocolClientError | None:
    """One error for several partitions: the first that no retry can mend, else the first."""
    bad = [(key, code) for key, code in codes.items() if code]
    if not bad:
        return None
    key, code = min(bad, key=lambda item: error_info(item[1]).retriable)
    more = f" (and {len(bad) - 1} more partitions)" if len(bad) > 1 else ""
    return error_info(code).exception(f"{doing}, partition {_names([key])}{more}")
