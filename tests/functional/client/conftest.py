"""Clients that are closed, whatever becomes of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from pykafka import KafkaClient

Connect = Callable[..., KafkaClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """``connect(hosts, **options)``: a client, closed at the end of the test."""
    with ExitStack() as stack:

        def make(hosts: str = "127.0.0.1:9092", **options: Any) -> KafkaClient:
            client = KafkaClient(hosts, **options)
            stack.callback(client.close)
            return client

        yield make
