"""What can go wrong with components, topologies and Storm's servers."""

from __future__ import annotations

from collections.abc import Sequence

from ..exceptions import KafkaException, RemoteError, UsageError

__all__ = [
    "NimbusError",
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
