"""What tests of a misbehaving broker share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from functional.client.conftest import Connect
from functional.client.rogue import TOPIC, RogueBroker

from pykafka.simpleconsumer import SimpleConsumer

__all__ = ["bounded", "consumer_of", "works"]


@contextmanager
def bounded() -> Iterator[None]:
    """Fail if what is done takes as long as a person would give up."""
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < 20


def consumer_of(
    rogue: RogueBroker, connect: Connect, client: dict[str, Any], **options: Any
) -> SimpleConsumer:
    """A consumer of the rogue's topic; ``client`` has the options of its client."""
    settings: dict[str, Any] = {"consumer_timeout_ms": 5000, "fetch_error_backoff_ms": 20}
    topic = connect(rogue.address, **client).topics[TOPIC]
    return topic.get_simple_consumer(**{**settings, **options})


def works(rogue: RogueBroker, connect: Connect, client: dict[str, Any]) -> None:
    """Check that a consumer gets what the rogue has, and can commit."""
    rogue.rows = [b"one", b"two"]
    consumer = consumer_of(rogue, connect, client, consumer_group="g", consumer_timeout_ms=300)
    assert [message.value for message in consumer] == [b"one", b"two"]
    consumer.commit_offsets()
    consumer.reset_offsets()
