"""Producers whose brokers, clock and loop are a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from unit.producer.scripted import Script, Scripted


@pytest.fixture(autouse=True, scope="module")
def _no_jitter() -> Iterator[None]:
    """What is to happen again must not depend on chance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pykafka.runtime.producer.python_sink.chance", lambda: 0.5)
        yield


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Makes a :class:`Script`, which ends with the test."""
    with ExitStack() as ends:

        def make(leaders: dict[int, int] | None = None, **options: Any) -> Script:
            script = Script(leaders, **options)
            ends.callback(script.close)
            return script

        yield make
