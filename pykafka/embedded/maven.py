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
from collections.abc import Callable, Iterable
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.maven import Artifact, MavenContext, PythonResolver
from jgo.util import http
from requests import RequestException, Response

from ..exceptions import DownloadError

__all__ = ["resolve"]

#: Seconds for a repository to send its next bytes.
_TIMEOUT = 30
_ATTEMPTS = 4
#: Maven Central publishes SHA-1 for all, the stronger ones for newer artifacts only.
_DIGESTS = ("sha512", "sha256", "sha1")
_CENTRAL = "https://repo.maven.apache.org/maven2"

Progress = Callable[[str], None]


def resolve(coordinates: Iterable[str], progress: Progress) -> list[Path]:
    """The jars, dependencies included, of ``coordinates``; fetches what is not there.

    Repositories, their cache and the home of both are jgo's settings (``M2_REPO``,
    ``~/.config/jgo.conf``).

    :raises DownloadError: a file is nowhere to be had, or differs from its published digest.
    """
    settings = GlobalSettings.load()
    context = MavenContext(
        resolver=_CheckedResolver(progress),
        repo_cache=settings.repo_cache,
        remote_repos={"central": _CENTRAL, **settings.repositories},
        timeout=_TIMEOUT,
    )
    # "!": versions are what each POM asks for. Otherwise jgo takes what the first ones manage,
    # and log4j's manage Kafka's.
    wanted = [context.create_dependency(f"{coordinate}!") for coordinate in coordinates]
    inputs, transitive = context.resolver.resolve(wanted)
    artifacts = [dependency.artifact for dependency in [*inputs, *transitive]]
    jars = [artifact for artifact in artifacts if _belongs(artifact)]
    return [Path(artifact.resolve()) for artifact in jars]


def _belongs(artifact: Artifact) -> bool:
    """Whether a server needs it: POMs of that age also list test libraries, and natives of
    every platform for a transport that is not used."""
    return artifact.packaging == "jar" and artifact.artifactId not in {
        "byte-buddy",
        "byte-buddy-agent",
        "junit",
        "mockito-core",
        "netty-tcnative-boringssl-static",
        "objenesis",
    }


class _CheckedResolver(PythonResolver):
    """jgo's resolver, with another download."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def download(self, artifact: Artifact) -> Path:
        """Fetch one artifact into the cache.

        The file appears under its name when it is whole and its digest is the published one;
        several processes may fetch the same one at a time.
        """
        target = artifact.context.repo_cache / artifact.component.path_prefix / artifact.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        relative = f"{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
        failures = []
        for repository in artifact.context.remote_repos.values():
            url = f"{repository}/{relative}"
            try:
                self._fetch(url, target)
            except DownloadError as error:
                failures.append(str(error))
            else:
                return target
        raise DownloadError(f"{artifact} cannot be had: {'; '.join(failures)}")

    def _fetch(self, url: str, target: Path) -> None:
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
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)


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
            # Either the bare digest or "digest  file name".
            return algorithm, _get(f"{url}.{algorithm}").text.split()[0].lower()
        except _NotFoundError:
            continue
    raise DownloadError(f"{url}: no digest is published for it")


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
