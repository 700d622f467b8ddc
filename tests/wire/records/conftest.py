"""Everything about records holds for both ways to read them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from pykafka.native import SCAN_VARIABLE, native


@pytest.fixture(scope="module", autouse=True, params=["off", "require"])
def scan(request: pytest.FixtureRequest, missing: Callable[[str], None]) -> Iterator[str]:
    """Whether the extension module splits record sets."""
    found = native()
    if request.param == "require" and isinstance(found, str):
        missing(found)
    before = os.environ.get(SCAN_VARIABLE)
    os.environ[SCAN_VARIABLE] = request.param
    yield request.param
    if before is None:
        del os.environ[SCAN_VARIABLE]
    else:
        os.environ[SCAN_VARIABLE] = before
