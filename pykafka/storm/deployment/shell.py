"""A POSIX shell of another host, or of this one, that is asked one thing after the other."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import shlex
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import NamedTuple

from ...embedded.process import GuardedPopen
from ..exceptions import DeploymentError
from ..project.environment import SshHost
from .ssh import FAILED, Login, explained

__all__ = ["Answer", "Shell"]

_CHUNK = 1 << 16
#: Seconds for the shell to be gone once its input has ended.
_END_WITHIN = 5.0


class Answer(NamedTuple):
    """What a command did.

    :ivar status: its exit status.
    :ivar output: what it wrote on its standard output.
    """

    status: int
    output: bytes


class Shell:
    """A shell that runs until its ``with`` is left; then nothing of it is left on the host.

    All it is told goes through its standard input, which ends with the connection: the shell
    ends by itself, and the command that it is at when that one next writes. For one thread at a
    time, but for :meth:`end`.

    :param address: of the host; None: this one, without ssh.
    :param login: who to be there.
    :param variables: the environment for ssh (:func:`.ssh.ssh_variables`).
    :param user: whose rights the shell has, through sudo; "": the login's.
    :param timeout: seconds for each answer, the first one with the time to connect.
    """

    def __init__(
        self,
        address: SshHost | None,
        login: Login | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float = 60.0,
    ) -> None:
        words = ["sudo", "-n", "-H", "-u", user, "sh"] if user else ["sh"]
        self._login = login or Login()
        self._address = address
        self._timeout = timeout
        self._user = user
        self._ended = contextlib.ExitStack()
        # Of no file that a command could print, so that it ends none of them too early.
        self._mark = f"pykafka-{secrets.token_hex(16)}".encode()
        self._complaints = self._ended.enter_context(
            tempfile.TemporaryFile()  # noqa: SIM115 - closed with the rest
        )
        self._process = GuardedPopen(
            words if address is None else self._login.command(address, remote=words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=variables,
        )
        assert self._process.stdout is not None
        self._ended.callback(self._process.stdout.close)
        self._unread = bytearray()
        self._output = self._ended.enter_context(selectors.DefaultSelector())
        self._output.register(self._process.stdout, selectors.EVENT_READ)
        self._ended.callback(self.end)

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.close()

    def end(self) -> None:
        """End it; whoever waits for an answer gets an error. Returns when ssh is gone."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_END_WITHIN)

    def run(self, script: str, arguments: Sequence[str] = ()) -> Answer:
        """Run commands of the shell; they get nothing on their standard input.

        :param arguments: ``$1`` and so on.
        :raises DeploymentError: ssh does not get there, the shell has ended, or no answer came
            in time; says which.
        """
        words = shlex.join(["set", "--", *arguments])
        mark = f"printf '{self._mark.decode()} %d\\n' $?\n"
        # The first mark keeps apart what a login says of itself.
        text = f"{mark}( {words}\n{script}\n) </dev/null\n{mark}"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text.encode("utf-8", "surrogateescape"))
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise self._gone() from None
        return self._answer()

    def _answer(self) -> Answer:
        deadline = time.monotonic() + self._timeout
        self._read_to_mark(deadline)
        output, status = self._read_to_mark(deadline)
        return Answer(status, output)

    def _read_to_mark(self, deadline: float) -> tuple[bytes, int]:
        """What comes before the next mark, and the number that it has."""
        assert self._process.stdout is not None
        looked = 0
        while True:
            # Several marks may come at a time, and one in two parts.
            at = self._unread.find(self._mark, max(looked - len(self._mark), 0))
            if at >= 0 and b"\n" in self._unread[at:]:
                break
            looked = len(self._unread) if at < 0 else at
            if not self._output.select(max(deadline - time.monotonic(), 0)):
                raise DeploymentError(f"no answer within {self._timeout:g} s")
            received = os.read(self._process.stdout.fileno(), _CHUNK)
            if not received:
                raise self._gone()
            self._unread += received
        output = bytes(self._unread[:at])
        number, _, rest = self._unread[at + len(self._mark) :].partition(b"\n")
        self._unread = rest
        return output, int(number)

    def _gone(self) -> DeploymentError:
        """Why the shell is not there (any more)."""
        try:
            status = self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            status = None
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace")
        if self._address is not None and status == FAILED:
            return DeploymentError(explained(self._login, self._address, said))
        told = "; ".join(line.strip() for line in said.splitlines()[-3:] if line.strip())
        who = f"the shell of {self._user}" if self._user else "the shell"
        return DeploymentError(f"{who} ended with status {status}: {told or 'without a word'}")
