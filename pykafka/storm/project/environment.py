"""An environment: one Storm cluster, as a project's ``config.json`` describes it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...exceptions import InvalidOptionError
from ...net.address import Address, parse_hosts
from ..exceptions import ConfigError
from .configuration import ENVIRONMENT, LOG, default_of

__all__ = ["NIMBUS_PORT", "Environment", "SshHost"]

#: Where Nimbus listens unless told otherwise.
NIMBUS_PORT = 6627
#: Environment variables that say where Nimbus is, whatever the file says; the first that is set.
_NIMBUS_VARIABLES = ("PYKAFKA_STORM_NIMBUS", "STREAMPARSE_NIMBUS")


class SshHost(NamedTuple):
    """A host to log in to.

    :ivar port: of its sshd; None: what ssh itself takes.
    """

    host: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


class Environment:
    """One environment of a project.

    :ivar name: as in ``config.json``.
    :ivar config: its keys as they stand there, for hooks.
    """

    def __init__(
        self, name: str, config: Mapping[str, Any], *, serializer: str = "", where: str = ""
    ) -> None:
        self.name = name
        self.config = dict(config)
        self._serializer = serializer
        self._where = where or f"envs.{name}"

    def __repr__(self) -> str:
        return f"<Environment {self.name} of {self._where}>"

    def __str__(self) -> str:
        return self._where

    def get(self, key: str) -> Any:
        """The value of a key, or its default; empty and null are as good as absent."""
        value = self.config.get(key)
        return default_of(ENVIRONMENT[key]) if value in (None, "") else value

    def texts(self, key: str) -> list[str]:
        """The value of a key that may be a text or a list of texts, as a list."""
        value = self.get(key)
        texts = [value] if isinstance(value, str) else value
        return [text for text in texts if text]

    @property
    def nimbus(self) -> list[Address]:
        """Where Nimbus is. ``PYKAFKA_STORM_NIMBUS`` or ``STREAMPARSE_NIMBUS`` overrides the file.

        :raises ConfigError: nothing says it.
        """
        for variable in _NIMBUS_VARIABLES:
            if said := os.environ.get(variable):
                return _parsed(said, f"environment variable {variable}", NIMBUS_PORT)
        texts = self.texts("nimbus")
        if not texts:
            raise ConfigError(
                f"{self._where}.nimbus is empty: set it to the host of Nimbus (host or host:port),"
                f" or set the environment variable {_NIMBUS_VARIABLES[0]}"
            )
        return _parsed(",".join(texts), f"{self._where}.nimbus", NIMBUS_PORT)

    @property
    def workers(self) -> list[SshHost]:
        """The workers' hosts and ports of sshd; empty if Nimbus is to be asked for them."""
        texts = self.texts("workers")
        found = _parsed(",".join(texts), f"{self._where}.workers", 0) if texts else []
        return [SshHost(host, port or self.get("ssh_port")) for host, port in found]

    @property
    def wants_tunnel(self) -> bool:
        """Whether Nimbus is reached through ssh.

        As said by ``use_ssh_for_nimbus``; if that says nothing, when there is a user to be there.
        (To streamparse it was true by default; a config without a user never had an ssh login.)
        """
        said = self.get("use_ssh_for_nimbus")
        return bool(self.get("user")) if said is None else bool(said)

    @property
    def deployment(self) -> str:
        """``"packed"``, ``"ssh"`` or ``"existing"``."""
        if self.config.get("deployment"):
            return str(self.config["deployment"])
        if self.get("use_virtualenv") and self.get("install_virtualenv"):
            return str(self.get("deployment"))
        return "existing"

    @property
    def virtualenv_root(self) -> str:
        """The workers' folder of virtual environments, "" if none is said."""
        return str(self.get("virtualenv_root") or self.get("virtualenv_path")).rstrip("/")

    @property
    def virtualenv_flags(self) -> list[str]:
        """The arguments in ``virtualenv_flags``, but for the interpreter.

        :raises ConfigError: a quote in it is not closed.
        """
        return self._flags()[0]

    @property
    def interpreter(self) -> str:
        """The workers' Python, "" if none is said: by ``interpreter``, or ``-p`` in the flags."""
        return str(self.get("interpreter") or self._flags()[1])

    def _flags(self) -> tuple[list[str], str]:
        try:
            words = iter(shlex.split(self.get("virtualenv_flags")))
        except ValueError as error:
            raise ConfigError(f"{self._where}.virtualenv_flags: {error}") from error
        flags, interpreter = [], ""
        for word in words:
            if word in {"-p", "--python"}:
                interpreter = next(words, "")
            elif word.startswith("--python="):
                interpreter = word.partition("=")[2]
            else:
                flags.append(word)
        return flags, interpreter

    @property
    def serializer(self) -> str:
        """How tuples are written between Storm and Python."""
        return str(self.get("serializer") or self._serializer or "json")

    @property
    def log(self) -> dict[str, Any]:
        """The log's settings, with their defaults, whichever spelling they have."""
        said = {
            "path": self.config.get("log_path"),
            "file": self.config.get("log_file"),
        }
        said |= {name: value for name, value in self.get("log").items() if value not in (None, "")}
        return {name: said.get(name) or default_of(key) for name, key in LOG.items()}

    @property
    def options(self) -> dict[str, Any]:
        """Storm's options for topologies that are submitted here.

        Those that ``options`` holds, and what ``log`` and the old counts come to.
        """
        options: dict[str, Any] = {}
        if self.log["path"]:
            options |= {f"pystorm.log.{name}": value for name, value in self.log.items() if value}
        elif "level" in self.get("log"):
            options["pystorm.log.level"] = self.log["level"]
        counts = {"topology.workers": "worker_count", "topology.acker.executors": "acker_count"}
        options |= {o: self.get(key) for o, key in counts.items() if self.get(key) is not None}
        return {**options, **self.get("options")}


def _parsed(text: str, where: str, port: int) -> list[Address]:
    try:
        return parse_hosts(text, where, port)
    except InvalidOptionError as error:
        raise ConfigError(str(error).removeprefix("option ")) from error
