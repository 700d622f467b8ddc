"""Offsets that a group has committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ...exceptions import ProtocolClientError, UnsupportedVersion
from ...wire.errors import error_info
from ...wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ...wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from ...wire.primitives import ZERO_UUID
from ...wire.schema import ApiMessage
from ..effects import COORDINATOR, Node, Procedure, Request
from ..partition_keys import PartitionKey, answered_parts, by_topic, named
from .cluster_view import ClusterView
from .coordinator import Patience, ask_coordinator

__all__ = [
    "NOBODY",
    "Committed",
    "Committer",
    "commit_offsets",
    "fetch_all_offsets",
    "fetch_offsets",
]

#: From these versions on topics go by their ids, of commits and of look-ups.
_BY_ID = 10
#: From this version on all offsets of a group can be asked for.
_FIRST_WITH_ALL = 2
#: From this version on several groups are asked for at once.
_FIRST_WITH_GROUPS = 8
#: OffsetFetch v0 (ZooKeeper) answers "unknown topic or partition" with offset -1 where
#: nothing is committed (observed on 0.8.2.2).
_NOTHING_COMMITTED = 3


class Committed(NamedTuple):
    """A committed offset: the next one to read, -1 if there is none."""

    offset: int
    metadata: str
    error_code: int


class Committer(NamedTuple):
    """Who commits, in a group that its coordinator has members of.

    :ivar generation: -1 for somebody who is no member.
    :ivar instance_id: of a static member, else ``None``.
    """

    generation: int = -1
    member: str = ""
    instance_id: str | None = None


#: Somebody who is no member.
NOBODY = Committer()


def commit_offsets(
    view: ClusterView,
    group: str,
    offsets: Mapping[PartitionKey, int],
    metadata: str,
    patience: Patience,
    committer: Committer = NOBODY,
    version: int | None = None,
) -> Procedure[None]:
    """Commit the next offset to read, per partition.

    :param version: 0 keeps them in ZooKeeper (brokers from 0.8.2), ``None`` in Kafka.
    :raises RemoteError: they are not committed; names group and partitions.
    """
    ids = _Ids(view, offsets)

    def message(_: int) -> OffsetCommitRequest:
        return OffsetCommitRequest(
            group_id=group,
            generation_id_or_member_epoch=committer.generation,
            member_id=committer.member,
            group_instance_id=committer.instance_id,
            topics=[
                OffsetCommitRequestTopic(
                    name=topic,
                    topic_id=ids.of(topic),
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
                for topic, parts in by_topic(offsets).items()
            ],
        )

    doing = f"committing offsets of group {group!r}"

    def judge(answer: Any) -> tuple[bool, ProtocolClientError | None]:
        parts = answered_parts(_parts(answer.topics, ids), offsets, doing)
        return True, _group_error(doing, {key: part.error_code for key, part in parts.items()})

    request = _request(message, OffsetCommitRequest, ids, patience, version)
    yield from ask_coordinator(view, group, request, doing, patience, judge)


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
    topics = {
        topic: [id_ for id_, _ in parts] for topic, parts in by_topic(dict.fromkeys(wanted)).items()
    }
    ids = _Ids(view, wanted)

    def message(spoken: int) -> OffsetFetchRequest:
        if spoken < _FIRST_WITH_GROUPS:
            old = [OffsetFetchRequestTopic(name=t, partition_indexes=p) for t, p in topics.items()]
            return OffsetFetchRequest(group_id=group, topics=old)
        new = [
            OffsetFetchRequestTopics(name=t, topic_id=ids.of(t), partition_indexes=p)
            for t, p in topics.items()
        ]
        return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=new)])

    doing = f"looking up offsets of group {group!r}"
    request = _request(message, OffsetFetchRequest, ids, patience, version)
    judge = partial(_judged, doing, ids, wanted)
    return (yield from ask_coordinator(view, group, request, doing, patience, judge))


def fetch_all_offsets(
    view: ClusterView, group: str, patience: Patience
) -> Procedure[dict[PartitionKey, Committed]]:
    """All that a group has committed to Kafka, of whatever topics.

    :raises UnsupportedVersion: the coordinator is older than 0.10.2.
    :raises RemoteError: it could not be read; names the group.
    """

    def message(spoken: int) -> OffsetFetchRequest:
        if spoken < _FIRST_WITH_ALL:
            raise UnsupportedVersion(
                f"a broker before 0.10.2 does not say what all group {group!r} has committed, only"
                " what it has for topics that are named"
            )
        if spoken < _FIRST_WITH_GROUPS:
            return OffsetFetchRequest(group_id=group, topics=None)
        return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=None)])

    doing = f"looking up all offsets of group {group!r}"
    by_name = _Ids(view, ())
    request = _request(message, OffsetFetchRequest, by_name, patience, None)
    judge = partial(_judged, doing, by_name, None)
    return (yield from ask_coordinator(view, group, request, doing, patience, judge))


def _judged(
    doing: str, ids: _Ids, wanted: Iterable[PartitionKey] | None, answer: Any
) -> tuple[dict[PartitionKey, Committed] | None, ProtocolClientError | None]:
    """What an answer to OffsetFetch says of the wanted partitions, or of all that are in it."""
    found = answer.groups[0] if answer.groups else answer
    if found.error_code:
        return None, error_info(found.error_code).exception(doing)
    parts = _parts(found.topics, ids)
    if wanted is not None:
        parts = answered_parts(parts, wanted, doing)
    committed = {
        key: Committed(part.committed_offset, part.metadata or "", part.error_code)
        for key, part in parts.items()
    }
    codes = {key: part.error_code for key, part in committed.items()}
    failed = {key: code for key, code in codes.items() if code != _NOTHING_COMMITTED}
    return committed, _group_error(doing, failed)


class _Ids:
    """The ids of the topics in a request, or that they have to go by name."""

    def __init__(self, view: ClusterView, keys: Iterable[PartitionKey]) -> None:
        self._view = view
        self._topics = {topic for topic, _ in keys}
        self.look_up()

    def look_up(self) -> None:
        """Follow the newest metadata: a topic that was made anew has another id."""
        self._by_name = self._view.snapshot.topic_ids(self._topics) or {}
        self._names = {id_: name for name, id_ in self._by_name.items()}
        #: The highest version that can be used.
        self.at_most = None if self._by_name else _BY_ID - 1

    def of(self, topic: str) -> bytes:
        return self._by_name.get(topic, ZERO_UUID)

    def name(self, topic: Any) -> str:
        """Of a topic in an answer, which goes by the one or the other."""
        name: str = topic.name or self._names.get(topic.topic_id, "")
        return name


def _request(
    message: Callable[[int], ApiMessage],
    api: type[ApiMessage],
    ids: _Ids,
    patience: Patience,
    version: int | None,
) -> Callable[[Node], Request]:
    """What is sent to the coordinator at each try."""

    def request(node: Node) -> Request:
        ids.look_up()
        timeout_s, most = patience.timeout_s, ids.at_most
        return Request(node, message, COORDINATOR, timeout_s, version, api=api, at_most=most)

    return request


def _parts(topics: Iterable[Any], ids: _Ids) -> dict[PartitionKey, Any]:
    return {
        (ids.name(topic), part.partition_index): part
        for topic in topics
        for part in topic.partitions
    }


def _group_error(doing: str, codes: Mapping[PartitionKey, int]) -> ProtocolClientError | None:
    """One error for several partitions: the first that no retry can mend, else the first."""
    bad = [(key, code) for key, code in codes.items() if code]
    if not bad:
        return None
    key, code = min(bad, key=lambda item: error_info(item[1]).retriable)
    more = f" (and {len(bad) - 1} more partitions)" if len(bad) > 1 else ""
    return error_info(code).exception(f"{doing}, partition {named([key])}{more}")
