"""What needs a download or a JDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from wire.java_oracle import JavaOracle
from wire.kafka_definitions import NEW, OLD, Definition, classpath_of, definitions

from pykafka.exceptions import DownloadError, MissingRequirementError


@pytest.fixture(scope="session")
def kafka_definitions(missing: Callable[[str], None]) -> dict[str, dict[str, Definition]]:
    """Release -> name -> definition."""
    try:
        return {release: definitions(release) for release in (OLD, NEW)}
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Kafka's message definitions: {error}")
        raise


@pytest.fixture(scope="session", params=[OLD, NEW])
def java(request: pytest.FixtureRequest, missing: Callable[[str], None]) -> Iterator[JavaOracle]:
    """Kafka's own codecs of a release."""
    try:
        oracle = JavaOracle(request.param, classpath_of(request.param))
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Kafka's own codecs: {error}")
        raise
    with oracle:
        yield oracle
