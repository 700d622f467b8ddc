"""Produce (API 0) as 2.x has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..common import CompressionType
from ..core.producing import BY_NAME, record_format
from ..utils.compat import get_bytes, get_string
from ..wire.messages import produce as wire
from .base import Request, Response
from .message import Message, MessageSet

__all__ = ["ProducePartitionResponse", "ProduceRequest", "ProduceResponse"]


class ProducePartitionResponse(NamedTuple):
    """The error code, and the offset that the first message got."""

    err: int
    offset: int


class ProduceRequest(Request):
    """Append messages to partitions.

    :param required_acks: 0 (no answer), 1 (the leader has them), -1 (all in sync have them).
    :param timeout: how long the broker may wait for the others, in milliseconds.
    :param broker_version: not looked at: the record format follows the negotiated version.
    :ivar msets: topic -> partition id -> :class:`MessageSet`.
    """

    API_KEY = 0
    #: Later ones name topics by their ids.
    HIGHEST_VERSION = BY_NAME

    def __init__(
        self,
        compression_type: int = CompressionType.NONE,
        required_acks: int = 1,
        timeout: int = 10000,
        broker_version: str | bytes = "0.9.0",
    ) -> None:
        self.compression_type = compression_type
        self.required_acks = required_acks
        self.timeout = timeout
        self.msets: dict[str | bytes, dict[int, MessageSet]] = {}

    def add_message(self, message: Message, topic_name: str | bytes, partition_id: int) -> None:
        """Append one more message."""
        partitions = self.msets.setdefault(topic_name, {})
        if partition_id not in partitions:
            partitions[partition_id] = MessageSet(self.compression_type)
        partitions[partition_id].messages.append(message)

    @property
    def messages(self) -> Iterator[Message]:
        """All messages, partition by partition."""
        for partitions in self.msets.values():
            for messages in partitions.values():
                yield from messages.messages

    def message_count(self) -> int:
        """How many messages there are."""
        return sum(1 for _ in self.messages)

    def to_wire(self, version: int) -> wire.ProduceRequest:
        """With the record format of the version.

        :raises UnsupportedVersion: the version has no headers, or not this codec.
        :raises CodecNotAvailableError: the codec's package is not installed.
        """
        magic = record_format(version)
        return wire.ProduceRequest(
            acks=self.required_acks,
            timeout_ms=self.timeout,
            topic_data=[
                wire.TopicProduceData(
                    name=get_string(topic),
                    partition_data=[
                        wire.PartitionProduceData(index=id_, records=messages.get_bytes(magic))
                        for id_, messages in partitions.items()
                    ],
                )
                for topic, partitions in self.msets.items()
            ],
        )


class ProduceResponse(Response):
    """What became of the messages.

    :ivar topics: topic -> partition id -> :class:`ProducePartitionResponse`.
    """

    API_KEY = 0
    topics: dict[bytes, dict[int, ProducePartitionResponse]]

    def _take(self, answer: Any) -> None:
        self.topics = {
            get_bytes(topic.name): {
                part.index: ProducePartitionResponse(part.error_code, part.base_offset)
                for part in topic.partition_responses
            }
            for topic in answer.responses
        }
