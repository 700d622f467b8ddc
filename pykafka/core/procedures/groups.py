"""Listing and describing groups, at the brokers that coordinate them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from ...exceptions import MalformedDataError, RemoteError, UnsupportedVersion
from ...wire.errors import error_info
from ...wire.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from ...wire.messages.describe_groups import DescribeGroupsRequest
from ...wire.messages.list_groups import ListGroupsRequest
from ..effects import COORDINATOR, Node, Procedure, Refresh, Request, Sleep
from ..groups import CLASSIC, DEAD, Group, classic_group, consumer_group
from .cluster_view import ClusterView
from .coordinator import Patience, find_coordinator, told

__all__ = ["ListedGroup", "describe_all_groups", "describe_groups", "list_groups"]

#: Codes with which a coordinator says that it has no such group, or none of that type.
_NOT_THERE = (UnsupportedVersion.ERROR_CODE, 69)


class ListedGroup(NamedTuple):
    """A group in its coordinator's list.

    :ivar type: :data:`~pykafka.core.groups.CLASSIC` where brokers do not say (before 3.8).
    :ivar state: empty where brokers do not say (before 2.6).
    """

    id: str
    type: str
    state: str
    protocol_type: str
    coordinator: Node


def list_groups(view: ClusterView, patience: Patience) -> Procedure[dict[str, ListedGroup]]:
    """The groups of all brokers, by id.

    :raises UnsupportedVersion: the brokers are older than groups (0.9).
    :raises RemoteError: a broker of the cluster could not say within the retries.
    """
    found: dict[str, ListedGroup] = {}
    asked: set[int] = set()
    failure: RemoteError | None = None
    for attempt in range(patience.retries + 1):
        if attempt:
            yield Sleep(attempt * patience.backoff_s)
            yield Refresh([])  # one that is gone need not be asked any more
        failure = None
        for node in [node for node in view.snapshot.brokers if node not in asked]:
            doing = f"listing the groups of broker {node}"
            try:
                answer = yield Request(node, ListGroupsRequest(), COORDINATOR, patience.timeout_s)
            except UnsupportedVersion:
                raise
            except RemoteError as error:
                failure = told(doing, error)
                continue
            if answer.error_code:
                info = error_info(answer.error_code)
                failure = info.exception(doing)
                if not info.retriable:
                    raise failure
                continue
            asked.add(node)
            for group in answer.groups:
                found[group.group_id] = ListedGroup(
                    group.group_id,
                    group.group_type.lower() or CLASSIC,
                    group.group_state,
                    group.protocol_type,
                    node,
                )
        if failure is None:
            return found
    assert failure is not None
    raise failure


def describe_groups(
    view: ClusterView, groups: Iterable[str], patience: Patience
) -> Procedure[dict[str, Group]]:
    """What their coordinators say of groups, by id. One that is not there is ``DEAD``.

    :raises UnsupportedVersion: the brokers are older than groups (0.9).
    :raises RemoteError: one could not be described within the retries; names it.
    """
    found: dict[str, Group] = {}
    rest = list(dict.fromkeys(groups))
    failure: RemoteError | None = None
    for attempt in range(patience.retries + 1):
        if attempt:
            yield Sleep(attempt * patience.backoff_s)
        for node, names in (yield from _by_coordinator(view, rest, patience)).items():
            try:
                described = yield from _describe_at(node, names, patience.timeout_s)
            except UnsupportedVersion:
                raise
            except RemoteError as error:
                failure = told(f"describing groups {', '.join(names)}", error)
                _forget(view, names)
                continue
            for group in described:
                if not group.error_code:
                    found[group.id] = group
                    continue
                info = error_info(group.error_code)
                failure = info.exception(f"describing group {group.id!r}")
                if not info.retriable:
                    raise failure
                if info.find_coordinator:
                    _forget(view, [group.id])
        rest = [group for group in rest if group not in found]
        if not rest:
            return found
    assert failure is not None
    raise failure


def describe_all_groups(view: ClusterView, patience: Patience) -> Procedure[dict[str, Group]]:
    """What the cluster says of all its groups, by id.

    Of types that this client cannot describe, what their listing says: no members.

    :raises UnsupportedVersion: the brokers are older than groups (0.9).
    :raises RemoteError: see :func:`list_groups` and :func:`describe_groups`.
    """
    listed = yield from list_groups(view, patience)
    for id_, listing in listed.items():
        view.coordinators[id_] = listing.coordinator
    found = yield from describe_groups(view, listed, patience)
    for id_, listing in listed.items():
        if found[id_].state == DEAD and listing.state and listing.state != DEAD:
            _, type_, state, protocol_type, node = listing
            found[id_] = Group(id_, type_, state, protocol_type, "", (), coordinator=node)
    return {id_: found[id_] for id_ in sorted(found)}


def _by_coordinator(
    view: ClusterView, groups: Iterable[str], patience: Patience
) -> Procedure[dict[Node, list[str]]]:
    grouped = defaultdict(list)
    for group in groups:
        node = yield from find_coordinator(view, group, patience)
        grouped[node].append(group)
    return grouped


def _forget(view: ClusterView, groups: Iterable[str]) -> None:
    for group in groups:
        view.coordinators.pop(group, None)


def _describe_at(node: Node, names: list[str], timeout_s: float) -> Procedure[list[Group]]:
    """Groups as one coordinator describes them, with its error codes but :data:`_NOT_THERE`."""
    answer = yield Request(node, DescribeGroupsRequest(groups=names), COORDINATOR, timeout_s)
    groups = {group.group_id: classic_group(group) for group in answer.groups}
    if left_out := [name for name in names if name not in groups]:
        raise MalformedDataError(f"the answer leaves out {', '.join(left_out)}")
    missing = [
        id_
        for id_, group in groups.items()
        if group.error_code in _NOT_THERE or group.state == DEAD
    ]
    if missing:
        # Of the newer protocol's groups this request knows nothing.
        newer = ConsumerGroupDescribeRequest(group_ids=missing, include_authorized_operations=False)
        try:
            answer = yield Request(node, newer, COORDINATOR, timeout_s)
        except UnsupportedVersion:
            pass  # the broker has no such groups
        else:
            for described in answer.groups:
                if described.error_code not in _NOT_THERE:
                    groups[described.group_id] = consumer_group(described)
    return [_settled(group)._replace(coordinator=node) for group in groups.values()]


def _settled(group: Group) -> Group:
    """Older versions call a group dead that newer ones have an error code for."""
    return group._replace(state=DEAD, error_code=0) if group.error_code in _NOT_THERE else group
