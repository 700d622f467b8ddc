"""Published releases of streamparse, to compare with: fetched by pip, never kept here."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pykafka

__all__ = ["NotFetchedError", "install", "make_environment", "unpack"]

#: What streamparse 5.0.1 imports; the rest of what it asks for is for its command line.
_PARTS = (
    "streamparse==5.0.1",
    "pystorm==3.1.4",
    "simplejson",
    "six",
    "msgpack",
    "thriftpy2",
    "ply",
)


class NotFetchedError(Exception):
    """pip cannot get it; the text says why."""


def install(folder: Path) -> None:
    """Put streamparse 5.0.1 into a folder, for ``PYTHONPATH``.

    :raises NotFetchedError: pip cannot get it.
    """
    _pip("install", "--no-deps", "--target", str(folder), *_PARTS)


def make_environment(folder: Path) -> Path:
    """A virtual environment with streamparse 5.0.1, in which pykafka is to be found too.

    :returns: the folder with its commands: ``python``, ``streamparse_run``.
    :raises NotFetchedError: pip cannot get it.
    """
    venv.create(folder, with_pip=False)
    commands = folder / "bin"
    _pip("--python", str(commands / "python"), "install", "--no-deps", *_PARTS)
    packages = next(folder.glob("lib/*/site-packages"))
    ours = [Path(pykafka.__file__).parents[1], *map(sysconfig.get_path, ("purelib", "platlib"))]
    (packages / "pykafka_and_what_it_needs.pth").write_text("\n".join(map(str, ours)) + "\n")
    return commands


def unpack(folder: Path) -> Path:
    """The source of streamparse 2.1.4.

    :returns: its folder, within ``folder``.
    :raises NotFetchedError: pip cannot get it.
    """
    name = "streamparse"
    _pip("download", "--no-deps", "--no-binary", name, "--dest", str(folder), f"{name}==2.1.4")
    with zipfile.ZipFile(folder / "streamparse-2.1.4.zip") as archive:
        archive.extractall(folder)
    return folder / "streamparse-2.1.4"


def _pip(*arguments: str) -> None:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", *arguments],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotFetchedError(str(error)) from error
    if done.returncode != 0:
        raise NotFetchedError(done.stderr.strip()[-500:])
