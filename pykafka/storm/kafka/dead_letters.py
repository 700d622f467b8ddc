"""Messages that are given up, on their way to a topic of their own."""

from __future__ import annotations

import base64
import json
import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from ...client import KafkaClient
from ...exceptions import KafkaException, UnsupportedVersion
from ...message import Message
from ...producer import Producer

__all__ = ["DeadLetters", "Letter"]

#: What is told of a message stands in headers that begin so.
_PREFIX = "pykafka."


class Letter(NamedTuple):
    """A message that is given up.

    :ivar id: of its tuple.
    :ivar told: what is known of it: reason, topic, partition, offset and so on.
    """

    id: str
    message: Message
    told: dict[str, str]


class DeadLetters:
    """Writes letters on a thread of its own, one after the other: there should be few.

    Where brokers know no headers (before 0.11) a letter's value is a JSON object of what is told
    in them otherwise, with the message's own value and key in base64.

    :param client: the client, ``None`` while there is none.
    :param done: called on that thread with the tuple's id and, if it failed, the error.
    """

    def __init__(
        self,
        client: Callable[[], KafkaClient | None],
        topic: str,
        done: Callable[[str, KafkaException | None], None],
    ) -> None:
        self._client = client
        self._topic = topic
        self._done = done
        self._letters: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self._producer: Producer | None = None
        self._headers = True
        self._thread = threading.Thread(
            target=self._run, name=f"pykafka dead letters {topic}", daemon=True
        )

    def send(self, letter: Letter) -> None:
        """Write it; what comes of that is told to ``done``."""
        if not self._thread.is_alive():
            self._thread.start()
        self._letters.put(letter)

    def stop(self) -> None:
        """Write no more than what is here; nothing is waited for."""
        self._letters.put(None)

    def _run(self) -> None:
        # Without a bound: there may never be a letter, and the process does not wait for this.
        while (letter := self._letters.get()) is not None:
            error: KafkaException | None = None
            try:
                self._write(letter)
            except KafkaException as failure:
                error = failure
            self._done(letter.id, error)

    def _write(self, letter: Letter) -> None:
        client = self._client()
        if client is None:
            raise KafkaException("there is no connection with Kafka")
        if self._producer is None:
            self._producer = client.topics[self._topic].get_producer(sync=True, linger_ms=0)
        if self._headers:
            try:
                self._producer.produce(
                    letter.message.value,
                    partition_key=letter.message.partition_key,
                    headers=[*letter.message.headers, *_headers(letter)],
                )
            except UnsupportedVersion:
                self._headers = False
            else:
                return
        self._producer.produce(_envelope(letter), partition_key=letter.message.partition_key)


def _headers(letter: Letter) -> list[tuple[str, bytes | None]]:
    return [(_PREFIX + name, text.encode()) for name, text in letter.told.items()]


def _envelope(letter: Letter) -> bytes:
    message = letter.message
    return json.dumps(
        {
            **letter.told,
            "key": _text(message.partition_key),
            "value": _text(message.value),
        }
    ).encode()


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")
