"""Consumers that share topics with the other members of their group, through ZooKeeper."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from . import options
from .common import OffsetType
from .consumer import patience_of
from .core.membership.zookeeper import is_group_name
from .exceptions import InvalidOptionError
from .groupconsumer import (
    NOT_TO_BE_KEPT,
    GroupConsumer,
    PostRebalance,
    PreRebalance,
    Topics,
    protocols_of,
)
from .membershipprotocol import GroupMembershipProtocol, RangeProtocol
from .runtime.consumer.offset_store import KafkaOffsetStore
from .utils.compat import get_string

if TYPE_CHECKING:
    from .cluster import Cluster
    from .core.membership.topics import WantedTopics
    from .core.partition_keys import PartitionKey
    from .options import Settings
    from .partition import Partition
    from .runtime.consumer.offset_store import OffsetStore
    from .runtime.membership.zookeeper import ZooKeeperCoordination

__all__ = ["BalancedConsumer", "coordinated_through_zookeeper"]


def _zookeeper_of(settings: Settings, of_client: str | None) -> str | bytes:
    """What was given for this consumer, for the client, or the default."""
    default = options.ZOOKEEPER["zookeeper_hosts"].default
    given: str | bytes | None = settings.zookeeper_connect
    if given is None and settings.zookeeper_hosts != default:
        given = settings.zookeeper_hosts
    return given or of_client or default


_OPTIONS = {**options.CONSUMER, **options.MEMBER, **options.ZOOKEEPER}


def coordinated_through_zookeeper(
    cluster: Cluster,
    group: str,
    wanted: WantedTopics,
    settings: Settings,
    protocol: GroupMembershipProtocol,
    partition_of: Callable[[PartitionKey], Partition],
    given: Any = None,
    kafka: KafkaOffsetStore | None = None,
) -> tuple[ZooKeeperCoordination, OffsetStore]:
    """A member's part in a group that is balanced through ZooKeeper, and where its offsets are.

    :param settings: those of a BalancedConsumer.
    :param given: a ``KazooClient`` to use.
    :param kafka: the store for offsets in Kafka, if another is wanted than one of this function's.
    :raises InvalidOptionError: a group cannot be called so.
    """
    # kazoo takes as long to import as all of the rest.
    from .net.zookeeper.session import ZooKeeperSession
    from .runtime.consumer.zookeeper_store import ZooKeeperOffsetStore, chosen_store
    from .runtime.membership.zookeeper import Sharing, ZooKeeperCoordination

    core = cluster.core
    if not is_group_name(group):
        raise InvalidOptionError(
            f"option consumer_group: {group!r} cannot be the name of a node in ZooKeeper: leave"
            " out slashes and what cannot be printed"
        )
    hosts = get_string(_zookeeper_of(settings, core.settings.zookeeper_hosts))
    connecting_ms = settings.zookeeper_connection_timeout_ms
    session_ms = settings.zookeeper_session_timeout_ms or connecting_ms
    greenlets = core.backend.name == "greenlets"
    if kafka is None:
        kafka = KafkaOffsetStore(core, group, patience_of(cluster, settings))
    coordination = ZooKeeperCoordination(
        core,
        group,
        wanted,
        Sharing(protocol.protocol_name.decode(), protocol.decide_partitions),
        lambda: ZooKeeperSession(hosts, session_ms / 1000, connecting_ms / 1000, greenlets, given),
        None if settings.zookeeper_layout == "auto" else settings.zookeeper_layout,
        partition_of,
        partial(setattr, kafka, "label"),
    )
    zookeeper = ZooKeeperOffsetStore(lambda: coordination.session, group)
    return coordination, chosen_store(settings.offsets_storage, kafka, zookeeper, group)


class BalancedConsumer(GroupConsumer):
    """A member of a group that is balanced through ZooKeeper.

    It understands the members of Java's high-level consumer (Kafka 0.8.2) and of pykafka 2.x.

    :param topic: the topic to read, or several: a list of topics or their names, or a compiled
        pattern that their whole names match.
    :param cluster: its cluster.
    :param consumer_group: the group to be a member of.
    :param fetch_message_max_bytes: bytes asked of a partition in one fetch.
    :param num_consumer_fetchers: accepted for 2.x.
    :param auto_commit_enable: commit what was delivered regularly and at :meth:`stop`.
    :param auto_commit_interval_ms: how regularly.
    :param queued_max_messages: messages per partition at which fetching pauses; soft.
    :param fetch_min_bytes: bytes that a broker waits for.
    :param fetch_error_backoff_ms: first wait after a failed fetch.
    :param fetch_wait_max_ms: how long a broker waits for ``fetch_min_bytes``.
    :param offsets_channel_backoff_ms: wait before the n-th retry of a commit, times n.
    :param offsets_commit_max_retries: retries of a commit or look-up.
    :param auto_offset_reset: where to go without a valid offset; ``None`` raises.
    :param consumer_timeout_ms: how long :meth:`consume` waits; -1 for ever.
    :param rebalance_max_retries: failures to rebalance after which the user is told.
    :param rebalance_backoff_ms: first wait before another attempt; later ones grow.
    :param zookeeper_connection_timeout_ms: how long connecting may take.
    :param zookeeper_connect: ZooKeeper, ``host:port,...``.
    :param zookeeper_hosts: the same, if the former and the client's are not given.
    :param zookeeper: a ``KazooClient`` to use instead; not closed by :meth:`stop`.
    :param auto_start: start now.
    :param reset_offset_on_start: begin at ``auto_offset_reset``, not at committed offsets.
    :param post_rebalance_callback: ``f(consumer, old_offsets, new_offsets)``, called when the
        partitions have changed; may return offsets to go to, as in :meth:`reset_offsets`.
    :param use_rdkafka: fetch with librdkafka.
    :param compacted_topic: accepted for 2.x; gaps never stall.
    :param membership_protocol: how partitions are shared.
    :param deserializer: ``f(value, key) -> (value, key)``, called at hand-over.
    :param reset_offset_on_fetch: whether :meth:`fetch_offsets` moves the consumer.
    :param zookeeper_session_timeout_ms: silence after which this member counts as dead.
    :param offsets_storage: ``"kafka"``, ``"zookeeper"`` or ``"both"``.
    :param zookeeper_layout: whose members it is to be understood by.
    :param pre_rebalance_callback: ``f(consumer, offsets)``, called when partitions may go to
        another member, before their offsets are committed.
    :param commit_on_revoke: whether these are committed then.
    :param max_poll_interval_ms: how long no message may be taken.
    :param fetch_max_bytes: bytes asked of a broker in one fetch.
    :param queued_max_bytes: bytes of all partitions at which fetching pauses.
    :param decompressed_max_bytes: largest unpacked size of a compressed batch.
    :param isolation_level: ``"read_committed"`` leaves aborted transactions out.
    :raises ZookeeperConnectionError: ZooKeeper does not answer.
    :raises UnknownTopicOrPartition: a topic does not exist.
    :raises RemoteError: the group could not be joined.

    Callbacks run on the member's own thread. Several threads may consume from one; each message
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
        zookeeper_connection_timeout_ms: int = 6 * 1000,
        zookeeper_connect: str | None = None,
        zookeeper_hosts: str = "127.0.0.1:2181",
        zookeeper: Any = None,
        auto_start: bool = True,
        reset_offset_on_start: bool = False,
        post_rebalance_callback: PostRebalance | None = None,
        use_rdkafka: bool = False,
        compacted_topic: bool = False,
        membership_protocol: GroupMembershipProtocol = RangeProtocol,
        deserializer: Callable[..., Any] | None = None,
        reset_offset_on_fetch: bool = True,
        zookeeper_session_timeout_ms: int | None = None,
        offsets_storage: str = "kafka",
        zookeeper_layout: str = "auto",
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
        protocol, *others = protocols_of(membership_protocol)
        if others:
            raise InvalidOptionError(
                "option membership_protocol: members that share through ZooKeeper have to agree"
                " on one; only a ManagedBalancedConsumer takes several"
            )
        self._balance_through_zookeeper(protocol, zookeeper)
        if auto_start:
            self.start()

    def _balance_through_zookeeper(self, protocol: GroupMembershipProtocol, given: Any) -> None:
        coordination, store = coordinated_through_zookeeper(
            self._cluster,
            self._group_name,
            self._wanted,
            self._settings,
            protocol,
            self._catalogue,
            given,
        )
        self._coordination = coordination
        self._join(coordination, store, self._settings.rebalance_backoff_ms / 1000)

    @property
    def zookeeper_session(self) -> tuple[int, bytes] | None:
        """Id and password of its session with ZooKeeper; ``None`` while it has none."""
        session = self._coordination.session
        return None if session is None else session.identity
