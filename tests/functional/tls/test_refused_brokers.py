"""Brokers that cannot be trusted, or do not speak TLS: the error says which, and what to do."""

from __future__ import annotations

import pytest
from functional.tls.conftest import Certify, Connect, trusting
from functional.tls.refusals import refused
from functional.tls.round_trip import FORMS
from services import Clusters

from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.certificates import Certificates

pytestmark = pytest.mark.kafka(since="0.9", why="TLS came with 0.9")


@pytest.fixture(scope="module")
def expired(kafka_release: str, embedded_kafka: Clusters, certify: Certify) -> EmbeddedKafka:
    """A broker whose certificate is too old; it serves it all the same."""
    return embedded_kafka(kafka_release, 1, tls=certify("expired", broker_expired=True))


@pytest.fixture(scope="module")
def misnamed(kafka_release: str, embedded_kafka: Clusters, certify: Certify) -> EmbeddedKafka:
    """A broker whose certificate is another host's."""
    names = ["broker.example", "192.0.2.1"]
    return embedded_kafka(kafka_release, 1, tls=certify("misnamed", broker_names=names))


def certificates_of(kafka: EmbeddedKafka) -> Certificates:
    assert kafka.certificates is not None
    return kafka.certificates


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_that_is_too_old(expired: EmbeddedKafka, connect: Connect, form: str) -> None:
    config = FORMS[form](trusting(certificates_of(expired)))
    with refused(expired.bootstrap_tls, "certificate has expired", "renew it"):
        connect(expired.bootstrap_tls, ssl_config=config)


def test_a_certificate_that_is_too_old_is_not_saved_by_its_name(
    expired: EmbeddedKafka, connect: Connect
) -> None:
    config = trusting(certificates_of(expired), check_hostname=False)
    with refused(expired.bootstrap_tls, "certificate has expired"):
        connect(expired.bootstrap_tls, ssl_config=config)


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_of_an_authority_that_is_not_trusted(
    tls_kafka: EmbeddedKafka, foreign: Certificates, connect: Connect, form: str
) -> None:
    with refused(tls_kafka.bootstrap_tls, "cafile", "the authority that signed"):
        connect(tls_kafka.bootstrap_tls, ssl_config=FORMS[form](trusting(foreign)))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("form", ["SslConfig", "SSLContext"])
def test_a_certificate_for_another_host(
    misnamed: EmbeddedKafka, connect: Connect, form: str, host: str
) -> None:
    hosts = f"{host}:{misnamed.brokers[0].tls_port}"
    with refused(hosts, f"not valid for '{host}'", "a name that the broker's certificate holds"):
        connect(hosts, ssl_config=FORMS[form](trusting(certificates_of(misnamed))))


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_for_another_host_will_do_where_that_is_not_checked(
    misnamed: EmbeddedKafka, connect: Connect, form: str
) -> None:
    config = FORMS[form](trusting(certificates_of(misnamed), check_hostname=False))
    assert list(connect(misnamed.bootstrap_tls, ssl_config=config).brokers) == [0]


def test_a_client_without_tls_on_a_tls_port(tls_kafka: EmbeddedKafka, connect: Connect) -> None:
    with refused(tls_kafka.bootstrap_tls, "TLS listener", "give ssl_config"):
        connect(tls_kafka.bootstrap_tls)


@pytest.mark.parametrize("form", FORMS)
def test_a_client_with_tls_on_a_plain_port(
    tls_kafka: EmbeddedKafka, certificates: Certificates, connect: Connect, form: str
) -> None:
    with refused(tls_kafka.bootstrap, "is this port a TLS listener?"):
        connect(tls_kafka.bootstrap, ssl_config=FORMS[form](trusting(certificates)))
