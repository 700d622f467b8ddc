"""A client of the shared broker; what librdkafka is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services import IMPLEMENTATIONS, end_because_missing

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.runtime.rdkafka.library import Library, library


@pytest.fixture(scope="session")
def librdkafka(pytestconfig: pytest.Config) -> Library:
    """The one that is used here."""
    missing = IMPLEMENTATIONS["rdkafka"].missing
    if missing:
        end_because_missing(pytestconfig, missing)
    return library()


@pytest.fixture(scope="session")
def client(librdkafka: Library, kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client of the one-broker cluster."""
    with KafkaClient(kafka.bootstrap) as client:
        yield client
