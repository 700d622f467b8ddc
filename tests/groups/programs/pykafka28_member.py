"""A member of a group by pykafka 2.8.0's BalancedConsumer."""

from __future__ import annotations

from event_log import EventLog, settings

from pykafka import KafkaClient
from pykafka.common import OffsetType


def main():
    told = settings()
    log = EventLog(told["events"], told["member"])
    log.run(lambda: _consume(told, log))


def _consume(told, log):
    client = KafkaClient(hosts=told["bootstrap"], broker_version="0.8.2")
    (name,) = told["topics"]

    def rebalanced(consumer, old, new):
        log.holds((name, partition) for partition in new)

    consumer = client.topics[name.encode()].get_balanced_consumer(
        told["group"].encode(),
        auto_offset_reset=OffsetType.EARLIEST,
        consumer_timeout_ms=50,
        post_rebalance_callback=rebalanced,
        **told["native"],
    )
    log.write("ready")
    while log.wanted:
        message = consumer.consume()
        if message is not None:
            log.delivered(name, message.partition_id, message.offset, message.value)
    log.write("stopping")
    consumer.stop()
    log.write("stopped")


if __name__ == "__main__":
    main()
