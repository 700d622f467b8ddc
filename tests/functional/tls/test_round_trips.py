"""Producing and consuming over TLS, in every form in which it can be asked for."""

from __future__ import annotations

import importlib.util
import random

import pytest
from functional.client.programs import run_program
from functional.tls.conftest import Connect, trusting
from functional.tls.round_trip import FORMS, round_trip

from pykafka.connection import SslConfig
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.certificates import Certificates

pytestmark = pytest.mark.kafka(since="0.9", why="TLS came with 0.9")
_HAS_GEVENT = importlib.util.find_spec("gevent") is not None


@pytest.mark.parametrize("form", FORMS)
def test_what_is_sent_comes_back_from_brokers_that_metadata_names(
    tls_kafka: EmbeddedKafka,
    certificates: Certificates,
    connect: Connect,
    form: str,
    topic_name: str,
    rng: random.Random,
) -> None:
    tls_kafka.create_topic(topic_name, partitions=4)
    hosts = f"127.0.0.1:{tls_kafka.brokers[1].tls_port}"
    client = connect(hosts, ssl_config=FORMS[form](trusting(certificates)))
    assert {id_: broker.port for id_, broker in client.brokers.items()} == {
        broker.id: broker.tls_port for broker in tls_kafka.brokers
    }
    leaders = {part.leader.id for part in client.topics[topic_name].partitions.values()}
    assert leaders == {0, 1}
    round_trip(client, topic_name, rng)


def test_the_certificate_is_for_the_name_too(
    tls_kafka: EmbeddedKafka, certificates: Certificates, connect: Connect
) -> None:
    hosts = f"localhost:{tls_kafka.brokers[0].tls_port}"
    assert len(connect(hosts, ssl_config=trusting(certificates)).brokers) == 2


def test_without_a_cafile_the_authorities_of_the_system_are_trusted(
    tls_kafka: EmbeddedKafka,
    certificates: Certificates,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.root_cert))
    assert len(connect(tls_kafka.bootstrap_tls, ssl_config=SslConfig(None)).brokers) == 2


def test_a_closed_client_leaves_its_settings_to_the_next(
    tls_kafka: EmbeddedKafka, certificates: Certificates, connect: Connect
) -> None:
    config = trusting(certificates)
    connect(tls_kafka.bootstrap_tls, ssl_config=config).close()
    assert len(connect(tls_kafka.bootstrap_tls, ssl_config=config).brokers) == 2


@pytest.mark.skipif(not _HAS_GEVENT, reason="gevent is not installed")
def test_greenlets(tls_kafka: EmbeddedKafka, certificates: Certificates, topic_name: str) -> None:
    tls_kafka.create_topic(topic_name, partitions=4)
    assert tls_kafka.bootstrap_tls is not None
    out = run_program(
        """
        import itertools
        import os
        import sys
        from pykafka import KafkaClient
        from pykafka.connection import SslConfig

        hosts, topic_name, cafile = sys.argv[1:]
        with KafkaClient(hosts, ssl_config=SslConfig(cafile), use_greenlets=True) as client:
            topic = client.topics[topic_name]
            rows = [os.urandom(100_000) for _ in range(30)]
            with topic.get_producer(linger_ms=20) as producer:
                for row in rows:
                    producer.produce(row)
            consumer = topic.get_simple_consumer(consumer_timeout_ms=20_000)
            got = [message.value for message in itertools.islice(consumer, 30)]
            assert sorted(got) == sorted(rows)
        print("done")
        """,
        tls_kafka.bootstrap_tls,
        topic_name,
        str(certificates.root_cert),
    )
    assert out == "done\n"
