"""An unclean leader election on demand: a partition forgets messages and has others instead.

Of two replicas one is stopped, the other takes messages that the first has never seen, and dies.
The first comes back, leads with what it has, and takes other messages at the same offsets. So
does a real cluster lose what was acknowledged, if it prefers serving to keeping. For a client
everything lies in what it sees of that: a position, or a message, that is not there any more.

::

    with EmbeddedKafka("2.8.2", brokers=2) as kafka:
        election = UncleanElection(kafka, "lines", produce)
        election.fill([b"kept"] * 10)
        election.append_doomed([b"lost"] * 10)
        consumer.consume()  # at leisure: these are there to be read
        election.elect()
        election.overwrite([b"instead"] * 15)
        election.rejoin()

Brokers 0.8.2.2, 0.11.0.3, 1.1.1, 2.8.2, 3.9.1, 4.1.1 and 4.3.0, observed: the topic's
configuration is all they need. KRaft's controller elects once the dead leader's session is over;
eligible leader replicas (4.1) do not keep it from that. Before 0.11, which has no leader epochs,
the old leader cuts its log back to what it last noted as replicated, so that messages that were
lost may stay in it: only what the new leader serves can be relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.broker import EmbeddedBroker
from pykafka.embedded.topics import Placement
from pykafka.embedded.waiting import wait_until
from pykafka.embedded.zookeeper_admin import forget_broker

__all__ = ["Produce", "UncleanElection"]

#: Of the topic. One replica is enough to acknowledge, and to lead whatever it lacks.
CONFIG = {"unclean.leader.election.enable": True, "min.insync.replicas": 1}
#: Seconds for a session to end, a leader to be elected, a replica to catch up.
WITHIN = 60.0


class Produce(Protocol):
    """Appends values to partition 0 of the topic, in order; returns when all are acknowledged."""

    def __call__(self, values: Sequence[bytes], acks: int) -> None: ...


class UncleanElection:
    """One partition, 0 of a new topic, on two brokers of a cluster; the steps in their order.

    Each returns when its outcome is there to be seen by clients. Brokers that have no replica
    are left alone.

    :param kafka: two brokers or more. With two, all of it is down for a moment in :meth:`elect`.
    :param topic: does not exist yet.
    """

    def __init__(self, kafka: EmbeddedKafka, topic: str, produce: Produce) -> None:
        self.topic = topic
        self._kafka = kafka
        self._produce = produce
        kafka.create_topic(topic, 1, 2, CONFIG)
        found = self._placement()
        assert found.leader is not None
        #: Leads first, and loses.
        self.old: EmbeddedBroker = kafka.brokers[found.leader]
        #: Leads in the end, without what it has not seen.
        (other,) = set(found.replicas) - {found.leader}
        self.new: EmbeddedBroker = kafka.brokers[other]
        #: Offsets: where the logs part, and where the old one ended.
        self.parting = 0
        self.old_end = 0

    def fill(self, values: Sequence[bytes]) -> None:
        """Append what both have, and keep."""
        self._kafka.await_in_sync(self.topic, within=WITHIN)
        self._produce(values, acks=-1)
        self.parting = self.old_end = self.parting + len(values)

    def append_doomed(self, values: Sequence[bytes]) -> None:
        """Stop one replica, append to the other, which acknowledges: :meth:`elect` loses them."""
        # In order, so that the log is closed where it ends: one that was killed may be cut
        # further back, to what it knew to be on both.
        self.new.stop()
        self._await(lambda found: found.in_sync == {self.old.id}, "the leader alone in sync")
        self._produce(values, acks=1)
        self.old_end += len(values)

    def elect(self) -> None:
        """Kill the leader, and have the stopped replica lead with what it has."""
        self.old.kill()
        if self._kafka.zookeeper is not None:
            # At once instead of after its session.
            forget_broker(self._kafka.zookeeper, self.old.id)
        self.new.restart()
        self._await(lambda found: found.leader == self.new.id, "the stale replica as leader")
        self._kafka.await_topic(self.topic, 1)

    def overwrite(self, values: Sequence[bytes]) -> None:
        """Append at the offsets of what was lost, and beyond if there is more of it."""
        self._produce(values, acks=1)

    def rejoin(self) -> None:
        """Bring the old leader back; returns when it is in sync with the new one."""
        self.old.restart()
        self._kafka.await_in_sync(self.topic, within=WITHIN)

    def _placement(self) -> Placement:
        return self._kafka.placements(self.topic)[0]

    def _await(self, expected: Callable[[Placement], bool], what: str) -> None:
        wait_until(lambda: expected(self._placement()), WITHIN, f"topic {self.topic!r}: {what}")
