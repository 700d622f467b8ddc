"""The seam between the production core and whoever sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from ...core.outstanding import Handed
from ...core.producing import Lane
from ...exceptions import KafkaException, UsageError

__all__ = ["PushedSink", "RecordSink", "SinkEvents", "WokenSink", "unsendable"]


class SinkEvents(Protocol):
    """What a sink tells the core, on the I/O thread."""

    def delivered(
        self, lane: Lane, batches: Sequence[tuple[Handed, int]], timestamp_ms: int = -1
    ) -> None:
        """Batches are acknowledged.

        :param batches: each with its base offset: -1 where none is told (acks 0).
        :param timestamp_ms: the timestamp that the broker gave the messages instead of
            their own, -1 where it keeps those.
        """

    def failed(self, lane: Lane, batch: Handed, error: Exception) -> None:
        """A batch will not be sent (again)."""


class RecordSink(Protocol):
    """Sends what is in the lanes; used on the I/O thread only, but for the two ends.

    It is one of the two kinds below. Partitioners, serializers, accounts and reports are not
    its business.
    """

    def open(self) -> None:
        """Get ready, before :meth:`start`; on the thread of whoever starts the producer.

        :raises KafkaException: it cannot be used.
        """

    def start(self, lanes: Mapping[int, Lane], events: SinkEvents) -> None:
        """Begin; ``lanes`` (by partition id) grows when the topic does. One that is pushed is told
        by the thread of whoever starts the producer."""

    def lanes_added(self) -> None:
        """There are more lanes than before."""

    def stop(self) -> None:
        """Send nothing any more. Idempotent. What was handed over to it is reported failed."""

    def close(self) -> None:
        """Wait, with a bound, until nothing of it is left, after :meth:`stop`; not on the I/O
        thread."""


class WokenSink(RecordSink, Protocol):
    """Takes what is due, by itself."""

    def wake(self) -> None:
        """Look at the lanes again."""


@runtime_checkable
class PushedSink(RecordSink, Protocol):
    """Takes messages in the threads that produce, many at a time; ``due`` says nothing to it."""

    def push(self, at_least: int = 1) -> None:
        """Take what is queued in lanes with so many messages, or with a batch; in any thread."""

    def stamp(self) -> None:
        """Give timestamps to what has been queued since the call before this, where lanes were
        not taken meanwhile."""


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
