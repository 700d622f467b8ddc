"""A topic that gets more partitions while a producer is at work."""

from __future__ import annotations

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka


def test_partitions_that_are_added_get_messages_too(kafka: EmbeddedKafka, topic_name: str) -> None:
    kafka.create_topic(topic_name, partitions=1)
    with KafkaClient(kafka.bootstrap) as client:
        topic = client.topics[topic_name]
        with topic.get_producer(linger_ms=1) as producer:
            producer.produce(b"one partition")
            producer.flush()
            enlarge(kafka, topic_name, partitions=3)
            client.update_cluster()
            for number in range(30):
                producer.produce(b"%d" % number)
                producer.flush()
            ends = topic.latest_available_offsets()
    offsets = {number: found.offset[0] for number, found in ends.items()}
    assert sum(offsets.values()) == 31
    assert min(offsets.values()) >= 5


def enlarge(kafka: EmbeddedKafka, topic: str, partitions: int) -> None:
    """Give a topic more partitions, with the tool of the release."""
    if kafka.release.number < (2, 2):
        place = ["--zookeeper", str(kafka.zookeeper)]
    else:
        place = ["--bootstrap-server", kafka.bootstrap]
    arguments = [*place, "--alter", "--topic", topic, "--partitions", str(partitions)]
    done = kafka.run_tool("kafka.admin.TopicCommand", arguments)
    assert done.returncode == 0, done.stderr
    kafka.await_topic(topic, partitions)
