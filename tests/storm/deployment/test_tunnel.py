"""Tunnels through a real sshd to a server that echoes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ssh_servers import PASSWORD, SshServer, SshServers, ssh_to

from pykafka.embedded.ports import HOST, free_ports
from pykafka.embedded.waiting import wait_until
from pykafka.net.address import Address
from pykafka.storm.deployment.ssh import Login
from pykafka.storm.deployment.tunnel import Tunnels
from pykafka.storm.exceptions import TunnelError


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        while data := connection.recv(1 << 16):
                            connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _login(server: SshServer, password: str = "") -> Login:
    """Nimbus' host is known by name only: the port of sshd is the login's."""
    return server.login(password)._replace(port=server.port)


def _echoed(address: Address, data: bytes) -> bytes:
    with socket.create_connection((address.host, address.port), 10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
        return answer


def test_what_goes_in_comes_out_and_no_ssh_is_left(ssh_servers: SshServers, echo: int) -> None:
    server = ssh_servers.start()
    nimbus = Address(HOST, echo)
    with Tunnels(_login(server)) as tunnels:
        local = tunnels.to(nimbus)
        assert local.port != echo
        assert tunnels.to(nimbus) == local
        assert _echoed(local, b"x" * 300_000) == b"x" * 300_000
        assert ssh_to(server)
    assert not ssh_to(server)
    with pytest.raises(OSError, match="refused"):
        _echoed(local, b"x")


def test_an_error_inside_ends_the_tunnel_too(ssh_servers: SshServers, echo: int) -> None:
    server = ssh_servers.start()
    with pytest.raises(ZeroDivisionError), Tunnels(_login(server)) as tunnels:
        1 / (0 if tunnels.to(Address(HOST, echo)) and ssh_to(server) else 1)
    assert not ssh_to(server)


def test_a_tunnel_that_broke_is_opened_again(ssh_servers: SshServers, echo: int) -> None:
    server = ssh_servers.start()
    nimbus = Address(HOST, echo)
    with Tunnels(_login(server)) as tunnels:
        first = tunnels.to(nimbus)
        for pid in ssh_to(server):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not ssh_to(server), 10, "ssh gone")
        second = tunnels.to(nimbus)
        assert second != first
        assert _echoed(second, b"again") == b"again"
    assert not ssh_to(server)


def test_a_killed_process_leaves_no_ssh(ssh_servers: SshServers, echo: int) -> None:
    server = ssh_servers.start()
    program = (
        "import sys, time\n"
        "from pykafka.storm.deployment.tunnel import Tunnels\n"
        "from pykafka.storm.deployment.ssh import Login\n"
        "from pykafka.net.address import Address\n"
        f"login = Login(port={server.port}, options=('-F', {str(server.config)!r}))\n"
        f"print(Tunnels(login).to(Address('{HOST}', {echo})).port, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline())
        assert ssh_to(server)
        process.kill()
    wait_until(lambda: not ssh_to(server), 10, "ssh gone")


def test_a_host_without_sshd_is_named_with_the_reason(ssh_servers: SshServers) -> None:
    server = ssh_servers.start()
    login = server.login()._replace(port=free_ports(1)[0])
    with Tunnels(login) as tunnels, pytest.raises(TunnelError, match="refused") as raised:
        tunnels.to(Address(HOST, 6627))
    assert f"{HOST}:6627" in str(raised.value)


def test_a_login_that_is_refused_says_what_to_check(
    ssh_servers: SshServers, tmp_path: Path
) -> None:
    server = ssh_servers.start()
    (server.folder / "authorized_keys").write_text("")
    with Tunnels(_login(server)) as tunnels, pytest.raises(TunnelError, match="refuses the login"):
        tunnels.to(Address(HOST, 6627))


@pytest.mark.usefixtures("password_possible")
def test_a_password_opens_a_tunnel(ssh_servers: SshServers, echo: int) -> None:
    server = ssh_servers.start(password=True)
    with Tunnels(_login(server, PASSWORD)) as tunnels:
        assert _echoed(tunnels.to(Address(HOST, echo)), b"hello") == b"hello"
    assert not ssh_to(server)


def test_a_silent_host_is_given_up(ssh_servers: SshServers) -> None:
    server = ssh_servers.start()
    with socket.create_server((HOST, 0)) as silent:
        login = server.login()._replace(port=silent.getsockname()[1])
        with Tunnels(login, timeout=1) as tunnels, pytest.raises(TunnelError, match="within 1 s"):
            tunnels.to(Address(HOST, 6627))
