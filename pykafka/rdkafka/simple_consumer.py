"""A consumer that is alone, and fetches with librdkafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .. import options
from ..common import OffsetType
from ..simpleconsumer import SimpleConsumer

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..partition import Partition
    from ..topic import Topic

__all__ = ["RdKafkaSimpleConsumer"]


class RdKafkaSimpleConsumer(SimpleConsumer):
    """A :class:`~pykafka.simpleconsumer.SimpleConsumer` for which librdkafka fetches.

    ``get_simple_consumer(use_rdkafka=True)`` makes it. Options are those of its base, but for one
    default: ``queued_max_messages`` is 100,000, as in 2.x.

    :raises ImplementationNotAvailableError: there is no librdkafka; lists what was tried.
    :raises InvalidOptionError: librdkafka cannot honour an option; says so in its words.
    """

    _use_rdkafka = True

    @options.checked(options.CONSUMER)
    def __init__(
        self,
        topic: Topic,
        cluster: Cluster,
        consumer_group: str | bytes | None = None,
        partitions: Iterable[Partition] | None = None,
        fetch_message_max_bytes: int = 1048576,
        num_consumer_fetchers: int = 1,
        auto_commit_enable: bool = False,
        auto_commit_interval_ms: int = 60000,
        queued_max_messages: int = 100000,
        fetch_min_bytes: int = 1,
        fetch_error_backoff_ms: int = 500,
        fetch_wait_max_ms: int = 100,
        offsets_channel_backoff_ms: int = 1000,
        offsets_commit_max_retries: int = 5,
        auto_offset_reset: int | None = OffsetType.EARLIEST,
        consumer_timeout_ms: int = -1,
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        compacted_topic: bool = False,
        generation_id: int = -1,
        consumer_id: str | bytes = b"",
        deserializer: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        reset_offset_on_fetch: bool = True,
        fetch_max_bytes: int = 52428800,
        queued_max_bytes: int = 134217728,
        decompressed_max_bytes: int = 268435456,
        isolation_level: str = "read_uncommitted",
    ) -> None:
        given = dict(locals())
        del given["self"], given["__class__"]
        super().__init__(**given)
