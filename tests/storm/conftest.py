"""What needs a download or a JDK says so by skipping; ``--require`` makes that a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from storm_oracle import StormOracle, storm_oracle

from pykafka.exceptions import DownloadError, MissingRequirementError


@pytest.fixture(scope="session")
def missing(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Ends the test because of something that the machine lacks."""
    required = bool(request.config.getoption("--require", default=None))
    return pytest.fail if required else pytest.skip


@pytest.fixture(scope="session")
def storm_java(missing: Callable[[str], None]) -> Iterator[StormOracle]:
    """Storm's own classes."""
    try:
        with storm_oracle() as oracle:
            yield oracle
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Storm's own classes: {error}")
        raise
