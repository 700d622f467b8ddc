"""Virtual environments on the workers' hosts, made over ssh, all at once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shlex
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..exceptions import DeploymentError, HostsError
from ..project.environment import SshHost
from . import on_host
from .bounded import BoundedPopen
from .ssh import FAILED, Login, explained, ssh_variables

__all__ = ["Made", "Progress", "Recipe", "make_environments"]

#: Called with a host, what it is at, and a line of detail, from several threads but one at a time.
#: States: ``connecting``, ``needs`` (it gets its files), ``line`` (pip's words), and at the end
#: ``unchanged``, ``made`` or ``failed``; ``differs`` tells that what is installed is not what the
#: first host has.
Progress = Callable[[str, str, str], None]

#: Has the interpreter on the host read its program, and the program's input after it.
_BOOT = (
    "import sys; i = sys.stdin.buffer;"
    ' exec(compile(i.read(int(i.readline())), "pykafka", "exec"), {"__name__": "__main__"})'
)
#: Seconds that ssh has beyond the time that the host itself keeps.
_GRACE = 15.0
_ENDS = ("unchanged", "made", "failed")


class Recipe(NamedTuple):
    """What a virtual environment on a worker is made of.

    :ivar root: the hosts' folder of environments.
    :ivar name: the environment's.
    :ivar pykafka: the wheel of pykafka.
    :ivar requirements: the content of a requirement file.
    :ivar wheels: more wheels for pip to find on the host.
    :ivar no_index: whether pip there may ask no index.
    :ivar flags: arguments for venv or virtualenv.
    :ivar interpreter: the hosts' Python: a path, or a name.
    :ivar sudo_user: who owns it, if not the user of the login.
    """

    root: str
    name: str
    pykafka: Path
    requirements: str = ""
    wheels: tuple[Path, ...] = ()
    no_index: bool = False
    flags: tuple[str, ...] = ()
    interpreter: str = ""
    sudo_user: str = ""

    @property
    def python(self) -> str:
        """The path of the environment's interpreter on the hosts."""
        return f"{self.root}/{self.name}/bin/python"

    @property
    def digest(self) -> str:
        """The same for what makes the same environment."""
        files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self._files()]
        parts = [files, self.requirements, self.no_index, self.flags, self.interpreter]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _files(self) -> list[Path]:
        return [self.pykafka, *sorted(self.wheels)]

    def archive(self) -> bytes:
        """What a host needs to make it."""
        content = {"requirements.txt": self.requirements.encode()}
        content[self.pykafka.name] = self.pykafka.read_bytes()
        content |= {f"wheels/{wheel.name}": wheel.read_bytes() for wheel in self.wheels}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, data in content.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return packed.getvalue()

    @property
    def command(self) -> list[str]:
        """The words that run the host's part there."""
        words = [self.interpreter or "python3", "-c", _BOOT]
        return ["sudo", "-n", "-H", "-u", self.sudo_user, *words] if self.sudo_user else words


class Made(NamedTuple):
    """An environment on a host.

    :ivar changed: False if all was there already.
    :ivar packages: what is installed in it, as ``name==version``.
    """

    host: str
    changed: bool
    packages: tuple[str, ...]


def make_environments(
    hosts: Sequence[SshHost],
    login: Login,
    recipe: Recipe,
    *,
    overwrite: bool = False,
    parallel: int = 10,
    timeout: float = 900.0,
    progress: Progress | None = None,
) -> list[Made]:
    """Make the environment on every host, or find that it is there as it should be.

    One host's failure keeps no other from being served.

    :param overwrite: make it anew even so, and in the place of somebody else's folder.
    :param parallel: how many hosts at a time.
    :param timeout: seconds for one host.
    :returns: one for each host, in their order.
    :raises HostsError: some could not be served; names them all.
    :raises DeploymentError: there are no hosts.
    """
    if not hosts:
        raise DeploymentError("there are no hosts to make virtual environments on")
    lock = threading.Lock()

    def tell(host: str, state: str, line: str) -> None:
        with lock:
            if progress:
                progress(host, state, line)

    request = {
        "root": recipe.root,
        "name": recipe.name,
        "digest": recipe.digest,
        "flags": recipe.flags,
        "no_index": recipe.no_index,
        "overwrite": overwrite,
        "timeout": timeout,
    }
    unique = list(dict.fromkeys(hosts))
    with ssh_variables(login) as variables, ThreadPoolExecutor(parallel) as pool:
        session = _Session(login, recipe, json.dumps(request), timeout, variables, tell, set())
        try:
            answers = list(pool.map(session.serve, unique))
        except BaseException:
            # Ctrl-C: the pool waits for its threads, and they for ssh.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in session.running.copy():
                process.kill()
            raise
    failures = {str(host): a for host, a in zip(unique, answers, strict=True) if isinstance(a, str)}
    if failures:
        raise HostsError(failures)
    made = [answer for answer in answers if isinstance(answer, Made)]
    for other in made:
        if other.packages != made[0].packages:
            tell(other.host, "differs", _difference(other, made[0]))
    return made


def _difference(one: Made, other: Made) -> str:
    """What two environments of one recipe do not share: an index may have changed meanwhile."""
    mine = ", ".join(sorted({*one.packages} - {*other.packages})) or "nothing else"
    theirs = ", ".join(sorted({*other.packages} - {*one.packages})) or "nothing else"
    return f"has {mine}, where {other.host} has {theirs}"


class _Session(NamedTuple):
    login: Login
    recipe: Recipe
    request: str
    timeout: float
    variables: Mapping[str, str]
    tell: Progress
    running: set[BoundedPopen]

    def serve(self, host: SshHost) -> Made | str:
        """Serve one host; why that failed, if it did."""
        self.tell(str(host), "connecting", "")
        answer = self._serve(host)
        if isinstance(answer, str):
            self.tell(str(host), "failed", answer)
        return answer

    def _serve(self, host: SshHost) -> Made | str:
        command = self.login.command(host, remote=self.recipe.command)
        with tempfile.TemporaryFile() as complaints:
            with BoundedPopen(
                command,
                self.timeout + _GRACE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=self.variables,
            ) as process:
                self.running.add(process)
                assert process.stdin is not None
                assert process.stdout is not None
                end = self._converse(str(host), process.stdin, process.stdout)
            self.running.discard(process)
            complaints.seek(0)
            said = complaints.read().decode("utf-8", "replace")
        if end.get("state") == "failed":
            return str(end["line"])
        if process.timed_out:
            return f"not done within {self.timeout:g} s"
        if not end or process.returncode:
            return self._reason(host, process.returncode, said)
        return Made(str(host), end["state"] == "made", tuple(end["packages"]))

    def _converse(self, host: str, to: IO[bytes], answers: IO[bytes]) -> dict[str, Any]:
        """Say what is wanted, and hand over the files if asked; the host's last word."""
        program = Path(on_host.__file__).read_bytes()
        end: dict[str, Any] = {}
        # A pipe that breaks: ssh has ended, and its complaint says why.
        with contextlib.suppress(BrokenPipeError):
            to.write(b"%d\n%s%s\n" % (len(program), program, self.request.encode()))
            to.flush()
            for raw in answers:
                answer = _read(raw)
                if answer["state"] == "needs":
                    to.write(self.recipe.archive())
                    to.flush()
                if answer["state"] in _ENDS:
                    end = answer
                if answer["state"] != "failed":
                    self.tell(host, answer["state"], answer["line"])
        with contextlib.suppress(BrokenPipeError):
            to.close()
        return end

    def _reason(self, host: SshHost, status: int, said: str) -> str:
        if status == FAILED:
            return explained(self.login, host, said)
        told = "; ".join(line for line in said.splitlines()[-5:] if line.strip())
        if status in {126, 127}:
            words = shlex.join(self.recipe.command[:-2])
            return f"{words} cannot be run there: {told}: install it, or set interpreter"
        return f"ended with status {status}: {told}"


def _read(raw: bytes) -> dict[str, Any]:
    """A line from the host. What its shell prints at a login is no answer, but may be shown."""
    text = raw.decode("utf-8", "replace").strip()
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    return (
        answer
        if isinstance(answer, dict) and "state" in answer
        else {"state": "line", "line": text}
    )
