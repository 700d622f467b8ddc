"""2.x's import path of the classes that run on librdkafka."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..common import CompressionType, OffsetType
from ..exceptions import ImplementationNotAvailableError

__all__ = ["RdKafkaProducer", "RdKafkaSimpleConsumer"]


class RdKafkaProducer:
    """A producer on librdkafka: not in this release yet.

    :raises ImplementationNotAvailableError: always.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - 2.x's signature, kept in full
        self,
        cluster: Any,
        topic: Any,
        partitioner: Callable[..., Any] | None = None,
        compression: int = CompressionType.NONE,
        max_retries: int = 3,
        retry_backoff_ms: int = 100,
        required_acks: int = 1,
        ack_timeout_ms: int = 10 * 1000,
        max_queued_messages: int = 100000,
        min_queued_messages: int = 2000,
        linger_ms: int = 5 * 1000,
        max_request_size: int = 1000012,
        sync: bool = False,
        delivery_reports: bool = False,
        auto_start: bool = True,
        serializer: Callable[..., Any] | None = None,
    ) -> None:
        _not_there("RdKafkaProducer", "Producer")


class RdKafkaSimpleConsumer:
    """A consumer on librdkafka: not in this release yet.

    :raises ImplementationNotAvailableError: always.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - 2.x's signature, kept in full
        self,
        topic: Any,
        cluster: Any,
        consumer_group: str | bytes | None = None,
        partitions: Sequence[Any] | None = None,
        fetch_message_max_bytes: int = 1024 * 1024,
        num_consumer_fetchers: int = 1,
        auto_commit_enable: bool = False,
        auto_commit_interval_ms: int = 60 * 1000,
        queued_max_messages: int = 10**5,
        fetch_min_bytes: int = 1,
        fetch_error_backoff_ms: int = 500,
        fetch_wait_max_ms: int = 100,
        offsets_channel_backoff_ms: int = 1000,
        offsets_commit_max_retries: int = 5,
        auto_offset_reset: int = OffsetType.EARLIEST,
        consumer_timeout_ms: int = -1,
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        compacted_topic: bool = False,
        generation_id: int = -1,
        consumer_id: bytes = b"",
        deserializer: Callable[..., Any] | None = None,
        reset_offset_on_fetch: bool = True,
    ) -> None:
        _not_there("RdKafkaSimpleConsumer", "SimpleConsumer")


def _not_there(name: str, instead: str) -> NoReturn:
    raise ImplementationNotAvailableError(
        f"{name} is not in this release of pykafka: librdkafka comes back with 3.0. Use {instead},"
        " which needs no library"
    )
