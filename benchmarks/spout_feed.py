"""The messages of ``spout_ledger.py``, as they are produced."""

from __future__ import annotations

import itertools
import threading

from spout_plan import CAUGHT_UP_WITHIN, Plan

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import KafkaException

#: Seconds between bursts of messages.
_BURST_S = 0.02
#: Seconds from one message for each partition to the next, where no more are to be produced.
_TRICKLE_S = 0.5
_DIGITS = 12


class Feed:
    """Produces numbers in a thread, to all partitions in turn; a context manager.

    :param limit: so many, until it is raised, and then a few a second, so that all spouts have
        something to do.
    """

    def __init__(self, kafka: EmbeddedKafka, topic: str, plan: Plan, limit: int) -> None:
        self.produced = 0
        self.limit = limit
        self._bootstrap = kafka.bootstrap
        self._topic = topic
        self._plan = plan
        self._ended = threading.Event()
        self._failure: KafkaException | None = None
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def await_produced(self, count: int) -> None:
        """Return when so many were given to the producer.

        :raises KafkaException: some could not be written.
        """
        within = 60.0 + count / self._plan.rate
        wait_until(lambda: self.produced >= count or self._over, within, f"{count:,} produced")
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """Return when all are acknowledged.

        :raises KafkaException: some could not be written.
        """
        self.limit = self._plan.messages
        self.await_produced(self._plan.messages)
        wait_until(lambda: self._over, CAUGHT_UP_WITHIN, "all messages acknowledged")
        if self._failure is not None:
            raise self._failure

    @property
    def _over(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with KafkaClient(self._bootstrap) as client:
                self._feed(client)
        except KafkaException as error:
            self._failure = error

    def _feed(self, client: KafkaClient) -> None:
        turns = itertools.count()
        producer = client.topics[self._topic].get_producer(
            partitioner=lambda partitions, _key: partitions[next(turns) % len(partitions)],
            required_acks=-1,
            linger_ms=20,
            # delivery_timeout_ms is the bound, as in completeness.py.
            max_retries=1000,
        )
        messages, burst = self._plan.messages, max(1, round(self._plan.rate * _BURST_S))
        with producer:
            while self.produced < messages and not self._ended.wait(_BURST_S):
                count = min(burst, self.limit - self.produced)
                if count <= 0:
                    count = self._plan.partitions
                    self._ended.wait(_TRICKLE_S)
                for _ in range(min(count, messages - self.produced)):
                    producer.produce(b"%0*d" % (_DIGITS, self.produced))
                    self.produced += 1
            producer.flush()

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(150.0)
