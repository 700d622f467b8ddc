"""Coming by messages: the client, the membership, the consumption; on threads of their own.

Storm waits for its spout's answers whatever brokers do, so nothing here is waited for by the
thread that answers.
"""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ... import options
from ...balancedconsumer import coordinated_through_zookeeper
from ...client import KafkaClient
from ...consumer import patience_of
from ...core.assignors import ASSIGNORS
from ...core.effects import Procedure
from ...core.fetching import FetchLimits
from ...core.membership.topics import WantedTopics
from ...core.partition_keys import PartitionKey
from ...core.procedures.group_offsets import Committed
from ...core.procedures.log_offsets import find_places
from ...core.procedures.record_sets import RecordSet, fetch_record_set
from ...core.retry import Backoff
from ...exceptions import (
    FencedInstanceId,
    InvalidOptionError,
    InvalidOptionTypeError,
    KafkaException,
    UnsupportedVersion,
)
from ...groupconsumer import Catalogue
from ...managedbalancedconsumer import BROKERS_FIRST_WAIT_S, coordinated_by_brokers
from ...membershipprotocol import RangeProtocol
from ...net.chance import chance
from ...net.tls import SslConfig
from ...options import Settings
from ...runtime.consumer.consumption import Consumption
from ...runtime.consumer.hooks import Hooks
from ...runtime.consumer.offset_store import KafkaOffsetStore, OffsetStore
from ...runtime.implementation import new_source
from ...runtime.membership.member import Coordination, Member, MemberOptions
from ...runtime.membership.placed import PlacedCoordination
from ...runtime.tasks import Task
from ...wire.messages.join_group import JoinGroupRequest
from .place import Place
from .starting import committed_details

__all__ = ["Intake", "Standing", "wanted_topics"]

log = logging.getLogger("pykafka.storm.kafka")

#: From this version on members may be static (KIP-345).
_FIRST_STATIC = 5
#: How often is looked whether all is well, and between attempts to begin.
_LOOK_S = 0.5
_BEGIN_AGAIN = Backoff(0.5, 30.0)
_MAX_RETRIES = 5
_REBALANCE_BACKOFF_MS = 1000
_QUEUED_MESSAGES = 10_000
_HEARTBEATS = 4
_LEAST_HEARTBEAT_MS = 500
_MOST_HEARTBEAT_MS = 3000
_numbers = itertools.count(1)


class Standing(NamedTuple):
    """Where logs end, and what the group has committed.

    :ivar ends: partition -> offset of the next message that will be written.
    """

    ends: Mapping[PartitionKey, int]
    committed: Mapping[PartitionKey, Committed]


class Intake:
    """Begins to consume, and begins again when that has ended; until it is stopped.

    :param hooks: makes the hooks of a consumption, given the partitions' objects.
    :param record: wraps the store of offsets.
    :param tell: is told in words what stands in the way, once each; from another thread.
    :param ended: called when a consumption has ended, and with it what it had.
    :ivar consumption: what messages are taken from; ``None`` while there is none.
    :ivar drain_s: how long acks are waited for before a partition goes to another task.
    """

    def __init__(
        self,
        settings: Settings,
        place: Place,
        hooks: Callable[[Catalogue], Hooks],
        record: Callable[[OffsetStore], OffsetStore],
        tell: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:
        self.consumption: Consumption | None = None
        self.client: KafkaClient | None = None
        self.drain_s = 0.0
        self._settings = settings
        self._place = place
        self._hooks = hooks
        self._record = record
        self._tell = tell
        self._ended = ended
        self._store: OffsetStore | None = None
        self._member: Member | None = None
        self._stopping = threading.Event()
        self._told: str | None = None
        self._purpose = f"again {next(_numbers)}"
        self._thread = threading.Thread(
            target=self._run, name=f"pykafka spout {place.name}", daemon=True
        )

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self, within_s: float) -> None:
        """Commit, leave the group and close connections, in about so many seconds."""
        # Taken first: the thread would end it without a commit.
        core, self.consumption = self.consumption, None
        client = self.client
        self._stopping.set()
        if core is not None:
            try:
                core.stop(within_s=within_s)
            except KafkaException as error:
                log.warning("the last commit failed: %s; what it was for comes again", error)
        if client is not None:
            client.cluster.core.close_soon()

    # -- asked by the spout; answers come on the I/O thread ---------------------------

    def look_up(
        self, keys: Iterable[PartitionKey], done: Callable[[Standing | None], None]
    ) -> None:
        """Find out how partitions stand; ``None`` is the answer where that fails."""
        client, store = self.client, self._store
        wanted = list(keys)
        if client is None or store is None or not wanted:
            return
        core = client.cluster.core

        def procedure() -> Procedure[Standing]:
            ends = yield from find_places(core, dict.fromkeys(wanted, -1), core.socket_timeout_s)
            committed = yield from store.fetch(wanted)
            return Standing({key: place.offset for key, place in ends.items()}, committed)

        core.start(procedure(), lambda task: done(None if task.error else task.result))

    def fetch_again(self, key: PartitionKey, offset: int, done: Callable[[Task], None]) -> bool:
        """Fetch what a broker has at an offset (a :class:`RecordSet`); ``False`` if nobody can."""
        client = self.client
        if client is None:
            return False
        core, settings = client.cluster.core, self._settings
        size = settings.fetch_message_max_bytes
        limits = FetchLimits(size, size, 1, 0, 1, size, _BEGIN_AGAIN)
        level = int(settings.isolation_level == "read_committed")

        def procedure() -> Procedure[RecordSet]:
            return (
                yield from fetch_record_set(
                    core, key, offset, limits, level, self._purpose, core.socket_timeout_s
                )
            )

        core.start(procedure(), done)
        return True

    # -- on its thread ----------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            wait_s = 0.0
            try:
                self._begin()
                failures = 0
                self._watch()
            except FencedInstanceId as error:
                # Who comes back at once fences the one that has come in its place, and so on.
                wait_s = self._settings.session_timeout_ms / 1000
                self._say(f"{error}; coming back in {wait_s:g} s")
            except KafkaException as error:
                failures += 1
                wait_s = _BEGIN_AGAIN.wait_s(failures, chance())
                self._say(f"{error}; trying again")
            self._end()
            self._stopping.wait(wait_s)

    def _say(self, text: str | None) -> None:
        if text != self._told and text is not None and not self._stopping.is_set():
            self._tell(text)
        self._told = text

    def _begin(self) -> None:
        settings = self._settings
        if self.client is None:
            hosts = settings.hosts or ("" if settings.zookeeper_hosts else "127.0.0.1:9092")
            self.client = KafkaClient(
                hosts,
                None if hosts else settings.zookeeper_hosts,
                socket_timeout_ms=settings.socket_timeout_ms,
                ssl_config=_tls(settings),
                client_id=self._place.name,
            )
        cluster = self.client.cluster
        chosen = self._consumer_settings()
        wanted = wanted_topics(settings.topics)
        catalogue = Catalogue(cluster, ())
        coordination, store, first_s = self._coordinate(cluster, wanted, chosen, catalogue)
        backoff_s = _REBALANCE_BACKOFF_MS / 1000
        backoff = Backoff(first_s, backoff_s * _MAX_RETRIES)
        member = Member(cluster.core, coordination, MemberOptions(_MAX_RETRIES, backoff, None))
        source = new_source(False, cluster.core, chosen)
        self._store = self._record(store)
        consumption = Consumption(
            cluster.core, chosen, source, member, self._store, self._hooks(catalogue)
        )
        consumption.start()
        self._member, self.consumption = member, consumption
        self._say(None)

    def _coordinate(
        self, cluster: Any, wanted: WantedTopics, chosen: Settings, catalogue: Catalogue
    ) -> tuple[Coordination, OffsetStore, float]:
        """How partitions are shared, where offsets are kept, the first wait after a failure."""
        settings, place = self._settings, self._place
        kind = settings.coordination
        newest = _version_of_joining(cluster, wanted) if kind in ("auto", "broker") else None
        if kind == "auto":
            kind = "zookeeper" if newest is None else "broker"
        kafka = KafkaOffsetStore(cluster.core, settings.group, patience_of(cluster, chosen))
        kafka.details = committed_details(place)
        kafka.label = place.name
        self.drain_s = (1000 if kind == "zookeeper" else 2000) / 1000
        if settings.revoke_drain_ms is not None:
            self.drain_s = settings.revoke_drain_ms / 1000
        if kind == "task":
            age_s = settings.metadata_max_age_ms / 1000
            placed = PlacedCoordination(
                cluster.core, settings.group, wanted, place.number, place.tasks, age_s
            )
            return placed, kafka, BROKERS_FIRST_WAIT_S
        if kind == "zookeeper":
            if not settings.zookeeper_hosts:
                raise InvalidOptionError(
                    "these brokers do not balance groups (Kafka 0.8): the spout needs"
                    " zookeeper_hosts, or coordination='task'"
                )
            through, store = coordinated_through_zookeeper(
                cluster, settings.group, wanted, chosen, RangeProtocol, catalogue, kafka=kafka
            )
            return through, store, _REBALANCE_BACKOFF_MS / 1000
        if newest is None:
            raise UnsupportedVersion(
                "these brokers do not balance groups (Kafka 0.8): use coordination='zookeeper' or"
                " 'task'"
            )
        if newest >= _FIRST_STATIC:
            chosen.group_instance_id = place.name
        assignors = [ASSIGNORS["cooperative-sticky"]]
        by_brokers, store = coordinated_by_brokers(
            cluster, settings.group, wanted, chosen, assignors, kafka
        )
        return by_brokers, store, BROKERS_FIRST_WAIT_S

    def _consumer_settings(self) -> Settings:
        s = self._settings
        heartbeat_ms = min(_MOST_HEARTBEAT_MS, s.session_timeout_ms // _HEARTBEATS)
        table = {**options.CONSUMER, **options.MEMBER, **options.MANAGED, **options.ZOOKEEPER}
        return options.validated(
            table,
            {
                "consumer_group": s.group,
                "auto_commit_enable": s.guarantee != "at_most_once",
                "auto_commit_interval_ms": s.commit_interval_ms,
                "auto_offset_reset": -1 if s.start.endswith("latest") else -2,
                "queued_max_messages": _QUEUED_MESSAGES,
                "queued_max_bytes": s.queued_max_bytes,
                "fetch_message_max_bytes": s.fetch_message_max_bytes,
                "isolation_level": s.isolation_level,
                "session_timeout_ms": s.session_timeout_ms,
                "heartbeat_interval_ms": max(heartbeat_ms, _LEAST_HEARTBEAT_MS),
                "metadata_max_age_ms": s.metadata_max_age_ms,
                "rebalance_max_retries": _MAX_RETRIES,
                "rebalance_backoff_ms": _REBALANCE_BACKOFF_MS,
                "zookeeper_session_timeout_ms": s.session_timeout_ms,
                "zookeeper_connect": s.zookeeper_hosts,
                "offsets_storage": s.offsets_storage,
            },
        )

    def _watch(self) -> None:
        """Look after it until it has ended by itself, or is to end.

        :raises KafkaException: why it has ended by itself.
        """
        member, core = self._member, self.consumption
        while not self._stopping.wait(_LOOK_S):
            assert member is not None
            assert core is not None
            error = core.error() or core.commits.trouble
            if member.ended:
                raise member.error or KafkaException("the membership has ended")
            self._say(None if error is None else str(error))

    def _end(self) -> None:
        core, self.consumption = self.consumption, None
        if core is not None:
            core.stop(commit=False)
            self._ended()


def wanted_topics(given: Any) -> WantedTopics:
    """What option ``topics`` asks for.

    :raises InvalidOptionError: nothing.
    :raises InvalidOptionTypeError: something that is neither names nor a pattern.
    """
    if isinstance(given, re.Pattern) and isinstance(given.pattern, str):
        return WantedTopics(pattern=given)
    names = [given] if isinstance(given, (str, bytes)) else given
    if not names:
        raise InvalidOptionError("option topics is not given: what is the spout to read?")
    if not isinstance(names, (list, tuple, set, frozenset)) or not all(
        isinstance(name, (str, bytes)) for name in names
    ):
        raise InvalidOptionTypeError(
            f"option topics must be a name, a list of names or a compiled pattern, not {given!r}"
        )
    texts = [name.decode() if isinstance(name, bytes) else name for name in names]
    return WantedTopics(tuple(dict.fromkeys(texts)))


def _version_of_joining(cluster: Any, wanted: WantedTopics) -> int | None:
    """The newest way to join a group that brokers know; ``None`` if they know none."""
    # Whom the client was told to begin with may be called otherwise by the brokers themselves.
    cluster.core.refresh(wanted.names or None)
    newest = cluster.core.highest_version(JoinGroupRequest)
    return None if newest < 0 else int(newest)


def _tls(settings: Settings) -> SslConfig | None:
    if settings.tls_ca_file is None:
        return None
    return SslConfig(settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file)
