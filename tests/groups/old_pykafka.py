"""pykafka 2.8.0, the last release before this one, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from groups.caches import made_once

from pykafka.exceptions import DownloadError, MissingRequirementError

__all__ = ["old_interpreter"]

#: It asks for kazoo 2.5.0 by itself, and for pkg_resources, which setuptools 81 has no more.
_PACKAGES = ("pykafka==2.8.0", "setuptools<81")
_INSTALLED_WITHIN = 300.0
_ANSWER_WITHIN = 30.0
#: It is of 2019; these it was tried with.
_PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.10")


def old_interpreter() -> Path:
    """A Python that has it; the first call makes it.

    :raises MissingRequirementError: there is no Python for it.
    :raises DownloadError: pip cannot install it.
    """
    return made_once("pykafka-2.8.0-venv", _install) / "environment" / "bin" / "python"


def _install(folder: Path) -> None:
    # An environment works where it was made, but for its scripts, which are not used: so it
    # can be given its name afterwards.
    environment = folder / "environment"
    python = next(_pythons(), None)
    if python is None:
        raise MissingRequirementError(f"one of {', '.join(_PYTHONS)} to run pykafka 2.8.0")
    _run([python, "-m", "venv", str(environment)])
    inner = str(environment / "bin" / "python")
    _run([inner, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PACKAGES])
    _run([inner, "-c", "import pykafka, kazoo"])


def _pythons() -> Iterator[str]:
    """Those that run: a shim on the path may stand for nothing."""
    if (3, 10) <= sys.version_info[:2] <= (3, 13):
        yield sys.executable
    for name in _PYTHONS:
        found = shutil.which(name)
        if found is not None and _answers(found):
            yield found


def _answers(python: str) -> bool:
    done = subprocess.run(
        [python, "-c", "import venv, ensurepip"],
        check=False,
        capture_output=True,
        timeout=_ANSWER_WITHIN,
    )
    return done.returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_INSTALLED_WITHIN,
    )
    if done.returncode != 0:
        raise DownloadError(f"pykafka 2.8.0: {' '.join(command)} failed: {done.stdout[-2000:]}")
