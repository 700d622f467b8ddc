"""Producing (queue and flush) beside kafka-python, to the same broker.

Prints ns per message of each, interleaved, and their ratio.
"""

from __future__ import annotations

import sys

from kafka import KafkaProducer
from peers import arguments, broker, interleave, peer_version, report, told_version

import pykafka

TOPIC = "benchmark-produce"
OURS = "pykafka Producer"
#: Both may wait this long for a batch to fill.
LINGER_MS = 50


def main() -> int:
    args = arguments(__doc__.splitlines()[0]).parse_args()
    value = b"x" * args.size
    with broker(args) as hosts, pykafka.KafkaClient(hosts) as client:
        topic = client.topics[TOPIC]
        peer = KafkaProducer(
            bootstrap_servers=hosts,
            acks=1,
            # As ours; from Kafka 0.11 on it would number its batches by itself.
            enable_idempotence=False,
            linger_ms=LINGER_MS,
            batch_size=1_000_000,
            **told_version(args.release),
        )
        producer = topic.get_producer(linger_ms=LINGER_MS)

        def ours() -> None:
            produce = producer.produce
            for _ in range(args.messages):
                produce(value)
            producer.flush()

        def theirs() -> None:
            for _ in range(args.messages):
                peer.send(TOPIC, value)
            peer.flush()

        ways = {OURS: ours, peer_version(): theirs}
        timings = interleave(args.rounds, args.messages, ways)
        expected = 2 * args.rounds * args.messages
        stored = sum(found.offset[0] for found in topic.latest_available_offsets().values())
        producer.stop()
        peer.close()
        print(f"\n{stored} of {expected} messages are in the log")
        wanted = {peer_version(): args.at_least}
        return report(timings, wanted) or int(stored < expected)


if __name__ == "__main__":
    sys.exit(main())
