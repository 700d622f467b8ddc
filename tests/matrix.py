"""``pytest --matrix FILE``: what passed on which release, into a file that the docs show.

Only tests that run on a release count. A scenario is a test with all its parameters; its cell is
"passed", "FAILED", or the reason why it was skipped. Columns of releases that were not run stay
as they are in the file. Nothing is written when the run was cut short.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
from pathlib import Path
from typing import Any

import pytest
from applicability import NOT_APPLICABLE, release_of

PASSED, FAILED = "passed", "FAILED"

_PROPERTY = "kafka release"
#: Of the cases of a scenario the worst counts, and an applicable one more than another.
_NONE, _NOT_APPLICABLE, _PASSED, _SKIPPED, _FAILED = range(5)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("services").addoption(
        "--matrix",
        type=Path,
        metavar="FILE",
        help="run what depends on the release alone, and record in FILE what came of it",
    )


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--matrix")
    if path is None:
        return
    if config.getoption("keyword") or config.getoption("markexpr"):
        raise pytest.UsageError("--matrix records whole columns: no -k and no -m with it")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Matrix(path), "matrix of releases")


def pytest_itemcollected(item: pytest.Item) -> None:
    # What a worker of pytest-xdist knows of a test, and the process that records does not.
    if release := release_of(item):
        item.user_properties.append((_PROPERTY, release))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--matrix") is not None:
        items[:] = [item for item in items if release_of(item) is not None]


class Matrix:
    """Gathers reports, and writes the file when all tests have run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: Scenario -> release -> cell.
        self._cells: dict[str, dict[str, str]] = {}
        self._lost = False
        self._note = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call":
            return
        release = dict(report.user_properties).get(_PROPERTY)
        if release is None:  # a worker died: nobody knows what of
            self._lost = True
            return
        row = self._cells.setdefault(scenario_of(report.nodeid), {})
        row[release] = max(row.get(release, ""), _cell(report), key=_weight)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        whole = session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
        if not whole or self._lost or not self._cells:
            self._note = f"{self._path} is as it was: not every test has run"
            return
        update(self._path, self._cells, again=session.config.getoption("lf"))
        cells = [cell for row in self._cells.values() for cell in row.values()]
        gaps = [cell for cell in cells if _weight(cell) > _PASSED]
        if gaps:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._note = f"{self._path} is written; cells that failed or were skipped: {len(gaps)}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.write_line(self._note)


def scenario_of(nodeid: str) -> str:
    """The test without its parameters."""
    path, _, name = nodeid.rpartition("::")
    return f"{path}::{name.partition('[')[0]}"


def _cell(report: pytest.TestReport) -> str:
    if report.passed:
        return PASSED
    if report.failed:
        return FAILED
    assert isinstance(report.longrepr, tuple)
    return report.longrepr[2].removeprefix("Skipped: ")


def _weight(cell: str) -> int:
    if cell.startswith(NOT_APPLICABLE):
        return _NOT_APPLICABLE
    return {"": _NONE, PASSED: _PASSED, FAILED: _FAILED}.get(cell, _SKIPPED)


def update(path: Path, cells: dict[str, dict[str, str]], again: bool = False) -> None:
    """Replace the columns of the releases that were run.

    :param again: only what had failed was tried (``--last-failed``): the other cells stay.
    """
    old = json.loads(path.read_text()) if path.exists() else {"releases": {}, "scenarios": {}}
    run = set() if again else {release for row in cells.values() for release in row}
    now = {
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    releases = old["releases"] | dict.fromkeys(run, now)
    scenarios = {}
    for scenario in sorted(old["scenarios"].keys() | cells.keys()):
        kept = old["scenarios"].get(scenario, {})
        row = {release: cell for release, cell in kept.items() if release not in run}
        row |= cells.get(scenario, {})
        if row:
            scenarios[scenario] = dict(sorted(row.items(), key=_by_release))
    _write(path, dict(sorted(releases.items(), key=_by_release)), scenarios)


def _by_release(entry: tuple[str, object]) -> tuple[int, ...]:
    return tuple(int(part) for part in entry[0].split("."))


def _write(path: Path, releases: dict[str, Any], scenarios: dict[str, Any]) -> None:
    """As JSON with a line for each release and scenario, for the sake of those who read diffs."""

    def lines(table: dict[str, Any]) -> str:
        return ",\n".join(f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in table.items())

    draft = path.with_suffix(".new")
    draft.write_text(
        f'{{\n "releases": {{\n{lines(releases)}\n }},\n'
        f' "scenarios": {{\n{lines(scenarios)}\n }}\n}}\n'
    )
    draft.replace(path)
