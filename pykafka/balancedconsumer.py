"""2.x's import path of the consumers that share a topic with a group."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from .common import OffsetType
from .exceptions import UsageError
from .membershipprotocol import GroupMembershipProtocol, RangeProtocol

if TYPE_CHECKING:
    from .cluster import Cluster
    from .topic import Topic

__all__ = ["BalancedConsumer"]


class BalancedConsumer:
    """A member of a group that is balanced through ZooKeeper: not in this release yet.

    :raises UsageError: always. A :class:`~pykafka.simpleconsumer.SimpleConsumer` with
        ``consumer_group=`` keeps a group's offsets, and reads the ``partitions=`` it is given.
    """

    def __init__(
        self,
        topic: Topic,
        cluster: Cluster,
        consumer_group: str | bytes,
        fetch_message_max_bytes: int = 1024 * 1024,
        num_consumer_fetchers: int = 1,
        auto_commit_enable: bool = False,
        auto_commit_interval_ms: int = 60 * 1000,
        queued_max_messages: int = 2000,
        fetch_min_bytes: int = 1,
        fetch_error_backoff_ms: int = 500,
        fetch_wait_max_ms: int = 100,
        offsets_channel_backoff_ms: int = 1000,
        offsets_commit_max_retries: int = 5,
        auto_offset_reset: int = OffsetType.EARLIEST,
        consumer_timeout_ms: int = -1,
        rebalance_max_retries: int = 5,
        rebalance_backoff_ms: int = 2 * 1000,
        zookeeper_connection_timeout_ms: int = 6 * 1000,
        zookeeper_connect: str | None = None,
        zookeeper_hosts: str = "127.0.0.1:2181",
        zookeeper: Any = None,
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        post_rebalance_callback: Callable[..., Any] | None = None,
        use_rdkafka: bool = False,
        compacted_topic: bool = False,
        membership_protocol: GroupMembershipProtocol = RangeProtocol,
        deserializer: Callable[..., Any] | None = None,
        reset_offset_on_fetch: bool = True,
    ) -> None:
        not_there("BalancedConsumer")


def not_there(name: str) -> NoReturn:
    """Raise for a consumer that this release does not have."""
    raise UsageError(
        f"{name} is not in this release of pykafka: groups come with 3.0. Until then a"
        " SimpleConsumer with consumer_group= keeps a group's offsets, and partitions= says"
        " which partitions it reads"
    )
