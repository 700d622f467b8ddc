"""Connections that must not come about, and must not take long to say so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pykafka.exceptions import NoBrokersAvailableError

__all__ = ["refused"]

#: Seconds, with the options' defaults, all rounds of the first contact included.
_BOUND = 10.0


@contextmanager
def refused(hosts: str | None, *words: str) -> Iterator[None]:
    """Expect an error that names each of the ``hosts`` and has these words."""
    assert hosts is not None
    begin = time.monotonic()
    with pytest.raises(NoBrokersAvailableError) as caught:
        yield
    assert time.monotonic() - begin < _BOUND
    for word in [*hosts.split(","), *words]:
        assert word in str(caught.value)
