"""Brokers that listen with TLS too."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_because_missing

from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.certificates import Certificates
from pykafka.exceptions import DownloadError, InvalidOptionError, MissingRequirementError

#: The oldest release that has TLS.
RELEASE = "0.9.0.1"


@pytest.fixture(scope="module")
def kafka_tls(pytestconfig: pytest.Config) -> Iterator[EmbeddedKafka]:
    try:
        cluster = EmbeddedKafka(RELEASE, 2, tls=True)
    except (DownloadError, MissingRequirementError) as error:
        end_because_missing(pytestconfig, f"Kafka {RELEASE} with TLS: {error}")
    with cluster:
        yield cluster


def certificates(kafka: EmbeddedKafka) -> Certificates:
    assert kafka.certificates is not None
    return kafka.certificates


def test_each_broker_has_an_address_for_tls(kafka_tls: EmbeddedKafka) -> None:
    assert kafka_tls.bootstrap_tls is not None
    addresses = kafka_tls.bootstrap_tls.split(",")
    assert [address.split(":")[0] for address in addresses] == ["127.0.0.1"] * 2
    assert set(addresses).isdisjoint(kafka_tls.bootstrap.split(","))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("shown", [False, True], ids=["nothing", "a certificate"])
def test_the_authority_proves_the_broker(kafka_tls: EmbeddedKafka, host: str, shown: bool) -> None:
    files = certificates(kafka_tls)
    context = ssl.create_default_context(cafile=str(files.root_cert))
    if shown:
        context.load_cert_chain(files.client_cert, files.client_key, files.client_pass)
    port = kafka_tls.brokers[0].tls_port
    assert port is not None
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        context.wrap_socket(raw, server_hostname=host) as sock,
    ):
        assert sock.getpeercert()


def test_a_release_without_tls_refuses_it() -> None:
    with pytest.raises(InvalidOptionError, match=r"0\.8\.2\.2 has none"):
        EmbeddedKafka("0.8.2.2", tls=True)


def test_without_openssl_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingRequirementError, match="openssl"):
        Certificates(tmp_path / "certificates")
