"""A producer that sends with librdkafka."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import options
from ..common import CompressionType
from ..producer import Producer

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..partition import Partition
    from ..topic import Topic

__all__ = ["RdKafkaProducer"]


class RdKafkaProducer(Producer):
    """A :class:`~pykafka.producer.Producer` for which librdkafka sends.

    ``get_producer(use_rdkafka=True)`` makes it. Options are those of its base, but for one
    default: ``min_queued_messages`` is 2,000, as in 2.x.

    :raises ImplementationNotAvailableError: there is no librdkafka; lists what was tried.
    :raises InvalidOptionError: librdkafka cannot honour an option; says so in its words.
    """

    _use_rdkafka = True

    @options.checked(options.PRODUCER)
    def __init__(
        self,
        cluster: Cluster,
        topic: Topic,
        partitioner: Callable[[list[Partition], Any], Partition] | None = None,
        compression: int = CompressionType.NONE,
        max_retries: int = 3,
        retry_backoff_ms: int = 100,
        required_acks: int = 1,
        ack_timeout_ms: int = 10000,
        max_queued_messages: int = 100000,
        min_queued_messages: int = 2000,
        linger_ms: int = 5000,
        max_request_size: int = 1000012,
        sync: bool = False,
        delivery_reports: bool = False,
        auto_start: bool = True,
        serializer: Callable[[Any, Any], tuple[bytes | None, bytes | None]] | None = None,
        queue_empty_timeout_ms: int = 0,
        block_on_queue_full: bool = True,
        pending_timeout_ms: int = 5000,
        delivery_timeout_ms: int = 120000,
        max_queued_bytes: int = 268435456,
    ) -> None:
        given = dict(locals())
        del given["self"], given["__class__"]
        super().__init__(**given)
