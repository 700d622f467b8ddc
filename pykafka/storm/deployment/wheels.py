"""Wheels of what is installed here: of pykafka itself, however it was installed, and its packages.

No network, no source tree and no pip is needed for these.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from email.parser import HeaderParser
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from ...version import VERSION
from ..exceptions import DeploymentError
from .requirements import named

__all__ = ["installed_wheels", "optional_wheels", "package_files", "pykafka_wheel", "wheel_of"]

_DATE = (1980, 1, 1, 0, 0, 0)
#: The folder of the running package.
_PACKAGE = Path(__file__).parents[2]
#: Not required by pykafka, yet worth having on a worker.
_WELCOME = ("orjson",)
#: What an installer leaves beside the files that a wheel had.
_NOT_OF_THE_WHEEL = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
#: What a wheel of pykafka takes over from the one that was installed.
_OF_THE_INSTALLED = ("METADATA", "entry_points.txt", "licenses/LICENSE")
_REQUIRES = "Requires-Dist"
#: What only pykafka's extension module needs, which does not go along.
_OF_THE_EXTENSION = "cffi"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*(;.*)?")


def package_files() -> Iterator[tuple[str, Path]]:
    """The files of the running pykafka, by the names that they have in a wheel.

    Without compiled extensions, which are for one Python on one platform: all are optional.
    """
    if not _PACKAGE.is_dir():
        raise DeploymentError(f"{_PACKAGE}: pykafka must be installed in a folder to go along")
    for path in sorted(_PACKAGE.rglob("*")):
        extension = path.name.endswith(tuple(EXTENSION_SUFFIXES))
        if path.is_file() and path.parent.name != "__pycache__" and not extension:
            yield path.relative_to(_PACKAGE.parent).as_posix(), path


def pykafka_wheel(folder: Path) -> Path:
    """Make a wheel of the running pykafka in ``folder``; it is for any Python and platform.

    :raises DeploymentError: pykafka's metadata or files are not to be found.
    """
    try:
        found = importlib.metadata.distribution("pykafka")
    except importlib.metadata.PackageNotFoundError as error:
        raise DeploymentError("pykafka's metadata is not installed: pip install it") from error
    info = {name: (found.read_text(name) or "").encode() for name in _OF_THE_INSTALLED}
    # A source tree in the working directory hides what is installed with a record of its own.
    info["METADATA"] = info["METADATA"] or (found.read_text("PKG-INFO") or "").encode()
    if not info["METADATA"]:
        raise DeploymentError(f"pykafka's metadata cannot be read: {found.locate_file('')}")
    info = {name: data for name, data in info.items() if data}
    # Whatever was installed is what runs, but for its version if its source has moved on.
    version = f"Version: {VERSION}\n".encode()
    info["METADATA"] = re.sub(rb"^Version:.*\n", version, info["METADATA"], count=1, flags=re.M)
    unneeded = f"^{_REQUIRES}: {_OF_THE_EXTENSION}\\b.*\n".encode()
    info["METADATA"] = re.sub(unneeded, b"", info["METADATA"], flags=re.M)
    info["WHEEL"] = b"Wheel-Version: 1.0\nGenerator: pykafka\nRoot-Is-Purelib: true\n"
    info["WHEEL"] += b"Tag: py3-none-any\n"
    return _write(folder, f"pykafka-{VERSION}", dict(package_files()), info)


def installed_wheels(folder: Path) -> list[Path]:
    """Make wheels of the packages in ``folder`` that pykafka uses, out of what is installed here.

    They fit this Python on this platform.

    :raises DeploymentError: one is required and not installed, or cannot be made into a wheel.
    """
    wheels = [pykafka_wheel(folder)]
    done = {"pykafka"}
    wanted = [*_required("pykafka"), *((name, False) for name in _WELCOME)]
    while wanted:
        name, needed = wanted.pop()
        if _normal(name) in done:
            continue
        try:
            wheels.append(wheel_of(importlib.metadata.distribution(name), folder))
        except importlib.metadata.PackageNotFoundError as error:
            if needed:
                raise DeploymentError(
                    f"{name} is not installed here: pip install {name}"
                ) from error
            continue
        done.add(_normal(name))
        wanted += _required(name)
    return sorted(wheels)


def optional_wheels(wheels: Sequence[Path], requirements: Sequence[Path]) -> list[str]:
    """The names of those wheels without which pykafka works, if nothing else asks for them."""
    optional = {_normal(name) for name, always in _required("pykafka") if not always}
    optional |= {_normal(name) for name in _WELCOME}
    asked = {_normal(name) for name in named(requirements)}
    for wheel in wheels:
        if not wheel.name.startswith("pykafka-"):
            asked |= {_normal(name) for name, _ in _parsed(_metadata_of(wheel).get_all(_REQUIRES))}
    return [w.name for w in wheels if _normal(w.name.split("-")[0]) in optional - asked]


def _metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.count("/") == 1 and name.endswith(".dist-info/METADATA"):
                return HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace"))
    raise DeploymentError(f"{wheel}: is no wheel: it has no METADATA")


def _required(name: str) -> Iterator[tuple[str, bool]]:
    """The packages that an installed one requires, and whether it always does."""
    for required, always in _parsed(importlib.metadata.requires(name)):
        if name != "pykafka" or required != _OF_THE_EXTENSION:
            yield required, always


def _parsed(requirements: Iterable[str] | None) -> Iterator[tuple[str, bool]]:
    """The packages that are named, but for those of extras, and whether always."""
    for requirement in requirements or ():
        found = _REQUIREMENT.match(requirement)
        marker = found[2] or "" if found else ""
        if found and not re.search(r"\bextra\b", marker):
            yield found[1], not marker


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_of(distribution: importlib.metadata.Distribution, folder: Path) -> Path:
    """Make a wheel in ``folder`` of a package that is installed.

    :raises DeploymentError: what is installed is only a link to its source.
    """
    name = distribution.metadata["Name"]
    described = distribution.read_text("WHEEL")
    if described is None or distribution.files is None:
        raise DeploymentError(f"{name} was not installed from a wheel: install it again with pip")
    content: dict[str, Path] = {}
    info: dict[str, bytes] = {}
    for file in distribution.files:
        if file.name.startswith("__editable__") or file.suffix == ".egg-link":
            raise DeploymentError(f"{name} is installed as a link to its source: install it by pip")
        # Scripts and data lie outside of the folder of packages; components need neither.
        if file.parts[0] == ".." or Path(str(file)).is_absolute() or "__pycache__" in file.parts:
            continue
        path = Path(str(distribution.locate_file(file)))
        if not file.parts[0].endswith(".dist-info"):
            content[file.as_posix()] = path
        elif file.parts[1] not in _NOT_OF_THE_WHEEL:
            info["/".join(file.parts[1:])] = path.read_bytes()
    return _write(folder, f"{name}-{distribution.version}", content, info)


def _write(folder: Path, name: str, content: Mapping[str, Path], info: Mapping[str, bytes]) -> Path:
    """Write a wheel.

    :param name: of the package, with its version.
    :param info: the files of its ``.dist-info``; ``WHEEL`` tells what it is for.
    """
    package, _, number = name.rpartition("-")
    stem = f"{_normal(package).replace('-', '_')}-{number}"
    tags = re.findall(r"^Tag:\s*(\S+)", info["WHEEL"].decode(), re.MULTILINE)
    path = folder / f"{stem}-{_compressed(tags)}.whl"
    record = []
    try:
        with zipfile.ZipFile(path, "w") as archive:
            for member in sorted(content):
                mode = content[member].stat().st_mode & 0o755
                record.append(_add(archive, member, content[member].read_bytes(), mode))
            for member in sorted(info):
                record.append(_add(archive, f"{stem}.dist-info/{member}", info[member]))
            own = f"{stem}.dist-info/RECORD"
            _add(archive, own, "".join([*record, f"{own},,\n"]).encode())
    except OSError as error:
        raise DeploymentError(f"{name} cannot be made into a wheel: {error}") from error
    return path


def _compressed(tags: list[str]) -> str:
    """Tags as one: their first, second and third parts, each with every value that there is."""
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    return "-".join(".".join(dict.fromkeys(values)) for values in parts)


def _add(archive: zipfile.ZipFile, member: str, data: bytes, mode: int = 0o644) -> str:
    """Add a file; its line in ``RECORD``."""
    header = zipfile.ZipInfo(member, _DATE)
    header.external_attr = mode << 16
    header.create_system = 3
    archive.writestr(header, data, zipfile.ZIP_DEFLATED)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{member},sha256={digest},{len(data)}\n"
