"""Fetch (API 1) as 2.x has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..core.fetch_session import BY_NAME
from ..exceptions import CorruptRecordError, MessageSetDecodeFailure
from ..utils.compat import get_bytes, get_string
from ..wire.messages import fetch as wire
from .base import Request, Response, grouped
from .message import Message, MessageSet

__all__ = [
    "FetchPartitionResponse",
    "FetchRequest",
    "FetchResponse",
    "FetchResponseV1",
    "FetchResponseV2",
    "PartitionFetchRequest",
]


class _PartitionFetchRequest(NamedTuple):
    topic_name: str | bytes
    partition_id: int
    offset: int
    max_bytes: int


class PartitionFetchRequest(_PartitionFetchRequest):
    """From which offset of a partition to fetch, and how many bytes at most."""

    __slots__ = ()

    def __new__(
        cls, topic: str | bytes, partition: int, offset: int, max_bytes: int = 1024 * 1024
    ) -> PartitionFetchRequest:
        return super().__new__(cls, topic, partition, offset, max_bytes)


class FetchPartitionResponse(NamedTuple):
    """The offset after the partition's last message, what was fetched, and the error code."""

    max_offset: int
    messages: list[Message]
    err: int


class FetchRequest(Request):
    """Fetch from partitions.

    :param timeout: how long the broker may wait for ``min_bytes``, in milliseconds.
    :param api_version: the version that :meth:`get_bytes` writes.
    """

    API_KEY = 1
    #: Later ones name topics by their ids.
    HIGHEST_VERSION = BY_NAME

    def __init__(
        self,
        partition_requests: Iterable[PartitionFetchRequest] = (),
        timeout: int = 1000,
        min_bytes: int = 1024,
        api_version: int = 0,
    ) -> None:
        self.timeout = timeout
        self.min_bytes = min_bytes
        self.API_VERSION = api_version  # type: ignore[misc]  # 2.x has one class for all versions
        self._reqs: list[PartitionFetchRequest] = []
        for request in partition_requests:
            self.add_request(request)

    def add_request(self, partition_request: PartitionFetchRequest) -> None:
        """Fetch from one more partition."""
        self._reqs.append(partition_request)

    def to_wire(self, version: int) -> wire.FetchRequest:
        """The same for every version that names topics."""
        return wire.FetchRequest(
            max_wait_ms=self.timeout,
            min_bytes=self.min_bytes,
            topics=[
                wire.FetchTopic(
                    topic=get_string(topic),
                    partitions=[
                        wire.FetchPartition(
                            partition=r.partition_id,
                            fetch_offset=r.offset,
                            partition_max_bytes=r.max_bytes,
                        )
                        for r in requests
                    ],
                )
                for topic, requests in grouped(self._reqs).items()
            ],
        )


class FetchResponse(Response):
    """What was fetched.

    :param offset: where in ``buff`` the body starts.
    :param broker_version: not looked at: messages tell their own format.
    :ivar topics: topic -> partition id -> :class:`FetchPartitionResponse`.
    :ivar throttle_time: how long the broker held the answer back, in milliseconds.
    :raises MessageSetDecodeFailure: a message is larger than what was asked for.
    :raises CorruptRecordError: the bytes of a partition are damaged.
    """

    API_KEY = 1
    topics: dict[bytes, dict[int, FetchPartitionResponse]]
    throttle_time: int

    def __init__(
        self,
        buff: bytes | bytearray | memoryview,
        offset: int = 0,
        broker_version: str | bytes = "0.9.0",
    ) -> None:
        super().__init__(memoryview(buff)[offset:])

    def _take(self, answer: Any) -> None:
        self.throttle_time = answer.throttle_time_ms
        self.topics = {
            get_bytes(topic.topic): {
                part.partition_index: FetchPartitionResponse(
                    part.high_watermark, _messages(topic.topic, part), part.error_code
                )
                for part in topic.partitions
            }
            for topic in answer.responses
        }


def _messages(topic: str, part: Any) -> list[Message]:
    id_ = part.partition_index
    try:
        return MessageSet.decode(part.records or b"", id_).messages
    except CorruptRecordError as error:
        raise CorruptRecordError(
            f"{topic}/{id_}: {error}",
            topic=topic,
            partition=id_,
            offset=error.offset,
            next_offset=error.next_offset,
        ) from error
    except MessageSetDecodeFailure as error:
        raise MessageSetDecodeFailure(
            f"{topic}/{id_}: {error}: raise max_bytes of the PartitionFetchRequest"
        ) from error


class FetchResponseV1(FetchResponse):
    """Version 1: with ``throttle_time``."""

    API_VERSION = 1


class FetchResponseV2(FetchResponseV1):
    """Version 2: messages with timestamps."""

    API_VERSION = 2
