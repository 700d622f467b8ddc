"""What can go wrong with components, topologies and Storm's servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..exceptions import KafkaException, RemoteError, UsageError

__all__ = [
    "ComponentFailedError",
    "NimbusError",
    "RefusedEmitError",
    "SerializationError",
    "StormError",
    "StormWentAwayError",
    "TopologyError",
    "TopologyTypeError",
]


class StormError(KafkaException):
    """The root of what this package raises on account of Storm."""


class StormWentAwayError(StormError):
    """The process that started a component closed its pipe."""


class TopologyError(StormError, UsageError, ValueError):
    """A topology is not what Storm could run.

    :ivar mistakes: each mistake that was found, naming component, stream and field.
    """

    def __init__(self, mistakes: str | Sequence[str]) -> None:
        self.mistakes = [mistakes] if isinstance(mistakes, str) else list(mistakes)
        super().__init__("\n".join(self.mistakes))


class NimbusError(StormError, RemoteError):
    """Nimbus cannot be reached, or refused what was asked of it."""


class SerializationError(StormError, UsageError, TypeError):
    """A value of a tuple is none that Storm's multilang protocol can carry."""


class TopologyTypeError(TopologyError, TypeError):
    """As :class:`TopologyError`, and one of the mistakes is a value of a wrong type."""


class ComponentFailedError(StormError):
    """A component that runs in this process raised; the exception is the ``__cause__``.

    :ivar component: its name in the topology.
    :ivar task: number of the task.
    :ivar during: the method that was called.
    :ivar item: the ``Tuple`` or id that it was called with, if any.
    """

    def __init__(self, component: str, task: int, during: str, item: Any, message: str) -> None:
        self.component = component
        self.task = task
        self.during = during
        self.item = item
        super().__init__(message)


class RefusedEmitError(StormError, UsageError, ValueError):
    """A component emits, acks or fails what Storm would end it for.

    A stream that its outputs do not declare, more or fewer values than the stream has fields,
    a task that is none of the stream's readers, a tuple that it does not hold.
    """
