"""Records at an offset, beside whatever a consumer is fetching."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ...exceptions import LeaderNotFoundError
from ...wire.errors import error_info
from ...wire.messages.fetch import FetchRequest
from ..effects import Procedure, Refresh, Request
from ..fetch_session import BY_NAME, FetchSession
from ..fetching import FetchLimits, FetchPlan, FetchState
from ..partition_keys import PartitionKey, answered_parts, named
from .cluster_view import ClusterView

__all__ = ["RecordSet", "fetch_record_set"]


class RecordSet(NamedTuple):
    """What a broker has at an offset and behind it.

    :ivar aborted: transactions whose messages do not count: (producer id, first offset).
    """

    data: bytes
    aborted: list[tuple[int, int]]


def fetch_record_set(
    view: ClusterView,
    key: PartitionKey,
    offset: int,
    limits: FetchLimits,
    isolation_level: int,
    purpose: str,
    timeout_s: float,
) -> Procedure[RecordSet]:
    """Fetch once, from the leader that is known, without waiting for data.

    :param purpose: of the connection.
    :raises LeaderNotFoundError: there is no leader just now.
    :raises RemoteError: it does not answer, or refuses (the offset is out of range, say).
    """
    snapshot = view.snapshot
    if snapshot.leader(*key) is None:
        snapshot = yield Refresh([key[0]])
    leader = snapshot.leader(*key)
    if leader is None:
        raise LeaderNotFoundError(f"{named([key])} has no leader")
    state = FetchState(key, offset, 0)
    state.follow(leader, snapshot.leader_epoch(*key))
    session = FetchSession(limits, isolation_level)
    ids: Mapping[str, bytes] | None = snapshot.topic_ids({key[0]})
    answer = yield Request(
        leader,
        partial(session.request, FetchPlan([state], 0, None), ids or {}),
        purpose,
        timeout_s,
        api=FetchRequest,
        at_most=BY_NAME if ids is None else None,
    )
    doing = f"fetching {named([key])} at offset {offset} again"
    parts, _ = session.answered(answer, doing)
    part: Any = answered_parts(parts, [key], doing)[key]
    if part.error_code:
        raise error_info(part.error_code).exception(doing)
    aborted = [(one.producer_id, one.first_offset) for one in part.aborted_transactions or ()]
    return RecordSet(bytes(part.records or b""), aborted)
