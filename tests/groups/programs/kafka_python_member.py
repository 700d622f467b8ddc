"""A member of a group by kafka-python's consumer."""

from __future__ import annotations

from event_log import EventLog, settings
from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import KafkaError

_ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


class _Listener(ConsumerRebalanceListener):
    def __init__(self, log):
        self._log = log

    def on_partitions_revoked(self, revoked):
        self._log.partitions("revoked", [(p.topic, p.partition) for p in revoked])

    def on_partitions_assigned(self, assigned):
        self._log.partitions("assigned", [(p.topic, p.partition) for p in assigned])

    def on_partitions_lost(self, lost):
        self._log.partitions("lost", [(p.topic, p.partition) for p in lost])


def main():
    told = settings()
    log = EventLog(told["events"], told["member"])
    log.run(lambda: _consume(told, log))


def _consume(told, log):
    assignors = [_ASSIGNORS[told["assignor"]]]
    consumer = KafkaConsumer(partition_assignment_strategy=assignors, **told["native"])
    consumer.subscribe(
        topics=told["topics"] or (), pattern=told["pattern"], listener=_Listener(log)
    )
    log.write("ready")
    while log.wanted:
        for messages in consumer.poll(timeout_ms=50).values():
            for m in messages:
                log.delivered(m.topic, m.partition, m.offset, m.value)
        if told["commits"]:
            _commit(consumer, log)
    log.write("stopping")
    consumer.close()
    log.write("stopped")


def _commit(consumer, log):
    """Commit what is delivered: the positions, as all that was polled is delivered."""
    held = [(p.topic, p.partition, consumer.position(p)) for p in consumer.assignment()]
    try:
        consumer.commit()
    except KafkaError as error:
        # In the middle of a rebalance it cannot be, and release 3 refuses to wait for it in its
        # callbacks: what is delivered at that moment will come again.
        log.write("error", value=f"commit: {error!r}")
        return
    log.committed(held)


if __name__ == "__main__":
    main()
