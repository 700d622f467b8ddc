"""Asking for metadata."""

from __future__ import annotations

from collections.abc import Sequence

from ...exceptions import NoBrokersAvailableError, RemoteError
from ...wire.errors import error_info
from ...wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from ..effects import GENERAL, Node, Procedure, Request, node_name

__all__ = ["fetch_metadata"]

#: From this version on a request for named topics can be told not to create them.
_FIRST_WITHOUT_CREATION = 4


def fetch_metadata(
    nodes: Sequence[Node], topics: Sequence[str] | None, create: bool, timeout_s: float
) -> Procedure[tuple[MetadataResponse, bool]]:
    """Ask one broker after the other until one answers.

    :param topics: names to ask for, ``None`` for all there are.
    :param create: whether the broker may create those it does not have.
    :returns: the answer, and whether it lists all topics.
    :raises NoBrokersAvailableError: none answered; names each and why.
    """
    asked_for_all = False

    def message(version: int) -> MetadataRequest:
        nonlocal asked_for_all
        # Before version 4 whoever names a topic creates it, and a refresh must not revive
        # a deleted topic: then all are asked for.
        asked_for_all = topics is None or (not create and version < _FIRST_WITHOUT_CREATION)
        if asked_for_all:
            named: list[MetadataRequestTopic] | None = [] if version == 0 else None
        else:
            named = [MetadataRequestTopic(name=name) for name in topics or ()]
        return MetadataRequest(topics=named, allow_auto_topic_creation=create or version < 4)

    failures: list[tuple[Node, RemoteError]] = []
    for node in nodes:
        try:
            answer = yield Request(node, message, GENERAL, timeout_s, api=MetadataRequest)
            if answer.error_code:
                raise error_info(answer.error_code).exception("asking for metadata")
        except RemoteError as error:
            failures.append((node, error))
        else:
            return answer, asked_for_all
    raise NoBrokersAvailableError(no_broker_text(failures)) from None


def no_broker_text(failures: Sequence[tuple[Node, RemoteError]]) -> str:
    """What was tried and what came of it, a line each."""
    if not failures:
        return "no broker is known: name at least one in hosts= or zookeeper_hosts="
    lines = [f"  {node_name(node)}: {error}" for node, error in failures]
    return "no Kafka broker answered; tried\n" + "\n".join(lines)
