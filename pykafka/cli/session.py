"""How the commands reach a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..client import KafkaClient

__all__ = ["Session", "connection_options"]

_DEFAULT_HOSTS = "127.0.0.1:9092"
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass
class Session:
    """The options that say how to reach a cluster, wherever in the line they stood.

    :ivar zookeeper: where brokers are found if ``hosts`` names none, and where groups may be.
    :ivar timeout: seconds for a broker to accept a connection or to answer.
    """

    hosts: str | None = None
    zookeeper: str | None = None
    timeout: float = 10.0

    @property
    def named(self) -> bool:
        """Whether a cluster was named at all."""
        return bool(self.hosts or self.zookeeper)

    def connect(self) -> KafkaClient:
        """A client; to be closed by the caller.

        :raises NoBrokersAvailableError: no broker answers.
        :raises ZookeeperConnectionError: ZooKeeper does not.
        """
        from ..client import KafkaClient

        timeout_ms = max(1, int(self.timeout * 1000))
        return KafkaClient(
            hosts=self.hosts or _DEFAULT_HOSTS,
            # Where brokers are named, ZooKeeper is only for what else is there.
            zookeeper_hosts=None if self.hosts else self.zookeeper,
            socket_timeout_ms=timeout_ms,
            offsets_channel_socket_timeout_ms=timeout_ms,
            exclude_internal_topics=False,
            client_id="pykafka-cli",
        )


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    session = context.ensure_object(Session)
    if value is not None:
        assert parameter.name is not None
        setattr(session, parameter.name, value)


def connection_options(environment: bool = False) -> Callable[[_Function], _Function]:
    """The options of a :class:`Session`: for the program, and once more for each command.

    :param environment: whether variables stand in for them (only before the command, where
        they cannot override what was typed).
    """

    def decorate(function: _Function) -> _Function:
        for option in reversed(
            [
                click.option(
                    "-b",
                    "--hosts",
                    metavar="HOSTS",
                    envvar="PYKAFKA_HOSTS" if environment else None,
                    show_envvar=environment,
                    expose_value=False,
                    callback=_store,
                    help=f"Brokers to start from, host:port,...  [default: {_DEFAULT_HOSTS}]",
                ),
                click.option(
                    "--zookeeper",
                    metavar="HOSTS",
                    envvar="PYKAFKA_ZOOKEEPER" if environment else None,
                    show_envvar=environment,
                    expose_value=False,
                    callback=_store,
                    help="ZooKeeper, host:port,.../chroot: its groups are shown; without --hosts"
                    " the brokers are found through it.",
                ),
                click.option(
                    "--timeout",
                    metavar="SECONDS",
                    type=click.FloatRange(min=0.001),
                    expose_value=False,
                    callback=_store,
                    help="For a broker to connect or to answer.  [default: 10]",
                ),
            ]
        ):
            function = option(function)
        return function

    return decorate
