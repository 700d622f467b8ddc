"""A partitioner that does not choose one of the partitions that it was given."""

from __future__ import annotations

from typing import Any

import pytest

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import UsageError


@pytest.mark.parametrize("choose", [lambda topic, other: other.partitions[2], lambda *_: 0])
def test_it_is_named_with_what_it_chose(kafka: EmbeddedKafka, topic_name: str, choose: Any) -> None:
    kafka.create_topic(topic_name, partitions=1)
    kafka.create_topic(topic_name + "-other", partitions=3)
    with KafkaClient(kafka.bootstrap) as client:
        topic, other = client.topics[topic_name], client.topics[topic_name + "-other"]
        with topic.get_producer(partitioner=lambda *_: choose(topic, other)) as producer:
            with pytest.raises(UsageError, match=rf"{topic_name}: \[0\]"):
                producer.produce(b"lost on its way")
            assert producer._core.queued == 0
