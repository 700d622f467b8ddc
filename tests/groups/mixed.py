"""Members of several clients in one group: told to come and go while messages are written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from groups.events import Event
from groups.feeding import Feeder
from groups.judge import Duplicate, Trouble, Verdict, judge, owned_once
from groups.members import Member
from groups.owners import Ownership
from groups.runs import GroupRun

from pykafka.embedded import EmbeddedKafka

__all__ = ["MixedGroup", "passed"]

_HIGH_LEVEL, _OLD, _KAFKA_PYTHON = "java-zookeeper", "pykafka-2.8", "kafka-python"
#: What ours say if they cannot commit before partitions go.
_NOT_COMMITTED = "are not committed before"
#: Messages per second, over all partitions.
_RATE = 300
#: Seconds for a group to settle, and for what is written to be delivered.
_WITHIN = 60.0
#: Seconds: what members are told of a session, and a ping.
_GRACE = 7.0


class MixedGroup:
    """A group that is fed from :meth:`feeding` on, and looked at whenever it is settled.

    :param look: who owns what, by what the group has written down.
    """

    def __init__(
        self,
        kafka: EmbeddedKafka,
        run: GroupRun,
        partitions: int,
        look: Callable[[], Ownership],
    ) -> None:
        (self._topic,) = run.options.topics
        self._kafka = kafka
        self._run = run
        self._look = look
        self._places = {(self._topic, number) for number in range(partitions)}
        self._owned = look()
        self._wrong: list[str] = []
        self._verdict: Verdict | None = None
        self._feeding = False
        kafka.create_topic(self._topic, partitions)

    def start(self, *kinds: str, **changes: object) -> list[Member]:
        """Start members at the same time; returns when they are ready and share what there is."""
        started = [self._run.start(kind, **changes) for kind in kinds]
        for member in started:
            member.await_ready()
        self.settle()
        return started

    def stop(self, *members: Member) -> None:
        """Stop members one after another; returns when the others share what there is."""
        for member in members:
            member.stop()
        self.settle()

    def replace(self, member: Member, kind: str) -> Member:
        """Stop one and start another in its place."""
        member.stop()
        (other,) = self.start(kind)
        return other

    def settle(self) -> None:
        """Return when each member that runs has partitions, and each partition an owner, by what
        the group has written down and by their own words; then see whether it is one owner, and
        wait until, if messages are written, each partition is read."""

        self._run.wait(self._settled, _WITHIN, "each partition owned by a member that is there")
        moment = time.monotonic()
        self._wrong += [
            f"{moment:.1f} s: {wrong}"
            for wrong in owned_once(self._owned.owners, self._places, self._owned.members)
        ]
        if self._feeding:
            self._run.wait(lambda: self._read_since(moment), _WITHIN, "all partitions read again")

    def _settled(self) -> bool:
        """Whether the group and its members say the same, and go on to do so."""
        self._run.check_alive()
        held = [member.holds() for member in self._run.running]
        before, self._owned = self._owned, self._look()
        owners = self._owned.owners
        return (
            self._owned == before
            and self._owned.stable
            and len(self._owned.members) == len(held)
            and owners.keys() >= self._places
            and all(owner in self._owned.members for one in owners.values() for owner in one)
            and all(held)
            and sorted(place for places in held for place in places) == sorted(self._places)
        )

    def _read_since(self, moment: float) -> bool:
        read = set()
        for member in self._run.running:
            for event in reversed(member.events()):
                if event.t < moment:
                    break
                if event.event == "delivered":
                    read.add(event.place)
        return read == self._places

    def until(self, condition: Callable[[], bool]) -> None:
        """Return when it holds and the group is settled (again)."""
        self._run.wait(condition, _WITHIN, "what was to become of the group")
        self.settle()

    @contextmanager
    def in_disorder(self, what: str) -> Iterator[None]:
        """What members do here may cost messages their only delivery."""
        begin = time.monotonic()
        yield
        # Until everybody is settled, and no longer: no session has to end for that.
        self._run.trouble(Trouble(None, what, begin, time.monotonic() - _GRACE))

    @contextmanager
    def feeding(self) -> Iterator[None]:
        """Messages are written meanwhile; at the end all of them are delivered, and all members
        stop."""
        with Feeder(self._kafka.bootstrap, self._topic, _RATE) as feeder:
            self._feeding = True
            yield
            feeder.stop()
            self._run.await_delivered(feeder.ends, _WITHIN)
            self._run.stop()
        verdict = judge(
            self._run.events(),
            feeder.produced(),
            self._run.troubles,
            grace=_GRACE,
            ownership=self._wrong,
        )
        verdict.repeated += [case for case in verdict.duplicates if self._is_theirs(case)]
        verdict.duplicates = [case for case in verdict.duplicates if not self._is_theirs(case)]
        self._verdict = verdict

    def _is_theirs(self, case: Duplicate) -> bool:
        """Whether a message came again by a fault of another client.

        Java's high-level consumer looks up where to begin before it owns a partition
        (``rebalance`` of ``ZookeeperConsumerConnector``), and so may miss the last commit of the
        owner before; and its iterator may hand out what is behind its own last commit.

        pykafka 2.8 commits when a rebalance begins, and goes on reading until it gets the lock that
        keeps it from that (``BalancedConsumer._rebalance``).

        With a cooperative assignor kafka-python goes on reading while the group rebalances, and
        commits no more when partitions go.
        """
        members = {member.name: member for member in self._run.members}
        before, after = members[case.first], members[case.second]
        if after.kind == _HIGH_LEVEL:
            return before.kind == _HIGH_LEVEL or not self.logged(before, _NOT_COMMITTED)
        if before.kind == _OLD:
            return True
        return before.kind == _KAFKA_PYTHON and before.options.assignor == "cooperative-sticky"

    @property
    def verdict(self) -> Verdict:
        """What came of it."""
        assert self._verdict is not None
        return self._verdict

    def passed(self, giver: str, taker: str) -> int:
        """How many times a partition went from a member of one kind to one of another, and both
        delivered from it."""
        return passed(self._run.events(), {m.name: m.kind for m in self._run.members}, giver, taker)

    def logged(self, member: Member, words: str) -> bool:
        """Whether a member has said that, other than by an event."""
        return words in member.log_tail(1000)


def passed(events: list[Event], kinds: dict[str, str], giver: str, taker: str) -> int:
    """See :meth:`MixedGroup.passed`."""
    last: dict[object, str] = {}
    count = 0
    for event in events:
        if event.event == "delivered":
            kind = kinds[event.member]
            count += last.get(event.place) == giver and kind == taker
            last[event.place] = kind
    return count
