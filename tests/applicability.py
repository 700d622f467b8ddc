"""What only some releases of Kafka have, as a pytest marker.

``@pytest.mark.kafka(since="0.11", why="record headers came with 0.11")`` lets a test run on that
release and newer ones, ``until="0.8"`` on the releases of that line and older ones. On others it
is skipped, before any server is started for it, with a reason that begins with
:data:`NOT_APPLICABLE`. Unlike what a machine lacks, that is never a failure.

``@pytest.mark.without("rdkafka", why="...")`` skips it for an implementation, ``until="0.9"`` on
these releases only. A table in the
documentation has each of these reasons (``tests/docs`` compares).
"""

from __future__ import annotations

import pytest

from pykafka.embedded.releases import find_release

#: How the reason of such a skip begins.
NOT_APPLICABLE = "not applicable: "

#: The fixture whose parameter is the release that a test runs on.
RELEASE = "kafka_release"
#: The fixture whose parameter is the implementation.
IMPLEMENTATION = "implementation"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "kafka(*, since=None, until=None, why): the releases of Kafka that a test is about, "
        "both included, as versions or parts of one; and why it is about no other",
    )
    config.addinivalue_line(
        "markers",
        "without(implementation, *, until=None, why): an implementation (on these releases) "
        "that a test is not about",
    )


def release_of(item: pytest.Item) -> str | None:
    """The release that a test runs on; None for a test that takes none."""
    return _parameter(item, RELEASE)


def _parameter(item: pytest.Item, fixture: str) -> str | None:
    call = (
        item.callspec if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )
    return None if call is None else call.params.get(fixture)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse what no one could have meant, before anything runs."""
    for mark in item.iter_markers("kafka"):
        bounds = [mark.kwargs.get("since"), mark.kwargs.get("until")]
        right = not mark.args and set(mark.kwargs) <= {"since", "until", "why"}
        if not right or not any(bounds) or not mark.kwargs.get("why"):
            raise pytest.UsageError(
                f"{item.nodeid}: kafka(since=..., until=..., why=...): a why, and a bound at least"
            )
        if release_of(item) is None:
            raise pytest.UsageError(f"{item.nodeid}: marked kafka(...), but it uses no broker")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("without"):
        until = mark.kwargs.get("until")
        its = mark.args[0] == _parameter(item, IMPLEMENTATION)
        if its and (until is None or _holds(release_of(item) or "", None, until)):
            pytest.skip(f"{NOT_APPLICABLE}{mark.kwargs['why']}")
    release = release_of(item)
    if release is None:
        return
    for mark in item.iter_markers("kafka"):
        if not _holds(release, mark.kwargs.get("since"), mark.kwargs.get("until")):
            pytest.skip(f"{NOT_APPLICABLE}{mark.kwargs['why']}")


def _holds(release: str, since: str | None, until: str | None) -> bool:
    number = find_release(release).number
    if since is not None and number < _parts(since):
        return False
    # Until 0.8 means all of its line: 0.8.2.2 is not newer.
    return until is None or number[: len(_parts(until))] <= _parts(until)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
