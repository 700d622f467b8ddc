"""What can go wrong with components, topologies and Storm's servers."""

from __future__ import annotations

from collections.abc import Sequence

from ..exceptions import KafkaException, RemoteError, UsageError

__all__ = [
    "LeaderChangedError",
    "NimbusCallError",
    "NimbusError",
    "NimbusUnreachableError",
    "NoLeaderError",
    "NotAuthorizedError",
    "NotNimbusError",
    "SecuredNimbusError",
    "SerializationError",
    "StormError",
    "StormWentAwayError",
    "TopologyAlreadyRunsError",
    "TopologyError",
    "TopologyNotRunningError",
    "TopologyRefusedError",
    "TopologyTypeError",
    "UnknownOutcomeError",
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


class NimbusUnreachableError(NimbusError):
    """Nothing answers where Nimbus was looked for, or it stopped answering."""


class LeaderChangedError(NimbusUnreachableError):
    """Another Nimbus leads than the one that was being spoken to: begin again with that one."""


class NoLeaderError(NimbusError):
    """No Nimbus led the cluster for as long as was waited."""


class SecuredNimbusError(NimbusError):
    """The cluster wants TLS, or Kerberos or another SASL mechanism, which is not spoken here."""


class NotNimbusError(NimbusError):
    """What answers speaks something else than Nimbus does."""


class NimbusCallError(NimbusError):
    """Nimbus failed at what was asked of it; carries what it said, often little."""


class UnknownOutcomeError(NimbusError):
    """The connection broke after something was asked for, which may or may not be done."""


class TopologyAlreadyRunsError(NimbusError, UsageError):
    """A topology of that name is in the cluster (perhaps still ending)."""


class TopologyNotRunningError(NimbusError, UsageError):
    """There is no topology of that name in the cluster."""


class TopologyRefusedError(NimbusError, UsageError):
    """Nimbus would not take the topology, its name or its configuration; carries its reason."""


class NotAuthorizedError(NimbusError, UsageError):
    """The cluster's rules forbid it to whom Nimbus takes us for."""


class SerializationError(StormError, UsageError, TypeError):
    """A value of a tuple is none that Storm's multilang protocol can carry."""


class TopologyTypeError(TopologyError, TypeError):
    """As :class:`TopologyError`, and one of the mistakes is a value of a wrong type."""
