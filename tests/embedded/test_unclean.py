"""What tests of clients rely on: an unclean election takes messages back and puts others there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from functional.producer.scenario import read_all
from unclean import UncleanElection

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.broker import EmbeddedBroker
from pykafka.topic import Topic

KEPT = [b"kept %d" % n for n in range(10)]
LOST = [b"lost %d" % n for n in range(5)]
INSTEAD = [b"instead %d" % n for n in range(8)]


def stored(kafka: EmbeddedKafka, topic: str) -> list[bytes | None]:
    """The values of partition 0 in the order of their offsets."""
    with KafkaClient(kafka.bootstrap) as client:
        return [message.value for message in read_all(client.topics[topic])[0]]


def on_disk(broker: EmbeddedBroker, topic: str, values: Sequence[bytes]) -> set[bytes]:
    """Which of the values are in the broker's log."""
    log = (broker.log_dir / f"{topic}-0" / f"{0:020}.log").read_bytes()
    return {value for value in values if value in log}


def append(topic: Topic, values: Sequence[bytes], acks: int) -> None:
    with topic.get_producer(required_acks=acks, max_retries=100) as producer:
        for value in values:
            producer.produce(value)


@pytest.mark.slow
def test_an_offset_holds_another_value_after_an_unclean_election(
    kafka3: EmbeddedKafka, topic_name: str
) -> None:
    def produce(values: Sequence[bytes], acks: int) -> None:
        # A client for each call: none has an old leader to remember.
        with KafkaClient(kafka3.bootstrap) as client:
            append(client.topics[topic_name], values, acks)

    election = UncleanElection(kafka3, topic_name, produce)
    election.fill(KEPT)
    election.append_doomed(LOST)
    assert (election.parting, election.old_end) == (len(KEPT), len(KEPT + LOST))
    assert stored(kafka3, topic_name) == KEPT + LOST
    election.elect()
    assert stored(kafka3, topic_name) == KEPT
    election.overwrite(INSTEAD)
    election.rejoin()
    assert stored(kafka3, topic_name) == KEPT + INSTEAD
    assert on_disk(election.new, topic_name, LOST) == set()
    if kafka3.release.number >= (0, 11):
        assert on_disk(election.old, topic_name, LOST) == set()
