"""The topology's Python packages as wheels in the jar, for the workers to unpack."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...exceptions import MissingRequirementError
from ..exceptions import DeploymentError
from . import unpack
from .bounded import BoundedPopen
from .launching import MODULE
from .requirements import named
from .unpack import MANIFEST, WHEELS
from .wheels import installed_wheels, optional_wheels, pykafka_wheel

__all__ = ["HERE", "Target", "collect_wheels", "packed_resources"]

#: Seconds for pip to find, fetch and build all there is.
_PIP_TIMEOUT = 900
#: What of pip's output is told when it fails.
_LINES_TOLD = 12


class Target(NamedTuple):
    """What Python, on what platform, the workers have; all empty: the same as here.

    :ivar platforms: in pip's words, such as ``manylinux2014_x86_64``.
    :ivar python: a version, such as ``3.12``.
    :ivar implementation: ``cp``, ``pp``, or none for any.
    :ivar abis: in pip's words, such as ``cp312``.
    """

    platforms: tuple[str, ...] = ()
    python: str = ""
    implementation: str = ""
    abis: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether that is the running Python on this machine."""
        return not any(self)

    def arguments(self) -> list[str]:
        """What tells pip."""
        words = [f"--platform={platform}" for platform in self.platforms]
        words += [f"--abi={abi}" for abi in self.abis]
        if self.python:
            words.append(f"--python-version={self.python}")
        if self.implementation:
            words.append(f"--implementation={self.implementation}")
        return words


#: The workers are as this machine.
HERE = Target()


def collect_wheels(
    folder: Path,
    requirements: Sequence[Path],
    *,
    target: Target = HERE,
    wheel_folders: Sequence[Path] = (),
    no_index: bool = False,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Put into ``folder`` the wheels of pykafka, of what it needs and of all requirements.

    Without requirements, and for workers as this machine, they are made of what is installed
    here: no index is asked. Else pip finds them: in the index, in ``wheel_folders``, and among
    what is installed here. For this platform it also builds what has no wheel.

    :param folder: an empty folder.
    :param progress: gets pip's lines as they come.
    :raises DeploymentError: something cannot be found or built; carries the end of pip's words.
    :raises MissingRequirementError: there is no pip here.
    """
    made = folder / "made"
    found = folder / "found"
    for part in (made, found):
        part.mkdir(parents=True)
    if target.is_here:
        installed = installed_wheels(made)
        if not any(named(requirements)):
            return installed
        own = next(wheel for wheel in installed if wheel.name.startswith("pykafka-"))
        words = ["wheel", f"--wheel-dir={found}", "--prefer-binary", f"--find-links={made}"]
    else:
        own = pykafka_wheel(made)
        words = ["download", f"--dest={found}", "--only-binary=:all:", *target.arguments()]
    words += [f"--find-links={links}" for links in wheel_folders]
    words += ["--no-index"] if no_index else []
    words += [f"--requirement={path}" for path in requirements]
    _pip([*words, str(own)], progress or (lambda _line: None))
    return sorted(found.glob("*.whl"))


def _pip(words: list[str], progress: Callable[[str], None]) -> None:
    if importlib.util.find_spec("pip") is None:
        raise MissingRequirementError(
            f"{sys.executable} has no pip, which finds what the requirements ask for:"
            f" {sys.executable} -m ensurepip, or install it with the system's packages"
        )
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *words]
    lines: list[str] = []
    with BoundedPopen(
        command,
        _PIP_TIMEOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            lines.append(line.decode("utf-8", "replace").rstrip())
            progress(lines[-1])
    if process.timed_out:
        lines.append(f"still running after {_PIP_TIMEOUT} s: ended")
    if process.returncode:
        told = "\n".join(line for line in lines[-_LINES_TOLD:] if line)
        raise DeploymentError(f"pip could not get what the requirements ask for:\n{told}")


def packed_resources(
    wheels: Sequence[Path],
    *,
    name: str,
    requirements: Sequence[Path] = (),
    root: str = "",
    system_site_packages: bool = False,
) -> dict[str, bytes | Path]:
    """What goes into the jar's ``resources/`` so that workers make an environment of the wheels.

    :param name: what the environment's folder is called, besides its digest.
    :param requirements: the files that the wheels were collected for: pykafka's own optional
        packages are left out by workers that cannot use them, if nothing here asks for them.
    :param root: the workers' folder of environments; none: a cache folder of their user.
    :param system_site_packages: whether what the workers' interpreter has is there, too.
    """
    digests = {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}
    manifest = {
        "deployment": "packed",
        "name": re.sub(r"[^A-Za-z0-9._-]+", "_", name),
        "root": root,
        "system_site_packages": system_site_packages,
        "optional": optional_wheels(wheels, requirements),
        "wheels": digests,
    }
    resources: dict[str, bytes | Path] = {f"{WHEELS}/{wheel.name}": wheel for wheel in wheels}
    resources[MANIFEST] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    resources[f"{MODULE}.py"] = Path(unpack.__file__).read_bytes()
    return resources
