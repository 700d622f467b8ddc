"""Finding the broker that keeps a group's offsets, and asking it with patience."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from ...exceptions import ProtocolClientError, RemoteError, UnsupportedVersion
from ...wire.errors import error_info
from ...wire.messages.find_coordinator import FindCoordinatorRequest
from ..effects import GENERAL, Node, Procedure, Request, Sleep
from .cluster_view import ClusterView

__all__ = ["Patience", "ask_coordinator", "find_coordinator", "told"]

_T = TypeVar("_T")

#: From this version on several coordinators are asked for at once.
_FIRST_WITH_SEVERAL = 4


class Patience(NamedTuple):
    """How often a request to the coordinator is repeated, and how long each may take.

    :ivar retries: repetitions after the first try.
    :ivar backoff_s: the wait before the n-th repetition is n times this.
    """

    retries: int
    backoff_s: float
    timeout_s: float


def find_coordinator(view: ClusterView, group: str, patience: Patience) -> Procedure[Node]:
    """The broker that coordinates a group; remembered in the view.

    A cluster whose offsets topic does not exist yet makes it at this request and says
    "not available" until it is there, so that this is repeated.

    :raises RemoteError: no broker could say within the retries.
    """
    known = view.coordinators.get(group)
    if known is not None:
        return known
    doing = f"looking for the coordinator of group {group!r}"
    failure: RemoteError | None = None
    for attempt in range(patience.retries + 1):
        if attempt:
            yield Sleep(attempt * patience.backoff_s)
        for node in view.nodes():
            request = Request(
                node,
                partial(_request, group),
                GENERAL,
                patience.timeout_s,
                api=FindCoordinatorRequest,
            )
            try:
                answer = yield request
            except RemoteError as error:
                failure = error
                continue
            # From version 4 on there is one for each group that was asked for.
            found = answer.coordinators[0] if answer.coordinators else answer
            if not found.error_code:
                view.coordinators[group] = _coordinator(view, found)
                return view.coordinators[group]
            info = error_info(found.error_code)
            failure = info.exception(doing)
            if not info.retriable:
                raise failure
    assert failure is not None
    raise told(doing, failure)


def _request(group: str, version: int) -> FindCoordinatorRequest:
    if version < _FIRST_WITH_SEVERAL:
        return FindCoordinatorRequest(key=group)
    return FindCoordinatorRequest(coordinator_keys=[group])


def told(doing: str, failure: RemoteError) -> RemoteError:
    """A failure of the network with what it came in the way of; a broker's own says so."""
    if isinstance(failure, ProtocolClientError):
        return failure
    longer = type(failure)(f"{doing}: {failure}")
    longer.__cause__ = failure
    return longer


def _coordinator(view: ClusterView, answer: Any) -> Node:
    known = view.snapshot.brokers.get(answer.node_id)
    if known is not None and (known.host, known.port) == (answer.host, answer.port):
        return int(answer.node_id)
    return str(answer.host), int(answer.port)


def ask_coordinator(
    view: ClusterView,
    group: str,
    request: Callable[[Node], Request],
    doing: str,
    patience: Patience,
    judge: Callable[[Any], tuple[_T | None, ProtocolClientError | None]],
) -> Procedure[_T]:
    """Send a request to a group's coordinator until the answer is good or patience ends.

    :param request: what to send, given the coordinator.
    :param doing: what it is for, in words for errors.
    :param judge: takes the answer to (result, None), or (None, the error that is in it).
    :raises RemoteError: the last failure; non-retriable ones at once.
    """
    failure: RemoteError | None = None
    for attempt in range(patience.retries + 1):
        if attempt:
            yield Sleep(attempt * patience.backoff_s)
        node = yield from find_coordinator(view, group, patience)
        try:
            answer = yield request(node)
        except UnsupportedVersion:
            raise  # no retry will teach it one
        except RemoteError as error:
            failure = error
            view.coordinators.pop(group, None)
            continue
        result, failure = judge(answer)
        if failure is None:
            return result  # type: ignore[return-value]  # a judge without failure has a result
        info = error_info(failure.error_code or 0)
        if info.find_coordinator:
            view.coordinators.pop(group, None)
        if not info.retriable:
            raise failure
    assert failure is not None
    raise told(doing, failure)
