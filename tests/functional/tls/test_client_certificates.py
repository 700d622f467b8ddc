"""Brokers that ask clients who they are."""

from __future__ import annotations

import random

import pytest
from functional.tls.conftest import Connect, showing, trusting
from functional.tls.refusals import refused
from functional.tls.round_trip import FORMS, round_trip

from pykafka.connection import SslConfig
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.certificates import Certificates

pytestmark = pytest.mark.kafka(since="0.9", why="TLS came with 0.9")


@pytest.mark.parametrize("form", FORMS)
def test_one_with_a_certificate_gets_in(
    strict_kafka: EmbeddedKafka,
    certificates: Certificates,
    connect: Connect,
    form: str,
    topic_name: str,
    rng: random.Random,
) -> None:
    strict_kafka.create_topic(topic_name)
    config = FORMS[form](showing(certificates, certificates))
    round_trip(connect(strict_kafka.bootstrap_tls, ssl_config=config), topic_name, rng)


def test_certificate_and_key_may_be_in_one_file(
    strict_kafka: EmbeddedKafka, certificates: Certificates, connect: Connect, tmp_path
) -> None:
    both = tmp_path / "client.both"
    both.write_bytes(certificates.client_key.read_bytes() + certificates.client_cert.read_bytes())
    config = SslConfig(str(certificates.root_cert), str(both), None, certificates.client_pass)
    assert list(connect(strict_kafka.bootstrap_tls, ssl_config=config).brokers) == [0]


@pytest.mark.parametrize("form", FORMS)
def test_one_without_is_told_to_give_one(
    strict_kafka: EmbeddedKafka, certificates: Certificates, connect: Connect, form: str
) -> None:
    # In TLS 1.3 the refusal comes after a handshake that went well.
    with refused(strict_kafka.bootstrap_tls, "give ssl_config one", "certfile"):
        connect(strict_kafka.bootstrap_tls, ssl_config=FORMS[form](trusting(certificates)))


def test_one_with_a_certificate_that_the_broker_does_not_trust_is_told_so(
    strict_kafka: EmbeddedKafka,
    certificates: Certificates,
    foreign: Certificates,
    connect: Connect,
) -> None:
    with refused(strict_kafka.bootstrap_tls, "client certificate that it trusts"):
        connect(strict_kafka.bootstrap_tls, ssl_config=showing(certificates, foreign))
