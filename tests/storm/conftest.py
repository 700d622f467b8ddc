"""What needs a download or a JDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from storm_oracle import StormOracle, storm_oracle

from pykafka.exceptions import DownloadError, MissingRequirementError


@pytest.fixture(scope="session")
def storm_java(missing: Callable[[str], None]) -> Iterator[StormOracle]:
    """Storm's own classes."""
    try:
        with storm_oracle() as oracle:
            yield oracle
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Storm's own classes: {error}")
        raise
