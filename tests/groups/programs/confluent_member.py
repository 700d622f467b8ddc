"""A member of a group by confluent-kafka's consumer."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaException
from event_log import EventLog, settings


def main():
    told = settings()
    log = EventLog(told["events"], told["member"])
    log.run(lambda: _consume(told, log))


def _consume(told, log):
    consumer = Consumer(told["native"])
    topics = told["topics"] or ["^" + told["pattern"]]

    def revoked(_, partitions):
        if told["commits"]:
            _commit(consumer, log)
        log.partitions("revoked", _named(partitions))

    consumer.subscribe(
        topics,
        on_assign=lambda _, partitions: log.partitions("assigned", _named(partitions)),
        on_revoke=revoked,
        on_lost=lambda _, partitions: log.partitions("lost", _named(partitions)),
    )
    log.write("ready")
    while log.wanted:
        messages = consumer.consume(500, 0.05)
        for message in messages:
            _deliver(consumer, message, log)
        if told["commits"] and messages:
            _commit(consumer, log)
    log.write("stopping")
    consumer.close()
    log.write("stopped")


def _deliver(consumer, message, log):
    if message.error() is not None:
        log.write("error", value=str(message.error()))
        return
    log.delivered(message.topic(), message.partition(), message.offset(), message.value())
    try:
        # Not before: it commits on a thread of its own what is stored.
        consumer.store_offsets(message)
    except KafkaException as error:
        # The partition was taken while the batch that it belongs to was on its way here.
        log.write("error", value=f"store_offsets: {error}")


def _commit(consumer, log):
    """Commit what is stored: all that is delivered."""
    try:
        done = consumer.commit(asynchronous=False)
    except KafkaException as error:
        # Nothing is new, or it is the middle of a rebalance; when partitions go it is tried again.
        log.write("error", value=f"commit: {error}")
        return
    log.committed((p.topic, p.partition, p.offset) for p in done if p.offset >= 0)


def _named(partitions):
    return [(p.topic, p.partition) for p in partitions]


if __name__ == "__main__":
    main()
