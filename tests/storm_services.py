"""Real Storm for tests, as a pytest plugin: what ``services`` is for Kafka.

A test asks for ``storm`` (one Nimbus, one supervisor) or ``storm2`` (two of each) and for
``topology_name``; it runs once for each release of ``--storm-releases``. Clusters are shared by
all tests of a session; what a test killed or paused is put right before the next one, and the
topologies that it left are killed. A test that needs a ``storm.yaml`` of its own takes
``embedded_storm`` and shares with those that ask for the same.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping

import pytest
from services import NOT_TO_BE_HAD, Reporter, end_because_missing, listed, one_worker_at_a_time

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.artifacts import class_path
from pykafka.embedded.releases import ZOOKEEPER
from pykafka.embedded.storm.releases import find_storm_release
from pykafka.embedded.waiting import wait_until
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.submission import await_gone, kill

#: The fixture whose parameter is the release that a test runs on.
STORM_RELEASE = "storm_release"
#: Those that were seen to work: the newest of each line, and the ends.
ALL_RELEASES = ["2.4.0", "2.5.0", "2.6.4", "2.7.1", "2.8.3"]
USUAL_RELEASES = ["2.8.3"]
#: Seconds for a killed topology to be gone, and its workers.
_GONE_WITHIN = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("services").addoption(
        "--storm-releases",
        default=os.environ.get("PYKAFKA_TEST_STORM_RELEASES", ",".join(USUAL_RELEASES)),
        help="comma list of Storm releases to test against, or 'all' (default: %(default)s)",
    )


def pytest_report_header(config: pytest.Config) -> str:
    return f"storm releases: {', '.join(storm_releases_of(config))}"


def storm_releases_of(config: pytest.Config) -> list[str]:
    """What ``--storm-releases`` names."""
    names = listed(config, "--storm-releases")
    if names == ["all"]:
        return ALL_RELEASES
    return list(dict.fromkeys(find_storm_release(name).version for name in names))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if STORM_RELEASE in metafunc.fixturenames:
        releases = storm_releases_of(metafunc.config)
        metafunc.parametrize(STORM_RELEASE, releases, indirect=True, scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch what the tests will need now, where no test's time-out runs and output is seen."""
    if session.config.getoption("collectonly"):
        return
    wanted = {
        item.callspec.params[STORM_RELEASE]
        for item in session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and STORM_RELEASE in item.callspec.params
    }
    # Whatever goes wrong here goes wrong again in the fixture, where it has a test to end.
    with one_worker_at_a_time(session.config), contextlib.suppress(*NOT_TO_BE_HAD):
        for release in sorted(wanted):
            class_path(find_storm_release(release).coordinates, Reporter(session.config))
        if wanted:
            class_path(ZOOKEEPER, Reporter(session.config))


class Storms:
    """The running clusters of this session, by what they were asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._running: dict[tuple[object, ...], EmbeddedStorm] = {}

    def __call__(
        self,
        release: str,
        nimbuses: int = 1,
        supervisors: int = 1,
        slots: int = 3,
        config: Mapping[str, object] | None = None,
    ) -> EmbeddedStorm:
        """The cluster of that kind, started if there is none.

        :param config: entries of ``storm.yaml``.
        """
        key = (release, nimbuses, supervisors, slots, *sorted((config or {}).items()))
        if key not in self._running:
            try:
                self._running[key] = EmbeddedStorm(
                    release,
                    nimbuses,
                    supervisors,
                    slots,
                    config=config,
                    progress=Reporter(self._config),
                )
            except NOT_TO_BE_HAD as error:
                end_because_missing(self._config, f"Storm {release}: {error}")
        return self._running[key]

    def repair(self) -> None:
        """Have every server run that a test has stopped, killed or paused."""
        for cluster in self._running.values():
            cluster.repair()

    def clear(self) -> None:
        """Kill all topologies; returns when they and their workers are gone."""
        for cluster in self._running.values():
            _clear(cluster)

    def end(self, release: str | None = None) -> None:
        """Stop all clusters, or those of one release."""
        for key in [key for key in self._running if release in {None, key[0]}]:
            self._running.pop(key).stop()


def _clear(cluster: EmbeddedStorm) -> None:
    with Nimbus(cluster.nimbus_addresses) as nimbus:
        topologies = nimbus.cluster().topologies
        for topology in topologies:
            kill(nimbus, topology.name, wait=0)
        for topology in topologies:
            await_gone(nimbus, topology.name, _GONE_WITHIN)
    wait_until(lambda: not cluster.workers(), _GONE_WITHIN, "end of all workers")


@pytest.fixture(scope="session")
def embedded_storm(pytestconfig: pytest.Config) -> Iterator[Storms]:
    """``embedded_storm(release, nimbuses, supervisors, slots, config)``: a cluster that all who
    ask alike share."""
    clusters = Storms(pytestconfig)
    yield clusters
    clusters.end()


@pytest.fixture(scope="session")
def storm_release(request: pytest.FixtureRequest, embedded_storm: Storms) -> Iterator[str]:
    """The release under test; its clusters end when the next one's turn comes."""
    yield request.param
    embedded_storm.end(request.param)


@pytest.fixture(scope="session")
def storm(storm_release: str, embedded_storm: Storms) -> EmbeddedStorm:
    """A cluster of one Nimbus and one supervisor with three slots."""
    return embedded_storm(storm_release)


@pytest.fixture(scope="session")
def storm2(storm_release: str, embedded_storm: Storms) -> EmbeddedStorm:
    """A cluster of two Nimbus and two supervisors with three slots each."""
    return embedded_storm(storm_release, 2, 2)


@pytest.fixture(autouse=True)
def _storm_runs(request: pytest.FixtureRequest) -> Iterator[None]:
    if "embedded_storm" not in request.fixturenames:
        yield
        return
    clusters: Storms = request.getfixturevalue("embedded_storm")
    clusters.repair()
    yield
    clusters.repair()
    clusters.clear()


@pytest.fixture
def topology_name(request: pytest.FixtureRequest) -> str:
    """A name that no topology has yet, telling whose it is."""
    test = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name).strip("-")
    return f"{test[:60]}-{uuid.uuid4().hex[:8]}"
