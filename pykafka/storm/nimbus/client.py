"""Nimbus, which of several leads, and what it is asked."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from ...net.address import Address, parse_hosts
from ..exceptions import (
    LeaderChangedError,
    NimbusCallError,
    NimbusError,
    NimbusUnreachableError,
    NoLeaderError,
    NotAuthorizedError,
    TopologyAlreadyRunsError,
    TopologyNotRunningError,
    TopologyRefusedError,
    TunnelError,
)
from .connection import NimbusConnection
from .reports import (
    Cluster,
    ComponentPage,
    Failure,
    TopologyReport,
    TopologyState,
    WorkerState,
    cluster_from,
    component_page_from,
    failures_from,
    topology_report_from,
    worker_from,
)
from .structures import nimbus_structures

__all__ = ["DEFAULT_PORT", "Nimbus"]

#: ``nimbus.thrift.port`` as Storm comes.
DEFAULT_PORT = 6627
#: Seconds between looks for a leader.
_LOOK_EVERY = 0.5


class Nimbus:
    """The Nimbus that leads a cluster, found through any of them, at the first call.

    When it stops leading, or dies, the next call finds the one that leads then. To be used
    from any thread; calls wait for one another.

    :param hosts: ``"host"``, ``"host:port"``, ``"[IPv6]:port"``, or several, as a list or
        separated by commas. Without a port it is 6627.
    :param timeout: seconds to connect, and for each call.
    :param leader_within: seconds to look for one that leads, also when it changes.
    :param reach: where a Nimbus of that host and port is reached, if they are behind a tunnel:
        those of ``hosts``, and the one that is said to lead. (One alone is taken for the leader
        whatever it calls itself.)
    :raises InvalidOptionError: ``hosts`` is no such list.
    :raises MissingRequirementError: thriftpy2 is not installed.
    """

    def __init__(
        self,
        hosts: str | Sequence[str],
        *,
        timeout: float = 30.0,
        leader_within: float = 30.0,
        reach: Callable[[Address], Address] | None = None,
    ) -> None:
        text = hosts if isinstance(hosts, str) else ",".join(hosts)
        #: Where one is looked for.
        self.addresses: list[Address] = parse_hosts(text, "nimbus", DEFAULT_PORT)
        self._timeout = timeout
        self._leader_within = leader_within
        self._reach = reach
        self._thrift = nimbus_structures()
        self._connection: NimbusConnection | None = None
        #: How the one that is connected calls itself, and whether one has ever been found.
        self._leader_name: Address | None = None
        self._was_found = False
        self._lock = threading.RLock()

    def __enter__(self) -> Nimbus:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection. The next call makes another one."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @property
    def leader(self) -> Address:
        """Where the one that leads is reached; looks for it unless connected.

        :raises NimbusError: it cannot be found.
        """
        with self._lock:
            return self._connected().address

    # --- what there is ---

    def cluster(self) -> Cluster:
        """Each Nimbus, supervisor and topology."""
        return cluster_from(self.call("getClusterInfo"))

    def configuration(self) -> dict[str, Any]:
        """The configuration of Nimbus, all defaults included."""
        found: dict[str, Any] = json.loads(self.call("getNimbusConf"))
        return found

    def topology(self, name: str) -> TopologyState:
        """:raises TopologyNotRunningError: there is none of that name; tells those there are."""
        cluster = self.cluster()
        found = cluster.topology(name)
        if found is None:
            there = ", ".join(sorted(each.name for each in cluster.topologies)) or "none"
            raise TopologyNotRunningError(
                f"no topology {name!r} at Nimbus {self.leader}; running: {there}"
            )
        return found

    def topology_errors(self, name: str) -> list[Failure]:
        """What the components of a topology failed with, the oldest first.

        Storm keeps the last ten of each component. Among them is why a component did not start,
        with its process's last words.

        :raises TopologyNotRunningError: there is none of that name.
        """
        options = self._thrift.GetInfoOptions(num_err_choice=self._thrift.NumErrorsChoice.ALL)
        return failures_from(self._of_topology(name, "getTopologyInfoWithOpts", options))

    def topology_report(
        self, name: str, window: str = ":all-time", *, system: bool = False
    ) -> TopologyReport:
        """What a topology did in a period, one of :data:`.reports.WINDOWS`.

        :param system: with Storm's own components (ackers and so on).
        :raises TopologyNotRunningError: there is none of that name.
        """
        topology = self.topology(name)
        options = self._thrift.GetInfoOptions(num_err_choice=self._thrift.NumErrorsChoice.NONE)
        info = self.call("getTopologyInfoWithOpts", topology.id, options)
        page = self.call("getTopologyPageInfo", topology.id, window, system)
        return topology_report_from(topology, window, info, page)

    def component_report(
        self, name: str, component: str, window: str = ":all-time"
    ) -> ComponentPage:
        """What one component did in a period: as a whole, with each stream and in each executor.

        :raises TopologyNotRunningError: there is no topology of that name.
        :raises NimbusError: it has no such component; names those it has.
        """
        report = self.topology_report(name)
        known = [each.id for each in report.components]
        if component not in known:
            raise NimbusError(f"topology {name!r} has no {component!r}; it has {', '.join(known)}")
        page = self.call("getComponentPageInfo", report.topology.id, component, window, False)
        return component_page_from(page, window)

    def topology_configuration(self, name: str) -> dict[str, Any]:
        """The configuration that a topology runs with.

        :raises TopologyNotRunningError: there is none of that name.
        """
        found: dict[str, Any] = json.loads(self._of_topology(name, "getTopologyConf"))
        return found

    def topology_structure(self, name: str) -> Any:
        """The ``StormTopology`` that was submitted.

        :raises TopologyNotRunningError: there is none of that name.
        """
        return self._of_topology(name, "getUserTopology")

    def workers(self) -> list[WorkerState]:
        """The workers of all supervisors."""
        found = [
            self.call("getSupervisorPageInfo", supervisor.id, supervisor.host, True)
            for supervisor in self.cluster().supervisors
        ]
        return [worker_from(worker) for page in found for worker in page.worker_summaries or ()]

    def _of_topology(self, name: str, method: str, *arguments: Any) -> Any:
        return self.call(method, self.topology(name).id, *arguments)

    # --- how it is asked ---

    def call(self, method: str, *arguments: Any, again: bool = True) -> Any:
        """Ask the leader, and the next one should it not be there or not lead any more.

        :param again: whether another one, or the same one twice, may be asked.
        :raises NimbusUnreachableError: no answer; with ``again`` false that may have been after
            it was done.
        :raises LeaderChangedError: with ``again`` false: it was not done, another one leads.
        :raises NoLeaderError: none leads.
        :raises NimbusError: of the type that says what Nimbus has against it.
        """
        deadline = time.monotonic() + self._leader_within
        with self._lock:
            while True:
                connection = self._connected()
                try:
                    return self._ask(connection, method, arguments)
                except NimbusUnreachableError:
                    self.close()
                    if not again or time.monotonic() > deadline:
                        raise
                except NimbusCallError as error:
                    # One that does not lead any more gives no other reason.
                    if not self._has_lost_the_lead(connection) or time.monotonic() > deadline:
                        raise
                    if not again:
                        raise LeaderChangedError(
                            f"Nimbus {connection.address} does not lead any more"
                        ) from error
                time.sleep(_pause())

    def _ask(self, connection: NimbusConnection, method: str, arguments: Sequence[Any]) -> Any:
        thrift, address = self._thrift, connection.address
        try:
            return connection.call(method, *arguments)
        except thrift.AlreadyAliveException as error:
            raise TopologyAlreadyRunsError(
                f"Nimbus {address}: {error.msg}; kill it first, or choose another name"
            ) from error
        except thrift.NotAliveException as error:
            raise TopologyNotRunningError(f"Nimbus {address}: no topology {error.msg}") from error
        except thrift.InvalidTopologyException as error:
            raise TopologyRefusedError(
                f"Nimbus {address} refuses the topology: {error.msg}"
            ) from error
        except thrift.AuthorizationException as error:
            raise NotAuthorizedError(
                f"Nimbus {address} does not allow {method} to us: {error.msg}"
            ) from error

    def _has_lost_the_lead(self, connection: NimbusConnection) -> bool:
        """Whether another one leads by now; then the connection is closed."""
        try:
            lost = self._leader_by(connection) != self._leader_name
        except NimbusError:
            lost = True
        if lost:
            self.close()
        return lost

    # --- who leads ---

    def _connected(self) -> NimbusConnection:
        if self._connection is None:
            self._connection = self._find_leader()
            self._was_found = True
        return self._connection

    def _find_leader(self) -> NimbusConnection:
        deadline = time.monotonic() + self._leader_within
        while True:
            failures: list[NimbusError] = []
            for address in self.addresses:
                try:
                    found = self._leader_from(address)
                except (NimbusUnreachableError, NimbusCallError) as error:
                    # Just started, or losing its leader, it may fail at the simplest question.
                    failures.append(error)
                    continue
                if found is not None:
                    return found
            nobody = len(failures) == len(self.addresses) and not any(
                isinstance(failure, NimbusCallError) for failure in failures
            )
            # Where nobody ever was, waiting would only keep back what is wrong.
            if time.monotonic() > deadline or (nobody and not self._was_found):
                break
            time.sleep(_pause())
        found_wanting = "; ".join(str(failure) for failure in failures)
        if nobody:
            raise NimbusUnreachableError(found_wanting)
        asked = ", ".join(str(address) for address in self.addresses)
        raise NoLeaderError(
            f"no Nimbus leads, after {self._leader_within:g} s of asking {asked}; is ZooKeeper "
            "up, and has one that is running the code of all topologies? "
            f"{found_wanting}".rstrip()
        )

    def _leader_from(self, address: Address) -> NimbusConnection | None:
        """A connection to the one that leads, as the one at ``address`` has it; None: nobody."""
        reached = self._reached(address)
        try:
            connection = NimbusConnection(reached, self._timeout)
        except NimbusUnreachableError as error:
            if reached == address:
                raise
            raise NimbusUnreachableError(f"Nimbus {address}, by a tunnel: {error}") from error
        try:
            named = self._leader_by(connection)
            if named is None:
                connection.close()
                return None
            self._leader_name = named
            # One alone may call itself by a name for which no tunnel could be had.
            if named == address or self._is_alone(connection):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        try:
            return NimbusConnection(self._reached(named), self._timeout)
        except NimbusUnreachableError as error:
            raise NimbusUnreachableError(
                f"Nimbus at {address} says that {named} leads, but: {error}"
            ) from error

    def _reached(self, address: Address) -> Address:
        """Where a Nimbus is reached."""
        if self._reach is None:
            return address
        try:
            return self._reach(address)
        except TunnelError as error:
            # Another one may be reached.
            raise NimbusUnreachableError(str(error)) from error

    def _leader_by(self, connection: NimbusConnection) -> Address | None:
        """How the one that leads calls itself."""
        summary = self._ask(connection, "getLeader", ())
        return Address(summary.host, summary.port) if summary and summary.host else None

    def _is_alone(self, connection: NimbusConnection) -> bool:
        """Whether there is no other Nimbus; then its name does not matter, which may be one that
        means nothing here."""
        return len(self._ask(connection, "getClusterInfo", ()).nimbuses) == 1


def _pause() -> float:
    return _LOOK_EVERY * (0.5 + random.random())
