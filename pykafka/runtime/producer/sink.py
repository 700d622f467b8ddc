"""The seam between the production core and whoever sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ...core.producing import Batch, Lane
from ...exceptions import KafkaException, UsageError

__all__ = ["RecordSink", "SinkEvents", "unsendable"]


class SinkEvents(Protocol):
    """What a sink tells the core, on the I/O thread."""

    def delivered(
        self, lane: Lane, batch: Batch, base_offset: int, log_append_time_ms: int = -1
    ) -> None:
        """A batch is acknowledged.

        :param base_offset: -1 where no offset is told (acks 0).
        :param log_append_time_ms: the timestamp that the broker gave the messages instead of
            their own, -1 where it keeps those.
        """

    def failed(self, lane: Lane, batch: Batch, error: Exception) -> None:
        """A batch will not be sent (again)."""


class RecordSink(Protocol):
    """Sends what is due in the lanes; used on the I/O thread only, but for the two ends.

    Partitioners, serializers, accounts and reports are not its business.
    """

    def open(self) -> None:
        """Get ready, before :meth:`start`; on the thread of whoever starts the producer.

        :raises KafkaException: it cannot be used.
        """

    def start(self, lanes: Mapping[int, Lane], events: SinkEvents) -> None:
        """Begin; ``lanes`` (by partition id) grows when the topic does."""

    def lanes_added(self) -> None:
        """There are more lanes than before."""

    def wake(self) -> None:
        """Look at the lanes again."""

    def stop(self) -> None:
        """Send nothing any more. Idempotent. What was handed over to it is reported failed."""

    def close(self) -> None:
        """Wait, with a bound, until nothing of it is left, after :meth:`stop`; not on the I/O
        thread."""


def unsendable(topic: str, lane: Lane, error: KafkaException | TypeError) -> KafkaException:
    """The error of messages that nobody could send, by what encoding them said."""
    where = f"{topic}/{lane.partition_id}"
    if isinstance(error, KafkaException):
        told: KafkaException = type(error)(f"messages to {where}: {error}")
    else:
        told = UsageError(
            f"a message to {where} was changed to what is no bytes after it was produced: {error}"
        )
    told.__cause__ = error
    return told
