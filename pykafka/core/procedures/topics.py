"""Creating and deleting a topic: through the controller, until all brokers see it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ...exceptions import (
    ConnectFailedError,
    NoBrokersAvailableError,
    ProtocolClientError,
    RemoteError,
    RequestTimedOut,
    TopicAlreadyExists,
    UnknownTopicOrPartition,
    UnsupportedVersion,
    WaitTimedOutError,
)
from ...wire.errors import error_info
from ...wire.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from ...wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from ...wire.primitives import ZERO_UUID
from ...wire.schema import ApiMessage
from ..effects import ADMINISTRATION, Node, Now, Procedure, Refresh, Request, Sleep
from .cluster import fetch_metadata
from .cluster_view import ClusterView
from .coordinator import told

__all__ = ["DEFAULT", "NewTopic", "create_topic", "delete_message", "delete_topic"]

#: As a number of partitions or copies: what the brokers are set to.
DEFAULT = -1

_PAUSE_S = 0.1
#: One broker that keeps silent must not use up the time of all.
_LOOK_S = 5.0
#: The controller answers this early, to leave time to see that the others follow.
_CONTROLLERS_SHARE = 0.8
#: From this version of CreateTopics on, :data:`DEFAULT` is understood.
_FIRST_WITH_DEFAULTS = 4
#: From this version of DeleteTopics on, topics have a structure each.
_FIRST_WITH_STATES = 6


class NewTopic(NamedTuple):
    """A topic to create.

    :ivar partitions: with ``assignment`` :data:`DEFAULT`, as is ``replication_factor``.
    :ivar assignment: partition id -> the brokers that hold it, the preferred leader first.
    """

    name: str
    partitions: int
    replication_factor: int
    assignment: Mapping[int, Sequence[int]]
    config: Mapping[str, str | None]


def create_topic(view: ClusterView, topic: NewTopic, timeout_s: float) -> Procedure[None]:
    """Create a topic; ends when all brokers that answer see a leader for each partition.

    :raises UnsupportedVersion: the brokers are too old for it.
    :raises ProtocolClientError: the controller refuses; names the topic and says why.
    :raises WaitTimedOutError: it is not so within ``timeout_s``.
    """
    doing = f"creating topic {topic.name!r}"
    deadline = (yield Now()) + timeout_s

    def message(left_ms: int, version: int) -> CreateTopicsRequest:
        defaults = DEFAULT in (topic.partitions, topic.replication_factor)
        if defaults and not topic.assignment and version < _FIRST_WITH_DEFAULTS:
            raise UnsupportedVersion(
                f"{doing}: these brokers have to be told how many partitions and copies it gets"
                " (Kafka 2.4 knows itself)"
            )
        return CreateTopicsRequest(topics=[_creatable(topic)], timeout_ms=left_ms)

    wanted = len(topic.assignment) or topic.partitions

    def is_there(found: Any) -> bool:
        if found is None or found.error_code:
            return False
        leaders = [part.leader_id for part in found.partitions]
        return -1 not in leaders and (len(leaders) == wanted or (wanted < 0 and bool(leaders)))

    yield from _have_created(view, topic.name, message, doing, deadline)
    yield from _await_all(view, topic.name, is_there, doing, deadline)


def _have_created(
    view: ClusterView,
    name: str,
    message: Callable[[int, int], ApiMessage],
    doing: str,
    deadline: float,
) -> Procedure[None]:
    exists = TopicAlreadyExists
    while True:
        try:
            yield from _ask_controller(view, CreateTopicsRequest, message, exists, doing, deadline)
        except TopicAlreadyExists:
            # Controllers with a ZooKeeper keep the name of a topic that is being deleted, when
            # no broker lists it any more.
            found = yield from _look(_controller(view), name)
            if not _is_gone(found) or (yield Now()) >= deadline - _PAUSE_S:
                raise
            yield Sleep(_PAUSE_S)
        else:
            return


def delete_topic(view: ClusterView, name: str, timeout_s: float) -> Procedure[None]:
    """Delete a topic; ends when no broker that answers lists it.

    :raises UnsupportedVersion: the brokers are too old for it.
    :raises ProtocolClientError: the controller refuses; names the topic and says why.
    :raises WaitTimedOutError: it is not so within ``timeout_s``.
    """
    doing = f"deleting topic {name!r}"
    deadline = (yield Now()) + timeout_s

    def message(left_ms: int, version: int) -> DeleteTopicsRequest:
        return delete_message([name], left_ms, version)

    gone = UnknownTopicOrPartition
    yield from _ask_controller(view, DeleteTopicsRequest, message, gone, doing, deadline)
    yield from _await_all(view, name, _is_gone, doing, deadline)


def _is_gone(found: Any) -> bool:
    """Whether a broker's metadata of a topic say that there is none."""
    return found is None or (
        found is not _SILENT and found.error_code == UnknownTopicOrPartition.ERROR_CODE
    )


def delete_message(names: Sequence[str], timeout_ms: int, version: int) -> DeleteTopicsRequest:
    """A DeleteTopics request, which has the names elsewhere from version to version."""
    if version < _FIRST_WITH_STATES:
        return DeleteTopicsRequest(topic_names=list(names), timeout_ms=timeout_ms)
    states = [DeleteTopicState(name=name, topic_id=ZERO_UUID) for name in names]
    return DeleteTopicsRequest(topics=states, timeout_ms=timeout_ms)


def _creatable(topic: NewTopic) -> CreatableTopic:
    return CreatableTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=topic.replication_factor,
        assignments=[
            CreatableReplicaAssignment(partition_index=id_, broker_ids=list(brokers))
            for id_, brokers in topic.assignment.items()
        ],
        configs=[CreatableTopicConfig(name=key, value=text) for key, text in topic.config.items()],
    )


def _ask_controller(
    view: ClusterView,
    api: type[ApiMessage],
    message: Callable[[int, int], ApiMessage],
    done: type[ProtocolClientError],
    doing: str,
    deadline: float,
) -> Procedure[None]:
    """Have the controller begin; on KRaft any broker hands the request on.

    :param message: makes the request of the milliseconds that it may take and a version.
    :param done: the error that says that it had been done before.
    """
    unsure = False
    while True:
        left = deadline - (yield Now())
        failure: RemoteError
        try:
            yield from _ask_once(_controller(view), api, message, doing, left)
        except UnsupportedVersion:
            raise
        except RequestTimedOut:
            return  # it goes on, which the metadata will show
        except ProtocolClientError as error:
            if unsure and isinstance(error, done):
                return  # by an attempt whose answer was lost
            info = error_info(error.error_code or 0)
            if isinstance(error, done) or not info.retriable:
                raise
            failure = error
        except RemoteError as error:
            unsure = unsure or not isinstance(error, ConnectFailedError)
            failure = told(doing, error)
        else:
            return
        if deadline - (yield Now()) <= _PAUSE_S:
            raise failure
        yield Sleep(_PAUSE_S)
        yield Refresh([])  # the controller may be another one by now


def _controller(view: ClusterView) -> Node:
    # Brokers before 0.10 do not name it, nor do they know the requests.
    known = view.snapshot.controller_id
    return known if known in view.snapshot.brokers and known is not None else view.nodes()[0]


def _ask_once(
    node: Node,
    api: type[ApiMessage],
    message: Callable[[int, int], ApiMessage],
    doing: str,
    left: float,
) -> Procedure[None]:
    left_ms = max(1, int(left * 1000 * _CONTROLLERS_SHARE))
    request = partial(message, left_ms)
    answer = yield Request(node, request, ADMINISTRATION, max(left, _PAUSE_S), api=api)
    (result,) = answer.topics if api is CreateTopicsRequest else answer.responses
    if result.error_code:
        said = f" ({result.error_message})" if result.error_message else ""
        raise error_info(result.error_code).exception(doing + said)


def _await_all(
    view: ClusterView,
    name: str,
    is_so: Callable[[Any], bool],
    doing: str,
    deadline: float,
) -> Procedure[None]:
    """Look at the topic through the eyes of each broker, until it is so for all that answer."""
    waiting: list[Node] = list(view.snapshot.brokers)
    while True:
        late: list[Node] = []
        for node in waiting:
            found = yield from _look(node, name)
            if found is not _SILENT and not is_so(found):
                late.append(node)
        waiting = late
        if not waiting:
            # Now the client's own picture.
            yield Refresh([name])
            return
        if (yield Now()) >= deadline:
            brokers = ", ".join(map(str, waiting))
            raise WaitTimedOutError(f"{doing}: begun, but brokers {brokers} do not show it yet")
        yield Sleep(_PAUSE_S)


_SILENT = object()


def _look(node: Node, name: str) -> Procedure[Any]:
    """What a broker says of a topic: ``None`` for nothing, ``_SILENT`` if it does not answer."""
    try:
        answer, _ = yield from fetch_metadata([node], [name], False, _LOOK_S)
    except NoBrokersAvailableError:
        return _SILENT
    return next((topic for topic in answer.topics if topic.name == name), None)
