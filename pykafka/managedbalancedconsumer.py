"""Consumers whose group the brokers balance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import options
from .balancedconsumer import BalancedConsumer
from .common import OffsetType
from .consumer import patience_of
from .core.procedures.membership import Terms
from .groupconsumer import NOT_TO_BE_KEPT, PostRebalance, PreRebalance, Topics, protocols_of
from .membershipprotocol import GroupMembershipProtocol, RangeProtocol, assignor_of
from .runtime.consumer.offset_store import KafkaOffsetStore
from .runtime.membership.broker import BrokerCoordination, new_purpose

if TYPE_CHECKING:
    from .cluster import Cluster
    from .core.assignors.vocabulary import Assignor
    from .core.membership.topics import WantedTopics
    from .options import Settings

__all__ = ["BROKERS_FIRST_WAIT_S", "ManagedBalancedConsumer", "coordinated_by_brokers"]

#: Before another attempt to take part in a rebalance: coordinators move within moments.
BROKERS_FIRST_WAIT_S = 0.1
_OPTIONS = {**options.CONSUMER, **options.MEMBER, **options.MANAGED}


def coordinated_by_brokers(
    cluster: Cluster,
    group: str,
    wanted: WantedTopics,
    settings: Settings,
    assignors: Sequence[Assignor],
    store: KafkaOffsetStore | None = None,
) -> tuple[BrokerCoordination, KafkaOffsetStore]:
    """A member's part in a group that brokers coordinate, and where its offsets are kept.

    :param settings: those of a ManagedBalancedConsumer.
    :param assignors: by which partitions may be shared, best first.
    :param store: the store for offsets, if another is wanted than one of this function's.
    """
    if store is None:
        store = KafkaOffsetStore(cluster.core, group, patience_of(cluster, settings))
    terms = Terms(
        group,
        new_purpose(),
        settings.session_timeout_ms / 1000,
        settings.rebalance_timeout_ms / 1000,
        settings.heartbeat_interval_ms / 1000,
        cluster.core.settings.offsets_channel_socket_timeout_ms / 1000,
        settings.group_instance_id,
    )
    store.instance_id = settings.group_instance_id
    age_s = settings.metadata_max_age_ms / 1000
    return BrokerCoordination(cluster.core, terms, wanted, assignors, store, age_s), store


class ManagedBalancedConsumer(BalancedConsumer):
    """A member of a group that is balanced by the brokers (Kafka 0.9 and newer).

    Takes the options of :class:`~pykafka.balancedconsumer.BalancedConsumer` but ZooKeeper's, and:

    :param compacted_topic: accepted for 2.x; gaps never stall.
    :param heartbeat_interval_ms: time between two heartbeats.
    :param session_timeout_ms: silence after which this member counts as dead.
    :param rebalance_timeout_ms: how long a rebalance waits for this member.
    :param group_instance_id: name of a static member (2.3 and newer).
    :param metadata_max_age_ms: how often is looked for new topics and partitions.
    :param membership_protocol: how partitions are shared, or several ways, best first.
    :raises UnsupportedVersion: the brokers are older than 0.9, or than ``group_instance_id``.
    :raises InconsistentGroupProtocol: the group shares its partitions in another way.
    :raises InvalidSessionTimeout: brokers do not allow ``session_timeout_ms``.
    :raises RemoteError: the group could not be joined.

    :meth:`consume` raises :exc:`~pykafka.exceptions.FencedInstanceId` when another member has
    come with the same ``group_instance_id``. Several threads may consume from one; each message
    is delivered once.
    """

    @options.checked(_OPTIONS)
    def __init__(
        self,
        topic: Topics,
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
        auto_offset_reset: int | None = OffsetType.EARLIEST,
        consumer_timeout_ms: int = -1,
        rebalance_max_retries: int = 5,
        rebalance_backoff_ms: int = 2 * 1000,
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        post_rebalance_callback: PostRebalance | None = None,
        use_rdkafka: bool = False,
        compacted_topic: bool = True,
        heartbeat_interval_ms: int = 3000,
        membership_protocol: (
            GroupMembershipProtocol | Sequence[GroupMembershipProtocol]
        ) = RangeProtocol,
        deserializer: Callable[..., Any] | None = None,
        reset_offset_on_fetch: bool = True,
        session_timeout_ms: int = 30000,
        rebalance_timeout_ms: int = 60000,
        group_instance_id: str | None = None,
        metadata_max_age_ms: int = 300000,
        pre_rebalance_callback: PreRebalance | None = None,
        commit_on_revoke: bool = True,
        max_poll_interval_ms: int | None = None,
        fetch_max_bytes: int = 52428800,
        queued_max_bytes: int = 134217728,
        decompressed_max_bytes: int = 268435456,
        isolation_level: str = "read_uncommitted",
    ) -> None:
        # The core outlives this object, which a deserializer or a callback may know.
        settings = options.validated(_OPTIONS, {**locals(), **NOT_TO_BE_KEPT})
        callbacks = (pre_rebalance_callback, post_rebalance_callback)
        self._set_up(topic, cluster, consumer_group, settings, deserializer, callbacks)
        coordination, store = coordinated_by_brokers(
            cluster,
            self._group_name,
            self._wanted,
            settings,
            [assignor_of(each, self._catalogue) for each in protocols_of(membership_protocol)],
        )
        self._join(coordination, store, BROKERS_FIRST_WAIT_S)
        if auto_start:
            self.start()

    @property
    def zookeeper_session(self) -> None:
        """It has none."""
        return None
