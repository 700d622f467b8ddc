"""Ways to Nimbus through ssh: a port of this machine that leads to one of another."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import tempfile
import time
from types import TracebackType
from typing import IO, NamedTuple

from ...embedded.ports import HOST, free_ports
from ...embedded.process import GuardedPopen
from ...net.address import Address
from ..exceptions import TunnelError
from ..project.environment import SshHost
from .ssh import Login, explained, ssh_variables

__all__ = ["Tunnels"]

#: Seconds for a tunnel to be there, and for ssh to be gone.
_TIMEOUT = 30.0
_END_TIMEOUT = 5.0
_INTERVAL = 0.05
#: Another program may take a port between our look at it and ssh's.
_ATTEMPTS = 3


class _Tunnel(NamedTuple):
    local: Address
    process: GuardedPopen
    complaints: IO[bytes]


class Tunnels:
    """Tunnels over ssh, one for each address that is asked for; all end with the ``with``.

    They also end with this process, whatever ends it. Not for several threads at a time.

    :param timeout: seconds for one to be there.
    """

    def __init__(self, login: Login, *, timeout: float = _TIMEOUT) -> None:
        self._login = login
        self._timeout = timeout
        self._open: dict[Address, _Tunnel] = {}
        self._ended = contextlib.ExitStack()

    def __enter__(self) -> Tunnels:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def to(self, address: Address) -> Address:
        """An address of this machine that leads to that one: ssh logs in there.

        It accepts connections when this returns. Whether anything listens at the other end shows
        when it is used.

        :raises TunnelError: ssh cannot get there; tells why and what to do.
        :raises MissingRequirementError: there is no ssh here.
        """
        found = self._open.get(address)
        if found and found.process.poll() is None:
            return found.local
        for _ in range(_ATTEMPTS):
            tunnel = self._start(address)
            if self._is_ready(address, tunnel):
                self._open[address] = tunnel
                return tunnel.local
        raise TunnelError(f"{address}: no port of {HOST} could be had for a tunnel")

    def close(self) -> None:
        """End every tunnel; returns when each ssh is gone. May be called again."""
        self._open.clear()
        self._ended.close()

    def _start(self, address: Address) -> _Tunnel:
        local = Address(HOST, free_ports(1)[0])
        forward = f"{local}:localhost:{address.port}"
        arguments = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", forward]
        command = self._login.command(SshHost(address.host), *arguments)
        variables = self._ended.enter_context(ssh_variables(self._login))
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the rest
        self._ended.callback(complaints.close)
        process = GuardedPopen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env=variables,
        )
        self._ended.callback(_end, process)
        return _Tunnel(local, process, complaints)

    def _is_ready(self, address: Address, tunnel: _Tunnel) -> bool:
        """Wait until the port accepts; False if another program has taken it."""
        deadline = time.monotonic() + self._timeout
        while tunnel.process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((HOST, tunnel.local.port), 1),
            ):
                return True
            if time.monotonic() > deadline:
                _end(tunnel.process)
                raise TunnelError(f"{address}: no tunnel to it within {self._timeout:g} s")
            time.sleep(_INTERVAL)
        said = _read(tunnel.complaints)
        if "Address already in use" in said:
            return False
        reason = explained(self._login, SshHost(address.host), said)
        raise TunnelError(f"no ssh tunnel to {address}: {reason}")


def _read(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode("utf-8", "replace")


def _end(process: GuardedPopen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_END_TIMEOUT)
