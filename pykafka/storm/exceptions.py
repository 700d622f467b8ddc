"""What can go wrong with components, topologies and Storm's servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..exceptions import KafkaException, RemoteError, UsageError

__all__ = [
    "ComponentFailedError",
    "ComponentStartError",
    "ConfigError",
    "DeploymentError",
    "HostsError",
    "LeaderChangedError",
    "NimbusCallError",
    "NimbusError",
    "NimbusUnreachableError",
    "NoLeaderError",
    "NotAuthorizedError",
    "NotNimbusError",
    "ProjectError",
    "RefusedEmitError",
    "SecuredNimbusError",
    "SerializationError",
    "StormError",
    "StormWentAwayError",
    "TopologyAlreadyRunsError",
    "TopologyError",
    "TopologyNotRunningError",
    "TopologyRefusedError",
    "TopologyTypeError",
    "TunnelError",
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


class ProjectError(StormError, UsageError):
    """A project's folder lacks something, or code in it cannot be used; names file and line."""


class ConfigError(ProjectError, ValueError):
    """A ``config.json`` is not what it should be.

    :ivar mistakes: each mistake that was found, naming the file and the key.
    """

    def __init__(self, mistakes: str | Sequence[str]) -> None:
        self.mistakes = [mistakes] if isinstance(mistakes, str) else list(mistakes)
        super().__init__("\n".join(self.mistakes))


class DeploymentError(StormError):
    """What a topology's components need cannot be put together, or not onto the workers."""


class HostsError(DeploymentError, RemoteError):
    """Some hosts could not be prepared; the others were.

    :ivar failures: what went wrong, by host.
    """

    def __init__(self, failures: Mapping[str, str]) -> None:
        self.failures = dict(failures)
        super().__init__("\n".join(f"{host}: {reason}" for host, reason in failures.items()))


class TunnelError(StormError, RemoteError):
    """The ssh tunnel to Nimbus cannot be opened, or broke."""


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


class ComponentStartError(StormError):
    """A component of a topology that was submitted does not run on its worker.

    The text has several lines: where, and what the worker's program said, with its traceback.

    :ivar component: its name in the topology.
    :ivar host: the worker's, if it is known.
    :ivar port: the worker's, if it is known.
    """

    def __init__(self, component: str, host: str | None, port: int | None, message: str) -> None:
        self.component = component
        self.host = host
        self.port = port
        super().__init__(message)
