"""Which tests may run beside each other when pytest-xdist spreads them (``-n``).

Tests of one folder that run on the same release of Kafka go to one worker, one after another: they
share clusters, and what a test kills it kills for itself alone. All that run on Storm go to one:
several Storms with their workers are too much for two cores. All others go by their modules.

(``--dist loadgroup`` would do that with marks, but pytest-xdist 3.8 loses them with pytest 9.2.)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from applicability import release_of
from services import releases_of
from storm_services import STORM_RELEASE, storm_releases_of


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        # Workers take groups in this order: what takes long must not begin last.
        items.sort(key=lambda item: (not _is_on_storm(item), release_of(item) is None))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    releases, storm_releases = releases_of(config), storm_releases_of(config)

    class ByServers(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid, releases, storm_releases)

    return ByServers(config, log)


def _is_on_storm(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and STORM_RELEASE in item.fixturenames


def group_of(nodeid: str, releases: Collection[str], storm_releases: Collection[str]) -> str:
    """The name of the group that a test belongs to."""
    module, _, name = nodeid.partition("::")
    parameters = name.partition("[")[2].removesuffix("]").split("-")
    if set(parameters) & set(storm_releases):
        return "all on Storm"
    for release in releases:
        if release in parameters:
            return f"{module.rpartition('/')[0]} on {release}"
    return module
