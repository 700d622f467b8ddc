"""Brokers that listen with TLS, and the files to reach them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from services import Clusters, end_because_missing

from pykafka import KafkaClient
from pykafka.connection import SslConfig
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.certificates import Certificates
from pykafka.exceptions import MissingRequirementError

Connect = Callable[..., KafkaClient]
Certify = Callable[..., Certificates]


@pytest.fixture(scope="session")
def certify(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Certify:
    """``certify(name, **options)``: certificates, made once for all releases."""
    made: dict[str, Certificates] = {}

    def make(name: str, **options: Any) -> Certificates:
        if name not in made:
            try:
                made[name] = Certificates(tmp_path_factory.mktemp(name), **options)
            except MissingRequirementError as error:
                end_because_missing(pytestconfig, f"certificates: {error}")
        return made[name]

    return make


@pytest.fixture(scope="session")
def certificates(certify: Certify) -> Certificates:
    """What the brokers show, and the authority to know them by."""
    return certify("certificates")


@pytest.fixture(scope="session")
def foreign(certify: Certify) -> Certificates:
    """An authority that no broker is signed by or trusts, and a client's certificate of it."""
    return certify("foreign")


@pytest.fixture(scope="session")
def tls_kafka(
    kafka_release: str, embedded_kafka: Clusters, certificates: Certificates
) -> EmbeddedKafka:
    """Two brokers that take clients without a certificate."""
    return embedded_kafka(kafka_release, 2, tls=certificates)


@pytest.fixture(scope="session")
def strict_kafka(
    kafka_release: str, embedded_kafka: Clusters, certificates: Certificates
) -> EmbeddedKafka:
    """One that takes no client without a certificate."""
    return embedded_kafka(kafka_release, 1, {"ssl.client.auth": "required"}, tls=certificates)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """``connect(hosts, **options)``: a client, closed at the end of the test."""
    with ExitStack() as stack:

        def make(hosts: str | None, **options: Any) -> KafkaClient:
            assert hosts is not None
            client = KafkaClient(hosts, **options)
            stack.callback(client.close)
            return client

        yield make


def trusting(files: Certificates, **options: Any) -> SslConfig:
    """A client's settings without a certificate of its own."""
    return SslConfig(str(files.root_cert), **options)


def showing(files: Certificates, own: Certificates) -> SslConfig:
    """The same with the client's certificate that ``own`` has, and its encrypted key."""
    cert, key = str(own.client_cert), str(own.client_key)
    return SslConfig(str(files.root_cert), cert, key, own.client_pass)
