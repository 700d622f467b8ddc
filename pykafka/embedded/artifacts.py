"""Class paths of the servers: resolved once, from the cache ever after, checked each time."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from ..exceptions import MissingRequirementError
from .digests import file_digest

__all__ = ["class_path", "report_to_stderr", "single_jar"]

_FORMAT = 1
_ALGORITHM = "sha256"


def report_to_stderr(line: str) -> None:
    """The progress report of those who give none: a line on the standard error stream."""
    sys.stderr.write(f"pykafka: {line}\n")
    sys.stderr.flush()


def class_path(
    coordinates: Sequence[str], progress: Callable[[str], None] = report_to_stderr
) -> list[Path]:
    """The jars that ``coordinates`` (``group:artifact:version``) and what they need consist of.

    The first call resolves and downloads, telling ``progress``; the outcome is recorded with
    the digest of each jar. Later calls work offline: they read the record and compare.
    Safe to call from several threads and processes at a time.

    :raises MissingRequirementError: the jars are not in the cache and jgo is not installed.
    :raises DownloadError: a file could not be fetched or is not what was published.
    """
    record = _record_of(coordinates)
    jars = _read(record)
    if jars is None:
        maven = _maven(coordinates[0])
        progress(f"resolving {coordinates[0]}")
        jars = maven.resolve(coordinates, progress)
        _write(record, jars)
    return jars


def single_jar(coordinate: str, progress: Callable[[str], None] = report_to_stderr) -> Path:
    """One jar, without what it needs: its POM is not read.

    Flux's names a parent that was never published, so :func:`class_path` cannot resolve it.

    :raises MissingRequirementError: as :func:`class_path`.
    :raises DownloadError: as :func:`class_path`.
    """
    record = _record_of([coordinate, "alone"])
    jars = _read(record)
    if jars is None:
        jars = [_maven(coordinate).fetch(coordinate, progress)]
        _write(record, jars)
    return jars[0]


def _maven(coordinate: str) -> ModuleType:
    try:
        from . import maven
    except ImportError as error:
        raise MissingRequirementError(
            f"{coordinate} is not in the cache, and {error.name} to fetch it is not "
            f"installed; run: pip install 'pykafka[embedded]'"
        ) from error
    return maven


def _record_of(coordinates: Sequence[str]) -> Path:
    cache = os.environ.get("JGO_CACHE_DIR") or Path.home() / ".cache" / "jgo"
    key = hashlib.sha256("\n".join(coordinates).encode()).hexdigest()[:12]
    name = "-".join(coordinates[0].split(":")[1:])
    return Path(cache, "pykafka", f"{name}-{key}.json")


def _read(record: Path) -> list[Path] | None:
    """The recorded jars, or None if one is missing, was changed, or nothing is recorded."""
    try:
        content = json.loads(record.read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if content["format"] != _FORMAT:
        return None
    jars = {Path(path): digest for path, digest in content["jars"].items()}
    for jar, digest in jars.items():
        if not jar.is_file():
            return None
        if file_digest(jar, _ALGORITHM) != digest:
            # Whoever damaged it, it is fetched again rather than run.
            jar.unlink()
            return None
    return list(jars)


def _write(record: Path, jars: Sequence[Path]) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    content = {"format": _FORMAT, "jars": {str(jar): file_digest(jar, _ALGORITHM) for jar in jars}}
    draft = record.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(content, indent=1))
    draft.replace(record)
