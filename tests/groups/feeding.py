"""Numbered messages, written steadily to every partition of a topic."""

from __future__ import annotations

import itertools
import threading
import time
from types import TracebackType

from groups.events import Place

from pykafka import KafkaClient
from pykafka.exceptions import KafkaException
from pykafka.message import Message

__all__ = ["Feeder"]

#: Seconds between bursts.
_BURST_S = 0.02


class Feeder:
    """A producer in a thread, acknowledged by all in-sync replicas; a context manager.

    :param rate: messages per second, over all partitions in turn.
    :param limit: so many messages and no more.
    """

    def __init__(self, bootstrap: str, topic: str, rate: int, limit: int | None = None) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._rate = rate
        self._limit = limit
        self._wanted = True
        self._sent: list[Message] = []
        self._ends: dict[Place, int] = {}
        self._failure: KafkaException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def start(self) -> Feeder:
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, when all that was written is acknowledged.

        :raises KafkaException: something was not.
        """
        self._wanted = False
        self.join()

    def join(self, within: float = 150.0) -> None:
        """Return when all of ``limit`` is written.

        :raises KafkaException: something could not be.
        """
        assert self._over.wait(within), "the feeder has not ended"
        if self._failure is not None:
            raise self._failure

    def ends(self) -> dict[Place, int]:
        """The offset after the last message of each partition, once it is stopped."""
        return self._ends

    def produced(self) -> dict[Place, dict[int, str | None]]:
        """What each partition holds: as a retry may have stored a message twice, the values of
        some offsets may not be known."""
        found: dict[Place, dict[int, str | None]] = {
            place: dict.fromkeys(range(end)) for place, end in self._ends.items()
        }
        for message in self._sent:
            found[self._topic, message.partition_id][message.offset] = message.value.decode()
        return found

    def _run(self) -> None:
        try:
            with KafkaClient(self._bootstrap) as client:
                self._feed(client)
        except KafkaException as error:
            self._failure = error
        finally:
            self._over.set()

    def _feed(self, client: KafkaClient) -> None:
        topic = client.topics[self._topic]
        turns = itertools.count()
        producer = topic.get_producer(
            partitioner=lambda partitions, _key: partitions[next(turns) % len(partitions)],
            required_acks=-1,
            linger_ms=10,
            # delivery_timeout_ms is the bound.
            max_retries=1000,
        )
        with producer:
            begin = time.monotonic()
            while self._wanted and len(self._sent) != self._limit:
                due = int((time.monotonic() - begin) * self._rate)
                for number in range(len(self._sent), min(due, self._limit or due)):
                    self._sent.append(producer.produce(b"%d" % number))
                time.sleep(_BURST_S)
            producer.flush()
        latest = topic.latest_available_offsets()
        self._ends = {(self._topic, id_): found.offset[0] for id_, found in latest.items()}

    def __enter__(self) -> Feeder:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wanted = False
        self._over.wait(30.0)
