"""The jar that Nimbus is given: a zip of ``resources/``, and of Java classes where there are any.

Storm unpacks ``resources/`` on the workers; that is the folder in which components start.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from ..exceptions import DeploymentError

__all__ = ["Duplicate", "build_jar"]

RESOURCES = "resources/"
_MANIFEST = "META-INF/MANIFEST.MF"
#: The earliest date that a zip can hold: the same content makes the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_NOT_PACKED = {
    "__pycache__",
    *(".git", ".hg", ".svn", ".bzr", "CVS", ".gitignore", ".gitattributes", ".gitmodules"),
    *(".DS_Store", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".idea", ".vscode"),
}
_NOT_PACKED_SUFFIXES = {".pyc", ".pyo", ".swp"}
#: These compress no further.
_STORED = {".whl", ".zip", ".jar", ".gz", ".xz", ".bz2", ".zst", ".png", ".jpg"}
#: Signatures of a jar are void once it is part of another.
_SIGNATURES = (".SF", ".RSA", ".DSA", ".EC")
#: Files of this folder list implementations: those of several jars belong one after the other.
_SERVICES = "META-INF/services/"


class Duplicate(NamedTuple):
    """A file that several sources have, with different content: the first was packed.

    :ivar entry: its name in the jar.
    :ivar packed: where the one that was packed is from.
    :ivar dropped: where the other is from.
    """

    entry: str
    packed: str
    dropped: str

    def __str__(self) -> str:
        return f"{self.entry}: taken from {self.packed}, not from {self.dropped}"


class _Entry(NamedTuple):
    origin: str
    open: Callable[[], IO[bytes]]
    size: int
    executable: bool = False


def build_jar(
    path: Path,
    source: Path | None,
    *,
    resources: Mapping[str, bytes | Path] | None = None,
    jars: Sequence[Path] = (),
) -> list[Duplicate]:
    """Write a topology's jar. The same content makes the same bytes.

    :param path: the file to write; replaced in one step once it is complete.
    :param source: the folder whose content becomes ``resources/`` (a project's ``src``): without
        compiled Python and the folders of version control and editors. Links are followed.
    :param resources: more files of ``resources/``, by name: their content, or files that hold it.
    :param jars: jars of the user's own whose content becomes part of this one.
    :returns: which files are in several of these with different content. Only Java's: for each,
        the jar that comes first wins, as on a class path.
    :raises DeploymentError: something cannot be read, or ``source`` and ``resources`` have a file
        of the same name.
    """
    entries: dict[str, _Entry] = {}
    if source is not None:
        for name, file in _files(source):
            entries[RESOURCES + name] = _of_file(file)
    for name, content in (resources or {}).items():
        if RESOURCES + name in entries:
            origin = entries[RESOURCES + name].origin
            raise DeploymentError(f"{origin}: {name} is a name that pykafka needs: rename the file")
        entries[RESOURCES + name] = (
            _of_bytes(content, "pykafka") if isinstance(content, bytes) else _of_file(content)
        )
    duplicates: list[Duplicate] = []
    partial = path.with_name(f"{path.name}.new")
    # Jars stay open until they are written: opening one costs as much as it has files.
    with ExitStack() as opened:
        for jar in jars:
            duplicates += _merge(opened, jar, entries)
        try:
            _write(partial, entries)
            partial.replace(path)
        except OSError as error:
            raise DeploymentError(f"{path}: {error}") from error
        finally:
            partial.unlink(missing_ok=True)
    return duplicates


def _files(
    folder: Path, prefix: str = "", above: tuple[Path, ...] = ()
) -> Iterator[tuple[str, Path]]:
    real = folder.resolve()
    if real in above:
        raise DeploymentError(f"{folder}: links to a folder that it is in")
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise DeploymentError(f"{folder}: {error.strerror}") from error
    for path in found:
        if path.name in _NOT_PACKED or path.suffix in _NOT_PACKED_SUFFIXES:
            continue
        if path.is_dir():
            yield from _files(path, f"{prefix}{path.name}/", (*above, real))
        elif path.is_file():
            yield prefix + path.name, path
        elif path.is_symlink():
            raise DeploymentError(f"{path}: links to {path.readlink()}, which does not exist")


def _of_file(path: Path) -> _Entry:
    try:
        status = path.stat()
    except OSError as error:
        raise DeploymentError(f"{path}: {error.strerror}") from error
    executable = bool(status.st_mode & stat.S_IXUSR)
    return _Entry(str(path), lambda: path.open("rb"), status.st_size, executable)


def _of_bytes(content: bytes, origin: str) -> _Entry:
    from io import BytesIO

    return _Entry(origin, lambda: BytesIO(content), len(content))


def _merge(opened: ExitStack, jar: Path, entries: dict[str, _Entry]) -> Iterator[Duplicate]:
    try:
        archive = opened.enter_context(zipfile.ZipFile(jar))
        for info in archive.infolist():
            name = info.filename
            if info.is_dir() or name == _MANIFEST or _is_signature(name):
                continue
            content = archive.read(info)
            if name not in entries:
                entries[name] = _of_entry(jar, archive, info)
            elif name.startswith(_SERVICES):
                entries[name] = _joined(entries[name], content, str(jar))
            elif not name.startswith("META-INF/") and content != _read(entries[name]):
                yield Duplicate(name, entries[name].origin, str(jar))
    except (OSError, zipfile.BadZipFile) as error:
        raise DeploymentError(f"{jar}: cannot be read as a jar: {error}") from error


def _is_signature(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder == "META-INF" and file.upper().endswith(_SIGNATURES)


def _of_entry(jar: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Entry:
    return _Entry(str(jar), lambda: archive.open(info), info.file_size)


def _joined(entry: _Entry, content: bytes, origin: str) -> _Entry:
    lines = _read(entry).splitlines()
    lines += [line for line in content.splitlines() if line not in lines]
    return _of_bytes(b"\n".join(lines) + b"\n", f"{entry.origin} and {origin}")


def _read(entry: _Entry) -> bytes:
    with entry.open() as content:
        return content.read()


def _write(path: Path, entries: Mapping[str, _Entry]) -> None:
    manifest = b"Manifest-Version: 1.0\r\nCreated-By: pykafka\r\n\r\n"
    with zipfile.ZipFile(path, "w") as archive:
        _add(archive, _MANIFEST, _of_bytes(manifest, "pykafka"))
        # Storm's local mode asks its class path for the folder itself.
        archive.writestr(_info(RESOURCES, 0o755), b"")
        for name in sorted(entries):
            _add(archive, name, entries[name])


def _add(archive: zipfile.ZipFile, name: str, entry: _Entry) -> None:
    info = _info(name, 0o755 if entry.executable else 0o644)
    if Path(name).suffix not in _STORED:
        info.compress_type = zipfile.ZIP_DEFLATED
    info.file_size = entry.size
    with entry.open() as content, archive.open(info, "w") as out:
        shutil.copyfileobj(content, out)


def _info(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    kind = stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
    info.external_attr = (kind | mode) << 16
    # Who wrote the zip must not show: by default its system does.
    info.create_system = 3
    return info
