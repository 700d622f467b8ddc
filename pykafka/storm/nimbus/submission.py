"""Bringing topologies into a cluster, changing how they run, and ending them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...exceptions import WaitTimedOutError
from ..exceptions import (
    LeaderChangedError,
    NimbusError,
    NimbusUnreachableError,
    TopologyAlreadyRunsError,
    TopologyNotRunningError,
    TopologyRefusedError,
    UnknownOutcomeError,
)
from .client import Nimbus
from .defaults import with_defaults
from .reports import TopologyState
from .structures import nimbus_structures

__all__ = ["activate", "await_gone", "deactivate", "kill", "rebalance", "submit", "upload"]

#: Bytes at a time. Nimbus takes frames of up to 1 MiB (``nimbus.thrift.max_buffer_size``).
_CHUNK = 307_200
#: Times to begin anew if the leader changes while a jar is sent to it.
_ATTEMPTS = 3
#: Seconds between looks whether a topology is gone.
_LOOK_EVERY = 0.5
#: Characters that Storm has in no name, since names become those of folders.
_FORBIDDEN = set("/.:\\")

#: Told how many bytes of how many have been sent.
Progress = Callable[[int, int], None]


def _ignore(_sent: int, _size: int) -> None:
    pass


def submit(
    nimbus: Nimbus,
    name: str,
    jar: Path,
    structure: Any,
    conf: Mapping[str, Any],
    *,
    active: bool = True,
    progress: Progress = _ignore,
) -> TopologyState:
    """Bring a topology into the cluster; returns when Nimbus has taken it.

    :param jar: what its components need, under ``resources/``.
    :param structure: a ``StormTopology``.
    :param conf: the topology's configuration; :func:`.defaults.with_defaults` is added.
    :param active: whether its spouts are to emit at once.
    :param progress: told of each part of the jar that was sent. From 0 again if the leader
        changes in between.
    :raises TopologyAlreadyRunsError: there is one of that name.
    :raises TopologyRefusedError: Nimbus does not take it; with its reason.
    :raises UnknownOutcomeError: the connection broke, and no leader could be asked if it runs.
    :raises NimbusError: for other reasons of the cluster's.
    """
    _check_name(nimbus, name)
    thrift = nimbus_structures()
    initial = thrift.TopologyInitialStatus
    options = thrift.SubmitOptions(initial_status=initial.ACTIVE if active else initial.INACTIVE)
    text = json.dumps(with_defaults(conf, nimbus.cluster().version))

    def attempt() -> None:
        location = upload(nimbus, jar, progress)
        arguments = (name, location, text, structure, options)
        try:
            nimbus.call("submitTopologyWithOpts", *arguments, again=False)
        except LeaderChangedError:
            raise
        except NimbusUnreachableError as error:
            _check_taken(nimbus, name, error)

    for left in reversed(range(_ATTEMPTS)):
        try:
            attempt()
            break
        except LeaderChangedError:
            if not left:
                raise
    return nimbus.topology(name)


def upload(nimbus: Nimbus, jar: Path, progress: Progress = _ignore) -> str:
    """Send a jar to the leader; where it has put it, for this one leader to submit from.

    :raises LeaderChangedError: another Nimbus leads meanwhile, which knows nothing of it.
    :raises NimbusError: for other reasons of the cluster's.
    """
    size, sent = jar.stat().st_size, 0
    location: str = nimbus.call("beginFileUpload")
    try:
        with jar.open("rb") as content:
            progress(0, size)
            while chunk := content.read(_CHUNK):
                nimbus.call("uploadChunk", location, chunk, again=False)
                sent += len(chunk)
                progress(sent, size)
        nimbus.call("finishFileUpload", location, again=False)
    except LeaderChangedError:
        raise
    except NimbusUnreachableError as error:
        # Half a jar is of no use to anyone: whoever leads next gets it from the beginning.
        raise LeaderChangedError(str(error)) from error
    return location


def kill(nimbus: Nimbus, name: str, wait: int | None = None) -> None:
    """End a topology: its spouts stop emitting at once, its workers end ``wait`` seconds later.

    :param wait: the topology's message time-out if None.
    :raises TopologyNotRunningError: there is none of that name; names those there are.
    """
    nimbus.topology(name)
    try:
        nimbus.call("killTopologyWithOpts", name, nimbus_structures().KillOptions(wait_secs=wait))
    except TopologyNotRunningError:
        # It was there a moment ago: the connection broke, and the first try has done it.
        return


def activate(nimbus: Nimbus, name: str) -> None:
    """Let the spouts of a topology emit.

    :raises TopologyNotRunningError: there is none of that name; names those there are.
    """
    nimbus.topology(name)
    nimbus.call("activate", name)


def deactivate(nimbus: Nimbus, name: str) -> None:
    """Stop the spouts of a topology from emitting; what was emitted is worked off.

    :raises TopologyNotRunningError: there is none of that name; names those there are.
    """
    nimbus.topology(name)
    nimbus.call("deactivate", name)


def rebalance(
    nimbus: Nimbus,
    name: str,
    wait: int | None = None,
    workers: int | None = None,
    executors: Mapping[str, int] | None = None,
) -> None:
    """Spread a topology anew, over as many workers and with as many executors as are given.

    Its spouts are deactivated, ``wait`` seconds later its workers start as they are to be.

    :param wait: the topology's message time-out if None.
    :param executors: by component; no more than it has tasks.
    :raises TopologyNotRunningError: there is none of that name; names those there are.
    :raises TopologyRefusedError: it cannot be so; with Nimbus' reason.
    """
    nimbus.topology(name)
    options = nimbus_structures().RebalanceOptions(
        wait_secs=wait, num_workers=workers, num_executors=dict(executors) if executors else None
    )
    nimbus.call("rebalance", name, options)


def await_gone(nimbus: Nimbus, name: str, within: float) -> None:
    """Return when a killed topology's name is free again; its workers end within seconds then.

    :param within: seconds. It takes the wait of :func:`kill` and the ten seconds between two
        looks of Nimbus' (``nimbus.monitor.freq.secs``) at least.
    :raises WaitTimedOutError: it is not by then.
    """
    deadline = time.monotonic() + within
    while (found := nimbus.cluster().topology(name)) is not None:
        if time.monotonic() > deadline:
            raise WaitTimedOutError(
                f"topology {name!r} is still there ({found.status}) after {within:g} s"
            )
        time.sleep(_LOOK_EVERY)


def _check_name(nimbus: Nimbus, name: str) -> None:
    forbidden = sorted(_FORBIDDEN & set(name))
    if forbidden or not name:
        raise TopologyRefusedError(
            f"topology name {name!r}: Storm has no names "
            + (f"with {' '.join(forbidden)}" if forbidden else "that are empty")
        )
    found = nimbus.cluster().topology(name)
    if found is not None:
        raise TopologyAlreadyRunsError(
            f"topology {name!r} is at Nimbus {nimbus.leader} already ({found.status}); kill it "
            "first, or choose another name"
        )
    if not nimbus.call("isTopologyNameAllowed", name):
        raise TopologyRefusedError(f"Nimbus {nimbus.leader} allows no topology named {name!r}")


def _check_taken(nimbus: Nimbus, name: str, error: NimbusUnreachableError) -> None:
    """See whether a topology whose submission got no answer is there nevertheless."""
    try:
        found = nimbus.cluster().topology(name)
    except NimbusError as later:
        raise UnknownOutcomeError(
            f"topology {name!r} may have been submitted or not: {error}; then: {later}. See "
            "whether it is listed once Nimbus answers"
        ) from error
    if found is None:
        raise LeaderChangedError(str(error)) from error
