"""Real sshd for tests, on ports of the loopback address: ``ssh_servers.start()``.

Each has keys, a home and a root for environments of its own, and ends with the test. What the
machine lacks is named in the reason of a skip; with ``--require`` it is a failure.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from services import end_because_missing

from pykafka.embedded.ports import HOST, free_ports
from pykafka.embedded.process import GuardedPopen
from pykafka.embedded.waiting import wait_until
from pykafka.storm.deployment.ssh import Login
from pykafka.storm.project import SshHost

#: Seconds for a daemon to listen, or to be gone.
_AT_ONCE = 20.0
#: Of the user whom the servers with ``password=True`` let in.
PASSWORD = "not a secret"


@dataclass
class SshServer:
    """A running sshd that lets this user in."""

    folder: Path
    port: int
    process: GuardedPopen
    #: Of the client: ``-F`` and a configuration with nothing of this user's own.
    config: Path

    @property
    def address(self) -> SshHost:
        return SshHost(HOST, self.port)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def known_hosts(self) -> Path:
        return self.config.parent / "known_hosts"

    def login(self, password: str = "") -> Login:
        return Login(user=getpass.getuser(), password=password, options=("-F", str(self.config)))

    def host_key(self) -> str:
        return (self.folder / "host_key.pub").read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_AT_ONCE)


class SshServers:
    """Starts servers that share one client configuration."""

    def __init__(self, folder: Path, running: contextlib.ExitStack) -> None:
        self.folder = folder
        self._running = running
        self._count = 0
        self.config = folder / "ssh_config"
        self.key = folder / "user_key"
        _make_key(self.key)
        self.config.write_text(
            f"Host *\n IdentityFile {self.key}\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {folder}/known_hosts\n GlobalKnownHostsFile none\n"
            " HashKnownHosts no\n UpdateHostKeys no\n"
        )

    def start(
        self, *, password: bool = False, environment: dict[str, str] | None = None
    ) -> SshServer:
        """A server more.

        :param password: it takes ``PASSWORD``, and no keys.
        :param environment: variables of all that it runs.
        """
        self._count += 1
        folder = self.folder / f"host{self._count}"
        (folder / "home").mkdir(parents=True)
        _make_key(folder / "host_key")
        (port,) = free_ports(1)
        config = self._configured(folder, port, password, environment or {})
        command = [_sshd(), "-D", "-e", "-f", str(config)]
        with (folder / "sshd.log").open("wb") as log:
            process = GuardedPopen(
                _with_password(command, folder) if password else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        server = SshServer(folder, port, process, self.config)
        self._running.callback(server.stop)
        wait_until(lambda: _listens(server), _AT_ONCE, f"sshd on port {port}")
        with server.known_hosts.open("a") as known:
            known.write(f"[{HOST}]:{port} {' '.join(server.host_key().split()[:2])}\n")
        return server

    def _configured(
        self, folder: Path, port: int, password: bool, environment: dict[str, str]
    ) -> Path:
        keys = folder / "authorized_keys"
        keys.write_text(self.key.with_suffix(".pub").read_text())
        variables = {"HOME": str(folder / "home"), **environment}
        config = folder / "sshd_config"
        config.write_text(
            f"Port {port}\nListenAddress {HOST}\nHostKey {folder}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
            f"PasswordAuthentication {'yes' if password else 'no'}\n"
            f"PubkeyAuthentication {'no' if password else 'yes'}\n"
            "KbdInteractiveAuthentication no\nPrintMotd no\nUseDNS no\n"
            f"SetEnv {' '.join(f'{name}={value}' for name, value in variables.items())}\n"
        )
        return config


def ssh_to(server: SshServer) -> list[int]:
    """The ssh processes that go to this server."""
    found = subprocess.run(
        ["pgrep", "-f", f"ssh .*{server.config}.* -p {server.port} "],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(pid) for pid in found.stdout.split()]


def _sshd() -> str:
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found is not None
    return found


def _make_key(path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True
    )


def _with_password(command: list[str], folder: Path) -> list[str]:
    """Run sshd where /etc/shadow holds our password: in a mount namespace of its own."""
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
    ).stdout.strip()
    shadow = folder / "shadow"
    shadow.write_text(f"{getpass.getuser()}:{hashed}:19000:0:99999:7:::\n")
    script = 'mount --bind "$0" /etc/shadow && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, str(shadow), *command]


def _listens(server: SshServer) -> bool:
    if server.process.poll() is not None:
        pytest.fail(f"sshd ended:\n{(server.folder / 'sshd.log').read_text()}")
    return "Server listening on" in (server.folder / "sshd.log").read_text()


def _missing() -> str | None:
    if sys.platform == "win32":
        return "sshd"
    for program in ("ssh", "ssh-keygen", "pgrep"):
        if shutil.which(program) is None:
            return program
    if shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") is None:
        return "sshd"
    if os.getuid() == 0:
        # sshd asks for it, and the system's own service makes it when it starts.
        Path("/run/sshd").mkdir(exist_ok=True)
    return None


@pytest.fixture
def ssh_servers(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[SshServers]:
    """Real sshd: ``ssh_servers.start()``."""
    if missing := _missing():
        end_because_missing(pytestconfig, f"{missing} is not installed (openssh-server)")
    with contextlib.ExitStack() as running:
        yield SshServers(tmp_path, running)


@pytest.fixture
def password_possible(pytestconfig: pytest.Config) -> None:
    """End the test where no sshd with a password of ours can be run."""
    try:
        tried = subprocess.run(
            ["unshare", "--mount", "sh", "-c", "mount --bind /etc/hosts /etc/hosts"],
            capture_output=True,
            timeout=_AT_ONCE,
            check=False,
        ).returncode
    except FileNotFoundError:
        tried = 1
    if tried or shutil.which("openssl") is None:
        end_because_missing(pytestconfig, "a password needs root, unshare, mount and openssl")
