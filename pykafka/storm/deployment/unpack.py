"""Runs on a worker, copied into the jar: makes the topology's virtual environment, once per host.

The first component that starts unpacks the jar's wheels; those that start meanwhile wait for it,
and all become the environment's own interpreter (``exec``), with their standard streams untouched:
Storm's handshake is still to be read. Nothing but the standard library is here to be used, of any
Python from 3.10 on; there is no network, and no pip.

Messages go to standard error, which Storm shows; few and short ones, since it does not read them
before it has something to say itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import time
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The program of a component, once it is the right interpreter that runs it.
RUNNER = "from pykafka.storm.worker import main; main({})"
#: In ``resources/``: what there is to unpack.
WHEELS = "pykafka_wheels"
MANIFEST = "pykafka_deployment.json"
#: Overrides where environments are kept, on a worker.
ROOT_VARIABLE = "PYKAFKA_STORM_ENVIRONMENTS"
#: Seconds that a component waits for another to unpack.
_LOCK_TIMEOUT = 300.0
_LOCK_INTERVAL = 0.05
_MESSAGE_BYTES = 3000


class UnpackError(Exception):
    """The environment cannot be made on this host; says why and what to do."""


def main(class_path: str, serializer: str = "json") -> None:
    """Become the environment's interpreter running this component; make the environment first."""
    try:
        python = environment(Path.cwd())
    except UnpackError as error:
        _end(str(error))
    except Exception:  # noqa: BLE001 - told, and the process ends
        _end(traceback.format_exc())
    arguments = repr(class_path)
    if serializer != "json":
        arguments += f", serializer={serializer!r}"
    os.execv(python, [str(python), "-c" + RUNNER.format(arguments)])  # noqa: S606 - our own path


def _end(reason: str) -> None:
    _say(f"the component cannot start: {reason}")
    sys.exit(1)


def _say(message: str) -> None:
    data = f"pykafka: {message[-_MESSAGE_BYTES:]}\n".encode("utf-8", "replace")
    # Not through sys.stderr: whoever starts us without one gets no second error.
    os.write(2, data)


def environment(resources: Path) -> Path:
    """The interpreter of the environment for what these ``resources`` hold; makes it if need be.

    :raises UnpackError: it cannot be made here.
    """
    manifest = json.loads((resources / MANIFEST).read_text(encoding="utf-8"))
    root = _root(manifest.get("root") or "")
    place = root / _name(manifest)
    python = place / "bin" / "python"
    if not python.exists():
        wheels = _fitting(manifest)
        with (root / f"{place.name}.lock").open("w") as lock:
            _acquire(lock.fileno(), place)
            # Another may have made it meanwhile; a part of one is what somebody killed left.
            if not python.exists():
                _make(
                    place, resources / WHEELS, wheels, manifest.get("system_site_packages", False)
                )
    # So that one can see which environments have been out of use for long.
    with contextlib.suppress(OSError):
        os.utime(place)
    return python


def _name(manifest: dict[str, Any]) -> str:
    """The same for the same wheels under the same Python, and for nothing else."""
    identity = [manifest["wheels"], manifest.get("system_site_packages", False)]
    identity += [sys.version, os.path.realpath(sys.executable)]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return f"{manifest.get('name') or 'topology'}-{digest[:16]}"


def _root(configured: str) -> Path:
    """The folder of this host's environments: the first of those that can be written to."""
    wanted = os.environ.get(ROOT_VARIABLE) or configured
    if wanted:
        root = Path(os.path.expandvars(wanted)).expanduser()
        problem = _unusable(root, ours=False)
        if problem:
            raise UnpackError(f"{root}, where environments are to be kept: {problem}")
        return root
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    shared = Path(tempfile.gettempdir()) / f"pykafka-storm-{os.getuid()}"
    candidates = [Path(os.path.expanduser(cache)) / "pykafka" / "storm", shared]  # noqa: PTH111 - a home may be missing
    problems = {}
    for root in candidates:
        problems[root] = _unusable(root, ours=True)
        if not problems[root]:
            return root
    told = "; ".join(f"{root}: {problem}" for root, problem in problems.items())
    raise UnpackError(f"no folder to keep environments in: {told}; set virtualenv_root")


def _unusable(root: Path, ours: bool) -> str:
    """Why environments cannot be kept in ``root``; "" if they can.

    :param ours: we chose the place. What others can write to, they could have us run.
    """
    if not root.is_absolute():
        return "is not absolute"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700 if ours else 0o777)
    except OSError as error:
        return str(error.strerror)
    status = root.stat()
    if ours and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return "others may write to it"
    return "" if os.access(root, os.W_OK | os.X_OK) else "may not be written to"


def _fitting(manifest: dict[str, Any]) -> dict[str, str]:
    """The wheels to unpack here: all, but for optional ones that this Python cannot use.

    :raises UnpackError: it cannot use one that is needed.
    """
    # Workers may have another Python than the one that this package was installed for.
    if sys.version_info < (3, 10):  # noqa: UP036 - see above
        raise UnpackError(f"{sys.executable} is Python {platform.python_version()}, not 3.10")
    unfit = {wheel: _unfit(wheel) for wheel in sorted(manifest["wheels"]) if _unfit(wheel)}
    ours = f"Python {platform.python_version()} on {sysconfig.get_platform()}"
    needed = [wheel for wheel in unfit if wheel not in manifest["optional"]]
    if needed:
        told = ", ".join(f"{wheel} ({unfit[wheel]})" for wheel in needed[:10])
        raise UnpackError(
            f"{sys.executable} is {ours}, which cannot use {told}: set worker_python and"
            " worker_platform, or interpreter, in config.json and submit again"
        )
    if unfit:
        names = ", ".join(wheel.split("-")[0] for wheel in unfit)
        _say(f"goes without {names}, which are not for {ours}: set worker_python to have them")
    return {name: digest for name, digest in manifest["wheels"].items() if name not in unfit}


def _unfit(wheel: str) -> str:
    """Why this interpreter cannot use a wheel, by the tags in its name; "" if it can."""
    pythons, abis, platforms = wheel[: -len(".whl")].split("-")[-3:]
    if not any(
        _python_fits(python, abi) for python in pythons.split(".") for abi in abis.split(".")
    ):
        return f"is for {pythons}-{abis}"
    if not any(map(_platform_fits, platforms.split("."))):
        return f"is for {platforms}"
    return ""


def _python_fits(python: str, abi: str) -> bool:
    kind, version = python[:2], python[2:]
    ours = {"cpython": "cp", "pypy": "pp"}.get(sys.implementation.name, "")
    if kind not in {"py", ours} or not version.isdigit() or int(version[0]) != 3:
        return False
    minor = int(version[1:] or 0)
    if abi in {"none", "abi3"}:
        # cp39-none is for 3.9 alone, unlike py39-none and cp39-abi3.
        exact = abi == "none" and kind != "py" and version[1:] != ""
        return minor == sys.version_info.minor if exact else minor <= sys.version_info.minor
    return minor == sys.version_info.minor and abi.endswith("t") == _is_free_threaded()


def _is_free_threaded() -> bool:
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def _platform_fits(tag: str) -> bool:
    if tag == "any":
        return True
    system, machine = sys.platform, platform.machine()
    if system == "darwin":
        return tag.startswith("macosx_") and tag.endswith((machine, "universal2"))
    if system != "linux" or not tag.endswith(f"_{machine}"):
        return False
    glibc, version = platform.libc_ver()
    if tag.startswith("musllinux_"):
        return glibc != "glibc"
    old = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
    kind, _, rest = tag.partition("_")
    needed = old.get(kind) or ".".join(rest.split("_")[:2])
    if tag.startswith("manylinux"):
        return glibc == "glibc" and _numbers(version) >= _numbers(needed)
    return tag.startswith("linux_")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _acquire(lock: int, place: Path) -> None:
    """Wait for our turn. The lock of a process that is killed is free at once."""
    deadline = time.monotonic() + _LOCK_TIMEOUT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise UnpackError(
                    f"{place}.lock: another process has been unpacking for {_LOCK_TIMEOUT:g} s"
                ) from None
            time.sleep(_LOCK_INTERVAL)
        else:
            return


def _make(place: Path, folder: Path, wheels: dict[str, str], system_site_packages: bool) -> None:
    started = time.monotonic()
    partial = place.with_name(f"{place.name}.new")
    for leftover in (partial, place):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        _make_bare(partial, system_site_packages)
        for name in sorted(wheels):
            _check_content(folder / name, wheels[name])
            unpack_wheel(folder / name, partial, place)
        partial.rename(place)
    except OSError as error:
        raise UnpackError(f"{place}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _say(f"made {place} from {len(wheels)} wheels in {time.monotonic() - started:.1f} s")


def _make_bare(place: Path, system_site_packages: bool) -> None:
    try:
        import venv
    except ImportError as error:
        raise UnpackError(
            f"{sys.executable} has no module venv: install it (python3-venv)"
        ) from error

    class Bare(venv.EnvBuilder):
        """An environment of an interpreter and an empty folder of packages."""

        def setup_scripts(self, context: Any) -> None:
            """None: they would name the folder in which the environment is made."""

    Bare(system_site_packages=system_site_packages, symlinks=True, with_pip=False).create(place)


def _check_content(wheel: Path, digest: str) -> None:
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != digest:
        raise UnpackError(f"{wheel}: is not what was packed")


def unpack_wheel(wheel: Path, place: Path, final: Path) -> None:
    """Put what is in a wheel into the environment at ``place``, which will be moved to ``final``.

    Scripts of the wheel come along (a component may call one), those of entry points do not.
    """
    schemes = sysconfig.get_scheme_names()
    paths = sysconfig.get_paths(
        "venv" if "venv" in schemes else "posix_prefix",
        vars={name: str(place) for name in ("base", "platbase", "installed_base")},
    )
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        pure = _is_pure(archive, wheel.name)
        library = Path(paths["purelib" if pure else "platlib"])
        targets = {
            "purelib": Path(paths["purelib"]),
            "platlib": Path(paths["platlib"]),
            "scripts": Path(paths["scripts"]),
            "headers": place / "include" / wheel.name.split("-")[0],
            "data": place,
        }
        for name, target, kind in _targets(names, library, targets):
            info = archive.getinfo(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as content, target.open("wb") as file:
                if kind == "scripts":
                    file.write(_first_line(content.readline(), final))
                shutil.copyfileobj(content, file, 1 << 18)
            if kind == "scripts" or info.external_attr >> 16 & 0o111:
                target.chmod(0o755)


def _is_pure(archive: zipfile.ZipFile, wheel: str) -> bool:
    for name in archive.namelist():
        folder, _, file = name.partition("/")
        if folder.endswith(".dist-info") and file == "WHEEL":
            text = archive.read(name).decode("utf-8", "replace").lower()
            return "root-is-purelib: true" in text
    raise UnpackError(f"{wheel}: is no wheel: it has no .dist-info/WHEEL")


def _targets(
    names: list[str], library: Path, targets: dict[str, Path]
) -> Iterator[tuple[str, Path, str]]:
    """Where each file of a wheel goes, and as what."""
    for name in names:
        if name.endswith("/"):
            continue
        parts = name.split("/")
        if ".." in parts or name.startswith("/"):
            raise UnpackError(f"a wheel holds {name}, which is outside of it")
        if parts[0].endswith(".data") and len(parts) > 2:
            if parts[1] not in targets:
                raise UnpackError(f"a wheel holds {name}, of a kind that is unknown")
            yield name, targets[parts[1]].joinpath(*parts[2:]), parts[1]
        else:
            yield name, library.joinpath(*parts), "library"


def _first_line(line: bytes, final: Path) -> bytes:
    """Have a script's "#!python" name the environment's interpreter."""
    if line.startswith(b"#!python"):
        return b"#!" + os.fsencode(final / "bin" / "python") + b"\n"
    return line
