"""2.x's import path of the consumer whose group the brokers balance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .balancedconsumer import BalancedConsumer, not_there
from .common import OffsetType
from .membershipprotocol import GroupMembershipProtocol, RangeProtocol

if TYPE_CHECKING:
    from .cluster import Cluster
    from .topic import Topic

__all__ = ["ManagedBalancedConsumer"]


class ManagedBalancedConsumer(BalancedConsumer):
    """A member of a group that is balanced by the brokers (0.9 on): not in this release yet.

    :raises UsageError: always; see :class:`~pykafka.balancedconsumer.BalancedConsumer`.
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
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        post_rebalance_callback: Callable[..., Any] | None = None,
        use_rdkafka: bool = False,
        compacted_topic: bool = True,
        heartbeat_interval_ms: int = 3000,
        membership_protocol: GroupMembershipProtocol = RangeProtocol,
        deserializer: Callable[..., Any] | None = None,
        reset_offset_on_fetch: bool = True,
    ) -> None:
        not_there("ManagedBalancedConsumer")
