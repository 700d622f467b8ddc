"""Something done on several hosts at a time, with a shell on each."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import NamedTuple, TypeVar

from ..exceptions import DeploymentError
from ..project.environment import SshHost
from .shell import Shell
from .ssh import Login, ssh_variables

__all__ = ["Host", "LogHosts"]

_T = TypeVar("_T")
#: Hosts that are asked at a time.
_PARALLEL = 10


class Host(NamedTuple):
    """Where logs are.

    :ivar name: as people know it.
    :ivar address: of its sshd; None: this machine, and no ssh.
    """

    name: str
    address: SshHost | None


class LogHosts:
    """Some hosts, each with a shell while something is done there.

    :param login: who to be on them.
    :param user: whose rights to have there, through sudo.
    """

    def __init__(self, hosts: Sequence[Host], login: Login, user: str = "") -> None:
        self.hosts = list(hosts)
        self._login = login
        self._user = user
        self._lock = threading.Lock()
        self._open: list[Shell] = []
        #: Set when no more is to be done.
        self.ending = threading.Event()

    def each(
        self,
        work: Callable[[str, Shell], _T],
        *,
        failed: Callable[[str, str], None] | None = None,
        all_at_a_time: bool = False,
    ) -> tuple[dict[str, _T], dict[str, str]]:
        """Do something on every host; what came of it, and why it failed where it did.

        If anything but a host's failure ends it, such as Ctrl-C, so are the shells.

        :param failed: told of a host's failure at once, from any thread.
        :param all_at_a_time: and not some of them after the others.
        """
        results: dict[str, _T] = {}
        failures: dict[str, str] = {}

        def serve(host: Host) -> None:
            try:
                with self._shell(host, variables) as shell:
                    results[host.name] = work(host.name, shell)
            except DeploymentError as error:
                if self.ending.is_set():
                    return
                failures[host.name] = str(error)
                if failed is not None:
                    failed(host.name, str(error))

        threads = max(len(self.hosts), 1) if all_at_a_time else _PARALLEL
        with (
            ssh_variables(self._login) as variables,
            ThreadPoolExecutor(threads, "pykafka-storm-host") as pool,
        ):
            try:
                futures = [pool.submit(serve, host) for host in self.hosts]
                for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                    future.result()
            except BaseException:
                self.end()
                pool.shutdown(cancel_futures=True)
                raise
        return results, failures

    def end(self) -> None:
        """End what is done on each host."""
        with self._lock:
            self.ending.set()
            shells = list(self._open)
        for shell in shells:
            shell.end()

    @contextlib.contextmanager
    def _shell(self, host: Host, variables: Mapping[str, str]) -> Iterator[Shell]:
        with self._lock:
            if self.ending.is_set():
                raise DeploymentError("it was ended")
            shell = Shell(host.address, self._login, variables=variables, user=self._user)
            self._open.append(shell)
        with shell:
            try:
                yield shell
            finally:
                with self._lock:
                    self._open.remove(shell)
