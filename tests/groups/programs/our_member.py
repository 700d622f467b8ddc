"""A member of a group by this package's consumers, of both kinds."""

from __future__ import annotations

import logging
import re
import time

from event_log import EventLog, settings

from pykafka import KafkaClient, membershipprotocol
from pykafka.common import OffsetType

_ASSIGNORS = {
    "range": "RangeProtocol",
    "roundrobin": "RoundRobinProtocol",
    "sticky": "StickyProtocol",
    "cooperative-sticky": "CooperativeStickyProtocol",
}


class _Holdings:
    """The rebalance callbacks, as events.

    With one topic by name the keys are ids of partitions, with several they are partitions.
    """

    def __init__(self, topics, log):
        self._topics = topics
        self._log = log
        self._session = None

    def revoking(self, consumer, revoked):
        self._log.partitions("revoked", self._named(revoked))

    def rebalanced(self, consumer, old, new):
        self.tell_session(consumer)
        self._log.holds(self._named(new))

    def tell_session(self, consumer):
        """Its session in ZooKeeper, for who wants to end it by force; a new one after that."""
        session = getattr(consumer, "zookeeper_session", None)
        if session not in {None, self._session}:
            self._session = session
            self._log.write("session", session=session[0], password=session[1].hex())

    def _named(self, keys):
        return [
            (self._topics[0], key) if isinstance(key, int) else (_text(key.topic.name), key.id)
            for key in keys
        ]


def main():
    told = settings()
    # Into the member's log, with the clock of the events.
    logging.basicConfig(level=logging.INFO, format="%(mono).3f %(name)s %(message)s")
    logging.getLogger().handlers[0].addFilter(_stamp)
    logging.getLogger("kazoo").setLevel(logging.WARNING)
    log = EventLog(told["events"], told["member"])
    log.run(lambda: _consume(told, log))


def _consume(told, log):
    with KafkaClient(told["bootstrap"]) as client:
        holdings = _Holdings(told["topics"], log)
        consumer = client.get_balanced_consumer(
            _subscription(told),
            told["group"],
            managed=told["managed"],
            membership_protocol=getattr(membershipprotocol, _ASSIGNORS[told["assignor"]]),
            auto_offset_reset=OffsetType.EARLIEST,
            consumer_timeout_ms=50,
            pre_rebalance_callback=holdings.revoking,
            post_rebalance_callback=holdings.rebalanced,
            **told["native"],
        )
        holdings.tell_session(consumer)
        log.write("ready")
        while log.wanted:
            message = consumer.consume()
            if message is not None:
                topic = _text(message.partition.topic.name)
                log.delivered(topic, message.partition_id, message.offset, message.value)
        log.write("stopping")
        consumer.stop()
        log.write("stopped")


def _stamp(record):
    record.mono = time.monotonic()
    return True


def _subscription(told):
    if told["pattern"] is not None:
        return re.compile(told["pattern"])
    return told["topics"] if len(told["topics"]) > 1 else told["topics"][0]


def _text(name):
    return name.decode() if isinstance(name, bytes) else name


if __name__ == "__main__":
    main()
