"""Runs on a worker over ssh, fed to its Python: makes or finds a virtual environment there.

Only the standard library is here to be used. Reads one line of JSON from standard input, and an
archive (tar) after it if it asks for that; writes lines of JSON: ``state`` and ``line``.

The environment lies in a folder named for its content, ``ROOT/NAME.DIGEST``; ``ROOT/NAME`` is a
link to it, set when it is complete. So nothing is ever half made under the name that topologies
know, and those that run keep what they were started with.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

#: Written last into an environment: it is complete.
_STAMP = "pykafka-deployment.json"
_LOCK_INTERVAL = 0.1


class HostError(Exception):
    """The environment cannot be made on this host; says why and what to do."""


def _tell(state: str, line: str = "", **more: Any) -> None:
    sys.stdout.write(json.dumps({"state": state, "line": line, **more}) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do what the request says; the last line says how it ended."""
    request = json.loads(sys.stdin.buffer.readline())
    try:
        _serve(request, time.monotonic() + request["timeout"])
    except (HostError, OSError, tarfile.TarError) as error:
        _tell("failed", str(error))
        sys.exit(1)


def _serve(request: dict[str, Any], deadline: float) -> None:
    if sys.version_info < (3, 10):  # noqa: UP036 - this host's Python is not the package's
        raise HostError(f"{sys.executable} is Python {sys.version.split()[0]}, not 3.10 or newer")
    root = Path(os.path.expandvars(request["root"])).expanduser()
    if not root.is_absolute():
        raise HostError(f"virtualenv_root {root} is not absolute")
    root.mkdir(parents=True, exist_ok=True)
    link = root / request["name"]
    with (root / f".{request['name']}.lock").open("w") as lock:
        _acquire(lock.fileno(), link, deadline)
        place = root / f"{request['name']}.{request['digest'][:12]}"
        if not request["overwrite"]:
            if link.is_symlink() and _is_complete(link.resolve(), request["digest"]):
                _tell("unchanged", str(link), packages=_packages(link))
                return
            _check_free(link, overwrite=False)
        if request["overwrite"] or not _is_complete(place, request["digest"]):
            place = _unused(place)
            _make(place, request, deadline)
        _check_free(link, request["overwrite"])
        _point(link, place)
        _tell("made", str(link), packages=_packages(link))


def _acquire(lock: int, link: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise HostError(f"{link}: somebody else has been making it all the time") from None
            time.sleep(_LOCK_INTERVAL)
        else:
            return


def _is_complete(place: Path, digest: str) -> bool:
    """Whether all that was asked for is there, under the Python that would make it today."""
    try:
        stamp = json.loads((place / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(
        stamp == {"digest": digest, "python": sys.version} and (place / "bin" / "python").exists()
    )


def _check_free(link: Path, overwrite: bool) -> None:
    """Have nobody else's folder lie where the link is to be."""
    if link.is_symlink() or not link.exists():
        return
    if not overwrite:
        raise HostError(
            f"{link} exists and is not pykafka's: choose another virtualenv_name, remove it, or"
            " have it overwritten (--overwrite-virtualenv)"
        )
    aside = link.with_name(f"{link.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    link.rename(aside)
    _tell("line", f"moved what was there to {aside}")


def _unused(place: Path) -> Path:
    """The folder to make it in: not one that is complete, which components may be running from."""
    number = 1
    chosen = place
    while (chosen / _STAMP).exists():
        number += 1
        chosen = place.with_name(f"{place.name}.{number}")
    return chosen


def _make(place: Path, request: dict[str, Any], deadline: float) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="pykafka-") as folder:
        _tell("needs", f"making {place}")
        _receive(Path(folder))
        _make_bare(place, request["flags"], deadline)
        words = [str(place / "bin" / "python"), "-m", "pip", "install", "--no-input"]
        words += ["--disable-pip-version-check", f"--find-links={folder}/wheels"]
        words += ["--no-index"] if request["no_index"] else []
        words += [f"--requirement={folder}/requirements.txt"]
        words += [str(next(Path(folder).glob("pykafka-*.whl")))]
        status, lines = _run(words, deadline)
    if status:
        shutil.rmtree(place, ignore_errors=True)
        raise HostError("pip failed: " + "; ".join(lines[-4:]))
    stamp = {"digest": request["digest"], "python": sys.version}
    (place / _STAMP).write_text(json.dumps(stamp), encoding="utf-8")


def _receive(folder: Path) -> None:
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        for member in archive:
            if not member.isfile() or ".." in member.name.split("/") or member.name[0] == "/":
                raise HostError(f"{member.name} is nothing to receive")
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            if content is not None:
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file)
    (folder / "wheels").mkdir(exist_ok=True)


def _make_bare(place: Path, flags: list[str], deadline: float) -> None:
    """By venv, or where that has no pip (Debian) by virtualenv."""
    ways = [[sys.executable, "-m", "venv"], [sys.executable, "-m", "virtualenv"]]
    program = shutil.which("virtualenv")
    if program:
        ways.append([program, "-p", sys.executable])
    told = []
    for way in ways:
        status, lines = _run([*way, *flags, str(place)], deadline)
        if status == 0:
            return
        told.append(f"{' '.join(way)}: {'; '.join(lines[-3:])}")
        shutil.rmtree(place, ignore_errors=True)
    raise HostError(
        "no virtual environment can be made: install python3-venv or virtualenv. "
        + " | ".join(told)
    )


def _run(words: list[str], deadline: float) -> tuple[int, list[str]]:
    """Run a program to its end, passing its lines on; its status and its lines."""
    lines: list[str] = []
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    late = threading.Timer(deadline - time.monotonic(), process.kill)
    late.start()
    try:
        for line in process.stdout or ():
            lines.append(line.decode("utf-8", "replace").rstrip())
            _tell("line", lines[-1])
    finally:
        process.kill()
        process.wait()
        late.cancel()
    if time.monotonic() > deadline:
        raise HostError(f"{' '.join(words[:4])}: not done in time")
    return process.returncode, lines


def _point(link: Path, place: Path) -> None:
    """Have the link lead there, in one step."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(place.name)
    new.replace(link)


def _packages(link: Path) -> list[str]:
    """What is installed there, as name==version."""
    words = [str(link / "bin" / "python"), "-m", "pip", "list", "--format=freeze"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    return sorted(line for line in done.stdout.splitlines() if "==" in line)


if __name__ == "__main__":
    main()
