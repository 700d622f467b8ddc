"""Jars: fetched once, checked against published digests, found offline after that.

Against a Maven repository of one artifact, served on the loopback address.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pykafka.embedded import maven
from pykafka.embedded.artifacts import class_path, single_jar
from pykafka.exceptions import DownloadError

COORDINATES = ("example:thing:1.0",)
JAR = Path("example/thing/1.0/thing-1.0.jar")
CONTENT = b"not really a jar, but bytes with a digest"
POM = b"""<project><modelVersion>4.0.0</modelVersion>
<groupId>example</groupId><artifactId>thing</artifactId><version>1.0</version></project>"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def publish(root: Path, name: Path, content: bytes, algorithm: str = "sha1") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    digest = hashlib.new(algorithm, content).hexdigest()
    path.with_name(f"{path.name}.{algorithm}").write_text(f"{digest}  {path.name}\n")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the only repository there is, and an empty home and cache."""
    root = tmp_path / "repository"
    publish(root, JAR, CONTENT)
    publish(root, JAR.with_suffix(".pom"), POM)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    configuration = tmp_path / "jgo.conf"
    configuration.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    for name in ("JGO_CACHE_DIR", "M2_REPO", "XDG_CONFIG_HOME", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JGO_CONFIG_FILE", str(configuration))
    monkeypatch.setattr(maven, "_ATTEMPTS", 1)
    yield root
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_is_told_and_lands_in_the_cache(repository: Path, tmp_path: Path) -> None:
    told: list[str] = []
    jars = class_path(COORDINATES, told.append)
    assert [jar.read_bytes() for jar in jars] == [CONTENT]
    assert jars[0].is_relative_to(tmp_path / "home")
    assert told == ["resolving example:thing:1.0", "downloading thing-1.0.jar (0.0 MB)"]


def test_a_jar_whose_pom_cannot_be_resolved_is_fetched_alone(repository: Path) -> None:
    (repository / JAR.with_suffix(".pom")).unlink()
    told: list[str] = []
    for _ in range(2):
        assert single_jar(COORDINATES[0], told.append).read_bytes() == CONTENT
    assert told == ["downloading thing-1.0.jar (0.0 MB)"]
    with pytest.raises(DownloadError, match="cannot be had"):
        class_path(COORDINATES, told.append)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("example", ["server-1.0.jar"]),
        ("org.apache.storm", ["server-1.0.jar", "objenesis-1.0.jar"]),
    ],
)
def test_what_a_server_does_without_is_not_fetched(
    group: str, expected: list[str], repository: Path
) -> None:
    needed = "<groupId>org.objenesis</groupId><artifactId>objenesis</artifactId>"
    for place, identity, dependencies in (
        (f"{group.replace('.', '/')}/server", f"<groupId>{group}</groupId>", needed),
        ("org/objenesis/objenesis", "<groupId>org.objenesis</groupId>", ""),
    ):
        name = place.rpartition("/")[2]
        within = f"<dependency>{dependencies}<version>1.0</version></dependency>"
        pom = (
            f"<project><modelVersion>4.0.0</modelVersion>{identity}<artifactId>{name}</artifactId>"
            f"<version>1.0</version><dependencies>{within if dependencies else ''}</dependencies>"
            "</project>"
        )
        publish(repository, Path(place, "1.0", f"{name}-1.0.pom"), pom.encode())
        publish(repository, Path(place, "1.0", f"{name}-1.0.jar"), name.encode())
    jars = class_path([f"{group}:server:1.0"], lambda _: None)
    assert [jar.name for jar in jars] == expected


def test_the_second_time_needs_neither_network_nor_jgo(repository: Path) -> None:
    expected = class_path(COORDINATES, lambda _: None)
    (repository / JAR).unlink()
    program = (
        "import sys; sys.modules['jgo'] = sys.modules['requests'] = None\n"
        "from pykafka.embedded.artifacts import class_path\n"
        f"print(*class_path({COORDINATES!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == [str(jar) for jar in expected]
    assert done.stderr == ""


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_what_differs_from_its_published_digest_is_refused(
    repository: Path, algorithm: str
) -> None:
    (repository / JAR).with_name(f"{JAR.name}.sha1").unlink()
    publish(repository, JAR, CONTENT, algorithm)
    (repository / JAR).write_bytes(CONTENT[:-1])
    with pytest.raises(DownloadError, match=rf"thing-1.0.jar: its {algorithm} is .* published is"):
        class_path(COORDINATES, lambda _: None)


def test_a_refused_file_leaves_nothing_in_the_cache(repository: Path, tmp_path: Path) -> None:
    (repository / JAR).write_bytes(b"something else")
    with pytest.raises(DownloadError):
        class_path(COORDINATES, lambda _: None)
    assert [path.name for path in (tmp_path / "home").rglob("*thing-1.0.jar*")] == []


def test_without_a_published_digest_nothing_is_trusted(repository: Path) -> None:
    (repository / JAR).with_name(f"{JAR.name}.sha1").unlink()
    with pytest.raises(DownloadError, match="without a digest to check it by"):
        class_path(COORDINATES, lambda _: None)


def test_what_is_not_published_is_named_with_its_address(repository: Path) -> None:
    with pytest.raises(DownloadError, match=r"example:gone.*http://127.0.0.1.*it is not there"):
        class_path(("example:gone:2.0",), lambda _: None)


def test_a_jar_that_was_damaged_in_the_cache_is_fetched_again(repository: Path) -> None:
    (jar,) = class_path(COORDINATES, lambda _: None)
    jar.write_bytes(CONTENT[:5])
    assert [path.read_bytes() for path in class_path(COORDINATES, lambda _: None)] == [CONTENT]


def test_a_jar_that_another_tool_left_unfinished_is_not_trusted(
    repository: Path, tmp_path: Path
) -> None:
    left = tmp_path / "home" / ".m2" / "repository" / JAR
    left.parent.mkdir(parents=True)
    left.write_bytes(CONTENT[:5])
    assert [path.read_bytes() for path in class_path(COORDINATES, lambda _: None)] == [CONTENT]
