"""A topology with a Kafka spout that runs in this process, without Java's Storm."""

from __future__ import annotations

from typing import Any

from spout_runs import committed
from storm.kafka.conftest import Fill

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.storm import Bolt, Grouping, KafkaSpout, Topology, run_in_process


class Split(Bolt):
    """Splits at the colon; the first time it fails for every seventh."""

    outputs = ["partition", "offset"]
    auto_ack = False
    failed: set[str] = set()
    done: list[list[Any]] = []

    def process(self, tup: Any) -> None:
        text = tup.values[0]
        offset = int(text.partition(":")[2])
        if offset % 7 == 0 and text not in self.failed:
            self.failed.add(text)
            self.fail(tup)
        else:
            self.emit(text.split(":"))
            self.done.append(text)
            self.ack(tup)


def test_a_topology_reads_kafka_in_process(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill
) -> None:
    topic = fill(70, 50)

    class Words(Topology):
        lines = KafkaSpout.spec(
            topics=topic,
            group=topic,
            hosts=kafka.bootstrap,
            zookeeper_hosts=kafka.zookeeper,
            fields=["line"],
            retry_backoff_ms=10,
            commit_interval_ms=100,
        )
        split = Split.spec(inputs={lines: Grouping.SHUFFLE})

    Split.failed.clear()
    Split.done.clear()

    def all_committed(_: object) -> bool:
        done = len(Split.done) == 120
        return done and committed(client, topic, topic) == {0: 70, 1: 50}

    engine = run_in_process(Words, real_time=True, until=all_committed, time_limit=60)
    engine.close()
    assert len(Split.done) == 120
    assert len(Split.failed) == len(range(0, 70, 7)) + len(range(0, 50, 7))
    assert committed(client, topic, topic) == {0: 70, 1: 50}
