"""The system's ``ssh``: how it is called, and what its complaints mean.

It is the program that people have configured: users, keys, agents, jump hosts. ADR 0010 says more.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...exceptions import MissingRequirementError
from ..project.environment import Environment, SshHost

__all__ = ["FAILED", "Login", "explained", "ssh_variables"]

#: The status with which ssh ends if it is ssh that failed, not what it ran.
FAILED = 255
#: Seconds to connect. ssh gives up on a silent connection after 3 unanswered questions.
_CONNECT_TIMEOUT = 10
_ALWAYS = (
    "-T",
    *("-o", "ServerAliveInterval=10"),
    *("-o", "ServerAliveCountMax=3"),
    # A connection that outlives the program keeps its pipes and its forwarded ports.
    *("-o", "ControlMaster=no"),
    *("-o", "ControlPath=none"),
    *("-o", "RemoteCommand=none"),
)
_PASSWORD_VARIABLE = "PYKAFKA_SSH_PASSWORD"  # noqa: S105 - the name of a variable
#: Answers a question for a password and no other one: not whether a host's key is to be trusted.
_ASKPASS = f"""#!/bin/sh
case "$1" in
*assword*) printf '%s\\n' "${_PASSWORD_VARIABLE}" ;;
*) exit 1 ;;
esac
"""


class Login(NamedTuple):
    """Who to be on other hosts, and how to get there.

    :ivar user: none: what ssh itself takes.
    :ivar port: of sshd; none: what ssh itself takes. A host that has one goes by its own.
    :ivar password: of the user; none: keys.
    :ivar options: further arguments for ssh.
    """

    user: str = ""
    port: int | None = None
    password: str = ""
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Environment) -> Login:
        """The login that an environment describes."""
        return cls(
            environment.get("user"),
            environment.get("ssh_port"),
            environment.get("ssh_password"),
            tuple(environment.get("ssh_options")),
        )

    def __repr__(self) -> str:
        shown = "'***'" if self.password else "''"
        return f"Login({self.user!r}, {self.port!r}, {shown}, {self.options!r})"

    def command(self, host: SshHost, *arguments: str, remote: Sequence[str] = ()) -> list[str]:
        """The words that run ``remote`` on a host (through a shell there, each word quoted).

        :param arguments: of ssh itself.
        :raises MissingRequirementError: there is no ssh here.
        """
        program = shutil.which("ssh")
        if program is None:
            raise MissingRequirementError("there is no ssh on the PATH: install OpenSSH's client")
        asked = ["-o", "NumberOfPasswordPrompts=1"] if self.password else ["-o", "BatchMode=yes"]
        # Of several words on one option the first counts: the user's before ours.
        words = [program, *asked, *self.options, "-o", f"ConnectTimeout={_CONNECT_TIMEOUT}"]
        words += [*_ALWAYS, *arguments]
        if self.user:
            words += ["-l", self.user]
        if port := host.port or self.port:
            words += ["-p", str(port)]
        return [*words, "--", host.host, *map(shlex.quote, remote)]


@contextlib.contextmanager
def ssh_variables(login: Login) -> Iterator[dict[str, str]]:
    """The environment variables for ssh: this process's, and what answers for the password.

    ssh asks a program for it, as there is no terminal to ask; the password is in the environment
    of that program only, on no command line and in no file.
    """
    variables = dict(os.environ)
    if not login.password:
        yield variables
        return
    with tempfile.TemporaryDirectory(prefix="pykafka-ssh-") as folder:
        program = Path(folder) / "askpass"
        program.write_text(_ASKPASS, encoding="ascii")
        program.chmod(0o700)
        yield variables | {
            _PASSWORD_VARIABLE: login.password,
            "SSH_ASKPASS": str(program),
            "SSH_ASKPASS_REQUIRE": "force",
            # Before OpenSSH 8.4 only who seems to have a screen was asked this way.
            "DISPLAY": variables.get("DISPLAY") or "none",
        }


#: What ssh complains of -> what to do.
_REMEDIES = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": (
        "its key is not the known one: find out why; if that is right, forget the old one:"
        " ssh-keygen -R {known}"
    ),
    "Host key verification failed": (
        "its key is not known: log in by hand once (ssh {known_words}) and check it"
    ),
    "Permission denied": (
        "it refuses the login: check user, ssh_password and keys (ssh {known_words})"
    ),
    "Too many authentication failures": "the agent holds too many keys: name one in ~/.ssh/config",
}
_NOISE = ("Warning: Permanently added", "@@@", "debug1:")


def explained(login: Login, host: SshHost, complaint: str) -> str:
    """What ssh said on its standard error, and what to do about it."""
    port = host.port or login.port
    known = f"'[{host.host}]:{port}'" if port not in {None, 22} else host.host
    words = f"-p {port} " if port else ""
    words += f"{login.user}@{host.host}" if login.user else host.host
    for sign, remedy in _REMEDIES.items():
        if sign in complaint:
            return remedy.format(known=known, known_words=words)
    lines = [line.strip() for line in complaint.splitlines()]
    told = [line for line in lines if line and not line.startswith(_NOISE)]
    return "; ".join(told[-3:]) or "ssh ended without a word"
