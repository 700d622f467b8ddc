"""Groups that a broker coordinates (Kafka 0.9 and newer, the classic protocol)."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from ...core.assignors import Assignor, GroupMember
from ...core.assignors.vocabulary import by_topic, flat
from ...core.effects import Procedure, Refresh
from ...core.membership import Owner
from ...core.membership.topics import WantedTopics
from ...core.metadata import Snapshot
from ...core.partition_keys import PartitionKey
from ...core.procedures.membership import (
    Joined,
    Terms,
    heartbeats,
    join_group,
    leave_group,
    sync_group,
)
from ...exceptions import (
    IllegalGeneration,
    KafkaException,
    MalformedDataError,
    RebalanceInProgress,
    RemoteError,
    UnknownMemberId,
    UnknownTopicOrPartition,
    WaitTimedOutError,
)
from ...wire.consumer_protocol import read_assignment, write_assignment
from ..client import Call, ClientCore
from ..tasks import Task

__all__ = ["BrokerCoordination", "Fenced", "new_purpose"]

log = logging.getLogger("pykafka.balancedconsumer")

_T = TypeVar("_T")
_numbers = itertools.count(1)
#: Version of the assignment that a leader writes; all members read it.
_ASSIGNMENT_VERSION = 0


def new_purpose() -> str:
    """A name for connections that one member of a group uses alone."""
    return f"member {next(_numbers)}"


class Fenced(Protocol):
    """What commits carry so that the coordinator knows whether they are still allowed."""

    generation: int
    member: str


class BrokerCoordination:
    """A member's part in a group; see :class:`.member.Coordination`.

    :param assignors: by which partitions may be shared, best first. All must be cooperative for
        the member to keep its partitions while the group rebalances.
    :param fenced: is told of the generation.
    :param metadata_max_age_s: how often is looked for new topics and partitions.
    """

    def __init__(
        self,
        client: ClientCore,
        terms: Terms,
        wanted: WantedTopics,
        assignors: Sequence[Assignor],
        fenced: Fenced,
        metadata_max_age_s: float,
    ) -> None:
        self.group = terms.group
        self.member_id = ""
        self.generation = -1
        self.lease_until = 0.0
        self.first_s = 2 * (terms.session_s + terms.rebalance_s) + 2 * terms.answer_s
        self._client = client
        self._terms = terms
        self._wanted = wanted
        self._assignors = {assignor.name: assignor for assignor in assignors}
        self._cooperative = all(assignor.cooperative for assignor in assignors)
        self._fenced = fenced
        self._metadata_max_age_s = metadata_max_age_s
        self._reset()

    def _reset(self) -> None:
        self._owned: set[PartitionKey] = set()
        #: Why the group has to be joined (again), ``None`` if this member knows no reason.
        self._reason: str | None = "a new member"
        #: Whether the coordinator has asked for that; set on the loop.
        self._rebalancing = False
        #: Whether the owner has taken over the partitions, and those that it had before.
        self._taken_over = self._keep = True
        #: What the coordinator said when it dropped this member; set on the loop.
        self._dropped: BaseException | None = None
        self._heartbeats: Task | None = None
        self._call: Call[Any] | None = None
        #: Of what the last assignment was made, as far as this member has to watch it.
        self._seen: dict[str, Sequence[int]] = {}
        self._group_topics: set[str] = set()
        self._interrupted = False

    # -- life -------------------------------------------------------------------------

    def begin(self, owner: Owner, news: Callable[[], None]) -> None:
        self._reset()
        self._owner = owner
        self._news = news
        # Also without a partition of theirs: metadata has to tell whether they are there.
        self._client.follow(self._metadata_changed, self._wanted.names)

    def interrupt(self) -> None:
        self._interrupted = True
        call = self._call
        if call is not None:
            call.cancel(WaitTimedOutError("the consumer was stopped"))

    def retire(self) -> None:
        self._owner.lost(self._owned)
        self._owned = set()
        self._leave("it is out of use")
        self._reason = "it is in use again"

    def end(self) -> None:
        self._leave("it was stopped")
        self._client.unfollow(self._metadata_changed, self._wanted.names)

    def _leave(self, why: str) -> None:
        self.lease_until = 0.0
        self._end_heartbeats()
        # A broker answers in order: behind a join that is not answered yet nothing comes through.
        self._client.loop.call_soon(self._client.pool.close_purpose, self._terms.purpose)
        # A static member keeps its place until the end of its session, to come back to it.
        if self.member_id and self._terms.instance_id is None and not self._client.closed:
            try:
                leaving = leave_group(self._client, self._terms, self.member_id, why)
                self._client.run(leaving, self._terms.answer_s)
            except KafkaException as error:
                log.warning("%s; the others wait for the end of its session", error)
            self._client.loop.call_soon(self._client.pool.close_purpose, self._terms.purpose)
        self._forget_membership()

    def _forget_membership(self) -> None:
        self.member_id = ""
        self.generation = self._fenced.generation = -1
        self._fenced.member = ""

    def check_commit(self) -> None:
        """The coordinator does it: it refuses what comes from another generation."""

    # -- turns ------------------------------------------------------------------------

    def turn(self) -> float:
        dropped, self._dropped = self._dropped, None
        if dropped is not None:
            self._take_loss(dropped)
        reason = self._why_join()
        if reason is not None:
            self._join(reason)
        elif not self._taken_over:
            self._hand_over()
        elif self._client.loop.time() - self._client.snapshot.fetched_at > self._metadata_max_age_s:
            self._client.start(_refreshed(self._topics_to_watch()))
        self._check_topics()
        return 0.0 if self._why_join() is not None else self._metadata_max_age_s

    def _why_join(self) -> str | None:
        if self._reason is None and self._rebalancing:
            return "the group rebalances"
        if self._reason is None and self._picture(self._client.snapshot) != self._seen:
            return "topics or partitions have changed"
        return self._reason

    def _check_topics(self) -> None:
        """:raises UnknownTopicOrPartition: nothing of what is to be read exists any more."""
        names = self._wanted.names
        if names and not self._client.snapshot.topics.keys() & names:
            snapshot = self._client.refresh(names)
            if not snapshot.topics.keys() & names:
                raise UnknownTopicOrPartition(
                    f"group {self.group!r} reads {self._wanted}, which does not exist any more"
                )

    def _topics_to_watch(self) -> list[str] | None:
        if self._wanted.pattern is not None:
            return None
        return sorted(self._group_topics | set(self._wanted.names))

    def _take_loss(self, error: BaseException) -> None:
        """The group has gone on without this member: its partitions are others'."""
        log.warning("member %s of group %r: %s", self.member_id, self.group, error)
        self.lease_until = 0.0
        self._owner.lost(self._owned)
        self._owned = set()
        if not isinstance(error, (UnknownMemberId, IllegalGeneration)):
            self._forget_membership()
            assert isinstance(error, Exception)
            raise error
        if isinstance(error, UnknownMemberId):
            self._forget_membership()
        self._reason = "it was dropped from the group"

    def _join(self, reason: str) -> None:
        if not self._cooperative:
            self._owner.will_revoke(self._owned)
        self._reason = None
        try:
            joined, given, asked = self._join_and_sync(reason)
        except RebalanceInProgress:
            self._reason = "the group rebalances again"
            return
        except (UnknownMemberId, IllegalGeneration) as error:
            self._take_loss(error)
            return
        except RemoteError:
            self._reason = reason
            raise
        self.lease_until = asked + self._terms.session_s
        # If the group went through a generation without this member, others may have had its
        # partitions. Those that were never given up nobody else can have had.
        keep = self._cooperative or joined.generation - self.generation <= 1
        self.generation = self._fenced.generation = joined.generation
        self._fenced.member = joined.member_id
        self._begin_heartbeats(joined)
        self._take_assignment(_keys(given), keep)

    def _join_and_sync(self, reason: str) -> tuple[Joined, bytes, float]:
        topics = self._wanted.among(self._client.snapshot.topics)
        owned = sorted(self._owned)
        protocols = [
            (assignor.name, assignor.subscription(topics, owned, self.generation))
            for assignor in self._assignors.values()
        ]
        self._end_heartbeats()
        self._watch(set(topics), everything=False)
        joining = join_group(self._client, self._terms, self.member_id, protocols, reason)
        joined = self._ask(joining, self._terms.rebalance_s + self._terms.session_s)
        self.member_id = joined.member_id
        self._rebalancing = False  # what was asked for is done with this
        assignments = self._assign(joined) if joined.leading else {}
        asked = time.monotonic()
        syncing = sync_group(self._client, self._terms, joined, assignments)
        return joined, self._ask(syncing, self._terms.rebalance_s), asked

    def _ask(self, procedure: Procedure[_T], within_s: float) -> _T:
        """Run what may wait for other members, unless the consumer is stopped."""
        call = self._client.call(procedure)
        self._call = call
        try:
            if self._interrupted:
                call.cancel(WaitTimedOutError("the consumer was stopped"))
            return call.wait(within_s + 2 * self._terms.answer_s)
        finally:
            self._call = None

    def _take_assignment(self, keys: set[PartitionKey], keep: bool) -> None:
        going = self._owned - keys
        if self._cooperative and going:
            self._owner.will_revoke(going)
            self._reason = "partitions were given up"
        self._owned = keys
        self._taken_over, self._keep = False, keep
        self._hand_over()
        log.info(
            "member %s of group %r: generation %d, %d partitions",
            self.member_id,
            self.group,
            self.generation,
            len(keys),
        )

    def _hand_over(self) -> None:
        # Where they begin may not be to be found out just now. That is tried again, and is no
        # reason for the whole group to rebalance.
        self._owner.assigned(self._owned, self._keep)
        self._taken_over = True

    # -- leading ----------------------------------------------------------------------

    def _assign(self, joined: Joined) -> dict[str, bytes]:
        """What each member is assigned, by the assignor that all of them know."""
        assignor = self._assignors[joined.protocol]
        members = [_member(assignor, *member) for member in joined.members]
        topics = {topic for member in members for topic in member.topics}
        snapshot = self._client.snapshot
        if topics - snapshot.topics.keys():
            snapshot = self._client.refresh(sorted(topics))
        self._watch(topics, everything=True)
        shares = assignor.assign(members, self._seen)
        return {
            id_: write_assignment(_ASSIGNMENT_VERSION, by_topic(share))
            for id_, share in shares.items()
        }

    # -- what calls for another round; on the loop ------------------------------------

    def _watch(self, topics: set[str], everything: bool) -> None:
        """Remember what the assignment is made of, to see whether it changes.

        :param everything: the number of partitions as well, which is the leader's affair.
        """
        self._group_topics = topics if everything else set()
        self._seen = self._picture(self._client.snapshot)

    def _picture(self, snapshot: Snapshot) -> dict[str, Sequence[int]]:
        found: dict[str, Sequence[int]] = {
            name: sorted(snapshot.topics[name].partitions)
            for name in self._group_topics
            if name in snapshot.topics
        }
        if self._wanted.pattern is not None:
            for name in self._wanted.among(snapshot.topics):
                found.setdefault(name, ())
        return found

    def _metadata_changed(self, snapshot: Snapshot) -> None:
        if self._picture(snapshot) != self._seen:
            self._news()

    def _begin_heartbeats(self, joined: Joined) -> None:
        def begin() -> None:
            procedure = heartbeats(
                self._client, self._terms, joined, self._alive, self._group_rebalances
            )
            task = self._heartbeats = self._client.spawn(procedure)
            task.when_done(self._heartbeats_ended)

        self._client.loop.call_soon(begin)

    def _end_heartbeats(self) -> None:
        self._client.loop.call_soon(self._cancel_heartbeats)

    def _cancel_heartbeats(self) -> None:
        task, self._heartbeats = self._heartbeats, None
        if task is not None:
            task.cancel(KafkaException("the member joins again or leaves"))

    def _heartbeats_ended(self, task: Task) -> None:
        if task is self._heartbeats:
            self._heartbeats = None
            self.lease_until = 0.0  # at once: whoever consumes does not wait for the thread
            self._dropped = task.error
            self._news()

    def _alive(self, sent: float) -> None:
        expired = self.lease_until <= self._client.loop.time()
        self.lease_until = sent + self._terms.session_s
        if expired:
            self._owner.ready()

    def _group_rebalances(self) -> None:
        if not self._rebalancing:
            self._rebalancing = True
            self._news()


def _refreshed(topics: list[str] | None) -> Procedure[None]:
    yield Refresh(topics)


def _member(assignor: Assignor, id_: str, instance_id: str | None, said: bytes) -> GroupMember:
    """One that says what nobody understands gets nothing, and the others get theirs."""
    try:
        return assignor.member(id_, instance_id, said)
    except MalformedDataError as error:
        log.warning("member %s is assigned nothing: %s", id_, error)
        return GroupMember(id_, (), instance_id)


def _keys(given: bytes) -> set[PartitionKey]:
    # A member that was forgotten by the leader gets no bytes at all.
    return set(flat(read_assignment(given).partitions)) if given else set()
