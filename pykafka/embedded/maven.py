"""Dependency resolution through jgo, with downloads that are checked and whole.

jgo's own download writes into its final place and only warns when a digest differs, so an
interrupted one would be taken for a jar ever after. This one compares before the file gets
its name. Imported only when something is not in the cache yet: jgo costs a second.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from jgo.config import GlobalSettings
from jgo.maven import Artifact, MavenContext, PythonResolver
from jgo.util import http
from requests import RequestException, Response

from ..exceptions import DownloadError
from .digests import file_digest

__all__ = ["fetch", "resolve"]

#: Seconds for a repository to send its next bytes.
_TIMEOUT = 30
_ATTEMPTS = 4
#: Maven Central publishes SHA-1 for all, the others for newer artifacts only: in this order one
#: request nearly always does. They come from where the file does, so all guard against the same.
_DIGESTS = ("sha1", "sha256", "sha512")
#: Of Kafka and ZooKeeper: POMs of that age also list test libraries, and natives of every platform
#: for a transport that is not used.
_UNUSED = {
    "byte-buddy",
    "byte-buddy-agent",
    "junit",
    "mockito-core",
    "netty-tcnative-boringssl-static",
    "objenesis",
}
#: A database of 70 MB for metrics, which can be kept nowhere instead.
_UNUSED_BY_STORM = {"rocksdbjni"}
_CENTRAL = "https://repo.maven.apache.org/maven2"

_T = TypeVar("_T")
Progress = Callable[[str], None]


def resolve(coordinates: Sequence[str], progress: Progress) -> list[Path]:
    """The jars, dependencies included, of ``coordinates``; fetches what is not there.

    Repositories, their cache and the home of both are jgo's settings (``M2_REPO``,
    ``~/.config/jgo.conf``).

    :raises DownloadError: a file is nowhere to be had, or differs from its published digest.
    """
    resolver = _CheckedResolver(progress)
    context = _context(resolver)
    # "!": versions are what each POM asks for. Otherwise jgo takes what the first ones manage,
    # and log4j's manage Kafka's.
    wanted = [context.create_dependency(f"{coordinate}!") for coordinate in coordinates]
    inputs, transitive = resolver.resolve(wanted)
    artifacts = [dependency.artifact for dependency in [*inputs, *transitive]]
    unused = _unused_by(coordinates)
    return [
        resolver.checked(artifact)
        for artifact in artifacts
        if artifact.packaging == "jar" and artifact.artifactId not in unused
    ]


def _unused_by(coordinates: Sequence[str]) -> Collection[str]:
    """The artifacts that POMs list and servers of these groups do without."""
    groups = {coordinate.partition(":")[0] for coordinate in coordinates}
    return _UNUSED_BY_STORM if "org.apache.storm" in groups else _UNUSED


class _CheckedResolver(PythonResolver):
    """jgo's resolver, with another download."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def checked(self, artifact: Artifact) -> Path:
        """The artifact's file. One that is in the cache already, from whatever tool, is compared
        with its digest as well, and fetched again if it differs."""
        cached = _place(artifact)
        if not cached.exists():
            return self.download(artifact)
        algorithm, expected = _recorded_digest(cached) or self._published_digest(artifact)
        if file_digest(cached, algorithm) == expected:
            return cached
        cached.unlink()
        return self.download(artifact)

    def download(self, artifact: Artifact) -> Path:
        """Fetch one artifact into the cache.

        The file appears under its name when it is whole and its digest is the published one;
        several processes may fetch the same one at a time.
        """
        target = _place(artifact)
        target.parent.mkdir(parents=True, exist_ok=True)
        return self._from_first(artifact, lambda url: self._fetch(url, target))

    def _published_digest(self, artifact: Artifact) -> tuple[str, str]:
        return self._from_first(artifact, _published_digest)

    def _from_first(self, artifact: Artifact, get: Callable[[str], _T]) -> _T:
        """What ``get`` gets from the first repository that has it."""
        relative = f"{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
        failures = []
        for repository in artifact.context.remote_repos.values():
            try:
                return get(f"{repository}/{relative}")
            except DownloadError as error:
                failures.append(str(error))
        raise DownloadError(f"{artifact} cannot be had: {'; '.join(failures)}")

    def _fetch(self, url: str, target: Path) -> Path:
        algorithm, expected = _published_digest(url)
        response = _get(url, stream=True)
        if target.suffix == ".jar":
            size = int(response.headers.get("content-length", 0))
            self._progress(f"downloading {target.name} ({size / 1e6:.1f} MB)")
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            found = _save(response, handle, hashlib.new(algorithm), url)
            if found != expected:
                raise DownloadError(f"{url}: its {algorithm} is {found}, published is {expected}")
            _recorded(target, algorithm).write_text(expected)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
        return target


def fetch(coordinate: str, progress: Progress) -> Path:
    """The jar of ``group:artifact:version`` alone.

    :raises DownloadError: it is nowhere to be had, or differs from its published digest.
    """
    resolver = _CheckedResolver(progress)
    group, name, version = coordinate.split(":")
    artifact = _context(resolver).project(group, name).at_version(version).artifact()
    return resolver.checked(artifact)


def _context(resolver: PythonResolver) -> MavenContext:
    settings = GlobalSettings.load()
    return MavenContext(
        resolver=resolver,
        repo_cache=settings.repo_cache,
        remote_repos={"central": _CENTRAL, **settings.repositories},
        timeout=_TIMEOUT,
    )


def _place(artifact: Artifact) -> Path:
    return Path(
        artifact.context.repo_cache, artifact.component.path_prefix, artifact.cached_filename
    )


def _recorded(target: Path, algorithm: str) -> Path:
    """Where Maven, and this module, note a file's published digest."""
    return target.with_name(f"{target.name}.{algorithm}")


def _recorded_digest(target: Path) -> tuple[str, str] | None:
    for algorithm in _DIGESTS:
        record = _recorded(target, algorithm)
        if record.is_file():
            return algorithm, _first_word(record.read_text())
    return None


def _first_word(text: str) -> str:
    """The digest from its file, which holds it alone or with the file's name after it."""
    return text.split(maxsplit=1)[0].lower() if text.strip() else ""


def _save(response: Response, handle: int, digest: hashlib._Hash, url: str) -> str:
    with os.fdopen(handle, "wb") as file:
        try:
            for chunk in response.iter_content(chunk_size=1 << 16):
                file.write(chunk)
                digest.update(chunk)
        except RequestException as error:
            raise DownloadError(f"{url}: broke off ({error})") from error
    return digest.hexdigest()


def _published_digest(url: str) -> tuple[str, str]:
    for algorithm in _DIGESTS:
        try:
            return algorithm, _first_word(_get(f"{url}.{algorithm}").text)
        except _NotFoundError:
            continue
    raise DownloadError(f"{url}: it is not there, or without a digest to check it by")


class _NotFoundError(DownloadError):
    """The repository does not have the file."""


def _get(url: str, *, stream: bool = False) -> Response:
    """A successful answer, tried again while the repository or the way to it fails."""
    failure = ""
    for attempt in range(_ATTEMPTS):
        time.sleep(attempt)
        try:
            response = http.get(url, stream=stream, timeout=_TIMEOUT)
        except RequestException as error:
            failure = str(error)
            continue
        if response.status_code == 200:
            return response
        failure = f"HTTP {response.status_code}"
        if response.status_code in {403, 404, 410}:
            raise _NotFoundError(f"{url}: {failure}")
    raise DownloadError(f"{url}: {failure}, {_ATTEMPTS} times")
