"""What has to come through, and the ways to ask for TLS."""

from __future__ import annotations

import itertools
import random
import socket
import ssl
from collections.abc import Callable
from typing import Any

from pykafka import KafkaClient
from pykafka.connection import SslConfig

__all__ = ["FORMS", "round_trip"]

_ROWS = 30
#: More than one TLS record, which holds 16 KB, and more than a socket's buffer.
_ROW_BYTES = 100_000


class _OwnWrap:
    """An object with nothing but 2.x's method, and its own idea of the host."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, sock: socket.socket) -> ssl.SSLSocket:
        return self._context.wrap_socket(sock, server_hostname="localhost")


#: Each form of ``ssl_config`` -> how it is made of the first.
FORMS: dict[str, Callable[[SslConfig], Any]] = {
    "SslConfig": lambda config: config,
    "SSLContext": lambda config: config.context,
    "wrap_socket": lambda config: _OwnWrap(config.context),
}


def round_trip(client: KafkaClient, topic_name: str, rng: random.Random) -> None:
    """Send 3 MB and get them back, byte for byte."""
    topic = client.topics[topic_name]
    rows = [rng.randbytes(_ROW_BYTES) for _ in range(_ROWS)]
    with topic.get_producer(linger_ms=20) as producer:
        for row in rows:
            producer.produce(row)
    with topic.get_simple_consumer(consumer_timeout_ms=20_000) as consumer:
        got = [message.value for message in itertools.islice(consumer, _ROWS)]
    assert sorted(got) == sorted(rows)
