"""Real Kafka for tests, as a pytest plugin.

A test asks for ``kafka`` (one broker) or ``kafka3`` (three) and for ``topic_name``; it runs
once for each release of ``--kafka-releases``. One that asks for ``implementation`` too runs
once for each of ``--implementations`` and release. Clusters are shared by all tests of a
session; what a test killed or paused is put right before the next one. A test that needs
broker properties of its own takes ``embedded_kafka`` and shares with those that ask for the same.

What the machine lacks is named in the reason of a skip; with ``--require`` it is a failure.
What a release lacks is another matter: ``applicability``.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from applicability import RELEASE, release_of

from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.artifacts import class_path
from pykafka.embedded.certificates import Certificates
from pykafka.embedded.java import find_java
from pykafka.embedded.releases import ZOOKEEPER, find_release
from pykafka.exceptions import (
    DownloadError,
    ImplementationNotAvailableError,
    MissingRequirementError,
)
from pykafka.native import SCAN_VARIABLE, native
from pykafka.runtime.rdkafka.library import library

#: The fixtures of that name.
NeedReleases = Callable[..., None]
OwnKafka = Callable[..., EmbeddedKafka]

#: What the client is for, from end to end; and those that every run of the tests tries.
ALL_RELEASES = [
    *("0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "1.1.1"),
    *("2.8.2", "3.9.1", "4.1.1", "4.3.0"),
]
USUAL_RELEASES = ["0.8.2.2", "0.11.0.3", "3.9.1", "4.3.0"]
#: Folders whose tests are run on the first and last of the usual releases alone: they cost more
#: than those between would tell.
_AT_THE_ENDS = {"cli", "completeness", "embedded", "kafka"}

NOT_TO_BE_HAD = (DownloadError, MissingRequirementError)


@dataclass(frozen=True)
class Implementation:
    """One way in which the package does its work."""

    name: str
    #: Says why there is none of it here; None if there is.
    obstacle: Callable[[], str | None] = lambda: None
    #: What selects it, as arguments of ``get_simple_consumer`` and ``get_producer``.
    options: Mapping[str, object] = field(default_factory=dict)
    #: What selects it, as variables of the environment.
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> str | None:
        """Why it cannot be tested here; None if it can."""
        why = self.obstacle()
        return None if why is None else f"implementation {self.name}: {why}"


def _no_extension() -> str | None:
    found = native()
    return found if isinstance(found, str) else None


def _no_librdkafka() -> str | None:
    try:
        library()
    except ImplementationNotAvailableError as error:
        return str(error)
    return None


PYTHON = "python"
#: Folders whose tests other implementations are run on, at the ends of the releases.
_WHERE = {
    "python+scan": {"consumer", "interop"},
    "rdkafka": {"consumer", "interop", "producer", "rdkafka"},
}
#: Every implementation there is, or will be: what tests are parametrised with.
IMPLEMENTATIONS = {
    implementation.name: implementation
    for implementation in (
        Implementation(PYTHON, environment={SCAN_VARIABLE: "off"}),
        Implementation("python+scan", _no_extension, environment={SCAN_VARIABLE: "require"}),
        Implementation("rdkafka", _no_librdkafka, options={"use_rdkafka": True}),
    )
}


USUAL_IMPLEMENTATIONS = [PYTHON, "python+scan", "rdkafka"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("services", "real servers")
    group.addoption(
        "--kafka-releases",
        default=os.environ.get("PYKAFKA_TEST_KAFKA_RELEASES", ",".join(USUAL_RELEASES)),
        help="comma list of Kafka releases to test against, or 'all' (default: %(default)s)",
    )
    group.addoption(
        "--implementations",
        default=os.environ.get("PYKAFKA_TEST_IMPLEMENTATIONS", ",".join(USUAL_IMPLEMENTATIONS)),
        help=f"comma list of {', '.join(IMPLEMENTATIONS)} (default: %(default)s)",
    )
    group.addoption(
        "--require",
        action="store_true",
        default=os.environ.get("PYKAFKA_TEST_REQUIRE", "") not in {"", "0"},
        help="fail instead of skip when Java, jars or an implementation are missing",
    )


def pytest_report_header(config: pytest.Config) -> str:
    return (
        f"kafka releases: {', '.join(releases_of(config))}; implementations: "
        f"{', '.join(_implementations(config))}; missing: "
        f"{'fails' if config.getoption('--require') else 'skips'}"
    )


def listed(config: pytest.Config, option: str) -> list[str]:
    """The entries of an option that is a comma list."""
    return [name.strip() for name in config.getoption(option).split(",") if name.strip()]


def releases_of(config: pytest.Config) -> list[str]:
    """What ``--kafka-releases`` names."""
    names = listed(config, "--kafka-releases")
    if names == ["all"]:
        return ALL_RELEASES
    return list(dict.fromkeys(find_release(name).version for name in names))


def _releases_for(metafunc: pytest.Metafunc) -> list[str]:
    releases = releases_of(metafunc.config)
    if releases == USUAL_RELEASES and _AT_THE_ENDS & set(metafunc.definition.path.parts):
        return [releases[0], releases[-1]]
    return releases


def _implementations(config: pytest.Config) -> list[str]:
    names = listed(config, "--implementations")
    unknown = set(names) - set(IMPLEMENTATIONS)
    if unknown:
        known = ", ".join(IMPLEMENTATIONS)
        raise pytest.UsageError(f"--implementations: no {', '.join(unknown)}; there is {known}")
    return names


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, values in (
        (RELEASE, _releases_for(metafunc)),
        ("implementation", _implementations(metafunc.config)),
    ):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Unless implementations are asked for, leave out what others than Python add nothing to."""
    if _implementations(config) != USUAL_IMPLEMENTATIONS:
        return
    releases = releases_of(config)
    ends = {releases[0], releases[-1]}
    superfluous = [
        item
        for item in items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and (implementation := item.callspec.params.get("implementation", PYTHON)) != PYTHON
        and not (
            _WHERE[implementation] & set(item.path.parts)
            and item.callspec.params.get(RELEASE) in ends
        )
    ]
    if superfluous:
        config.hook.pytest_deselected(items=superfluous)
        left_out = set(superfluous)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch what the tests will need now, where no test's time-out runs and output is seen."""
    if session.config.getoption("collectonly"):
        return
    wanted = {release for item in session.items if (release := release_of(item))}
    # Whatever goes wrong here goes wrong again in the fixture, where it has a test to end.
    with one_worker_at_a_time(session.config), contextlib.suppress(*NOT_TO_BE_HAD):
        for release in sorted(wanted):
            class_path(find_release(release).coordinates, Reporter(session.config))
        if wanted:
            class_path(ZOOKEEPER, Reporter(session.config))


@contextlib.contextmanager
def one_worker_at_a_time(config: pytest.Config) -> Iterator[None]:
    """Workers of pytest-xdist take turns: what one has fetched the others find."""
    if not hasattr(config, "workerinput"):
        yield
        return
    import fcntl  # there is none on Windows

    # Each has a folder of its own in that of the run.
    with Path(config.option.basetemp).with_name("fetching").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def end_because_missing(config: pytest.Config, reason: str) -> None:
    """End the running test because of what the machine lacks: a skip, or with ``--require`` a
    failure."""
    if config.getoption("--require"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Reporter:
    """Writes progress to the terminal although output is captured."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")

    def __call__(self, line: str) -> None:
        with self._capture.global_and_fixture_disabled():
            sys.stderr.write(f"\n{line}" if line.startswith("resolving") else f"\n  {line}")
            sys.stderr.flush()


class Clusters:
    """The running clusters of this session, by what they were asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._running: dict[tuple[object, ...], EmbeddedKafka] = {}

    def __call__(
        self,
        release: str,
        brokers: int = 1,
        config: Mapping[str, object] | None = None,
        tls: bool | Certificates = False,
    ) -> EmbeddedKafka:
        """The cluster of that kind, started if there is none.

        :param config: broker properties.
        :param tls: whether its brokers listen with TLS, too, or with which certificates.
        """
        key = (release, brokers, tls, *sorted((config or {}).items()))
        if key not in self._running:
            try:
                self._running[key] = EmbeddedKafka(
                    release,
                    brokers,
                    config=config,
                    tls=tls,
                    progress=Reporter(self._config),
                )
            except NOT_TO_BE_HAD as error:
                end_because_missing(self._config, f"Kafka {release}: {error}")
        return self._running[key]

    def repair(self) -> None:
        """Have every server run that a test has stopped, killed or paused."""
        for cluster in self._running.values():
            cluster.repair()

    def end(self, release: str | None = None) -> None:
        """Stop all clusters, or those of one release."""
        for key in [key for key in self._running if release in {None, key[0]}]:
            self._running.pop(key).stop()


@pytest.fixture(scope="session")
def embedded_kafka(pytestconfig: pytest.Config) -> Iterator[Clusters]:
    """``embedded_kafka(release, brokers, config, tls)``: a cluster that all who ask alike share."""
    clusters = Clusters(pytestconfig)
    yield clusters
    clusters.end()


@pytest.fixture
def need_releases(pytestconfig: pytest.Config) -> NeedReleases:
    """``need_releases("1.1.1", "2.8")``: end the test if one of these cannot be had."""

    def need(*releases: str) -> None:
        for release in releases:
            try:
                find_java()
                class_path(find_release(release).coordinates, Reporter(pytestconfig))
            except NOT_TO_BE_HAD as error:
                end_because_missing(pytestconfig, f"Kafka {release}: {error}")

    return need


@pytest.fixture
def own_kafka(need_releases: NeedReleases) -> Iterator[OwnKafka]:
    """``own_kafka(release, brokers, becomes=other)``: a cluster for this test alone, since its
    brokers are to become another release."""

    def start(release: str, brokers: int = 1, *, becomes: str) -> EmbeddedKafka:
        need_releases(release, becomes)
        return running.enter_context(EmbeddedKafka(release, brokers))

    with contextlib.ExitStack() as running:
        yield start


@pytest.fixture(scope="session")
def kafka_release(request: pytest.FixtureRequest, embedded_kafka: Clusters) -> Iterator[str]:
    """The release under test; its clusters end when the next one's turn comes."""
    yield request.param
    embedded_kafka.end(request.param)


@pytest.fixture(scope="session")
def kafka(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """A cluster of one broker."""
    return embedded_kafka(kafka_release, 1)


@pytest.fixture(scope="session")
def kafka3(kafka_release: str, embedded_kafka: Clusters) -> EmbeddedKafka:
    """A cluster of three brokers."""
    return embedded_kafka(kafka_release, 3)


@pytest.fixture(autouse=True)
def _servers_run(request: pytest.FixtureRequest) -> None:
    if "embedded_kafka" in request.fixturenames:
        request.getfixturevalue("embedded_kafka").repair()


@pytest.fixture(scope="session")
def implementation(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> Iterator[Implementation]:
    """The implementation under test."""
    chosen = IMPLEMENTATIONS[request.param]
    if chosen.missing:
        end_because_missing(pytestconfig, chosen.missing)
    before = {name: os.environ.get(name) for name in chosen.environment}
    os.environ.update(chosen.environment)
    yield chosen
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> str:
    """A name that no topic has yet, telling whose it is."""
    test = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name).strip("-")
    return f"{test[:60]}-{uuid.uuid4().hex[:8]}"
