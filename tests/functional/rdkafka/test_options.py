"""Options that librdkafka cannot honour are refused by name, in its words where it has some."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import InvalidOptionError
from pykafka.runtime.rdkafka.handle import Handle, open_handles
from pykafka.runtime.rdkafka.library import Library
from pykafka.runtime.rdkafka.properties import Properties, Property

pytestmark = pytest.mark.kafka(since="4.3", why="no release does otherwise than another")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"decompressed_max_bytes": 1000}, "librdkafka has nothing like it"),
        ({"fetch_min_bytes": 0}, "fetch.min.bytes"),
        ({"fetch_message_max_bytes": 2**31 - 1}, "fetch.message.max.bytes"),
        ({"fetch_max_bytes": 2**31 - 1}, "receive.message.max.bytes"),
    ],
)
def test_a_consumer_names_the_option(
    client: KafkaClient, topic_name: str, options: dict[str, Any], words: str
) -> None:
    topic = client.topics[topic_name]
    (name,) = options
    with pytest.raises(InvalidOptionError, match=f"option {name}: .*{words}"):
        topic.get_simple_consumer(use_rdkafka=True, **options)
    with pytest.raises(InvalidOptionError, match=f"option {name}: .*{words}"):
        topic.get_balanced_consumer("g", managed=True, use_rdkafka=True, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_request_size": 2**31 - 1}, "message.max.bytes"),
        ({"ack_timeout_ms": 2**31 - 1}, "request.timeout.ms"),
        ({"required_acks": 32767}, "request.required.acks"),
        ({"retry_backoff_ms": 0}, "retry.backoff.ms"),
    ],
)
def test_a_producer_names_the_option(
    client: KafkaClient, topic_name: str, options: dict[str, Any], words: str
) -> None:
    topic = client.topics[topic_name]
    (name,) = options
    with pytest.raises(InvalidOptionError, match=f"option {name}: librdkafka .*{words}"):
        topic.get_producer(use_rdkafka=True, **options)


def test_what_does_not_fit_together_is_named(client: KafkaClient, librdkafka: Library) -> None:
    before = open_handles()
    too_large = [
        Property("fetch.max.bytes", "100000", "fetch_max_bytes"),
        Property("message.max.bytes", "1000"),
        Property("receive.message.max.bytes", "2000", "receive_max_bytes"),
    ]
    with pytest.raises(InvalidOptionError, match="option fetch_max_bytes and receive_max_bytes: "):
        Handle(client.cluster.core, Properties(librdkafka, iter(too_large)), lambda _: None)
    assert open_handles() == before


def test_a_source_address_is_refused(kafka: EmbeddedKafka, topic_name: str) -> None:
    with KafkaClient(kafka.bootstrap, source_address="127.0.0.1") as client:
        for make in (
            client.topics[topic_name].get_producer,
            client.topics[topic_name].get_simple_consumer,
        ):
            with pytest.raises(InvalidOptionError, match="option source_address: librdkafka"):
                make(use_rdkafka=True)


def test_a_context_is_refused(client: KafkaClient, topic_name: str) -> None:
    topic = client.topics[topic_name]
    settings = client.cluster.core.settings
    settings.ssl_config = ssl.create_default_context()
    try:
        with pytest.raises(InvalidOptionError, match=r"option ssl_config: .*SslConfig"):
            topic.get_producer(use_rdkafka=True)
    finally:
        settings.ssl_config = None
