"""What is said of Storm is what there is: releases, keys of ``config.json``, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.pages import ROOT, blocks
from storm_services import ALL_RELEASES

from pykafka.cli.storm import COMMANDS
from pykafka.embedded.storm.releases import _PUBLISHED
from pykafka.storm.project import Project, configuration

PAGES = ROOT / "docs" / "storm"

#: The commands of streamparse 5.0.1.
SPARSE = [
    *("help", "jar", "kill", "list", "quickstart", "remove_logs", "run", "slot_usage", "stats"),
    *("submit", "tail", "update_virtualenv", "visualize", "worker_uptime"),
]


def _page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def _named(row: str) -> list[str]:
    """The releases that a row of the table names; "2.6.0 to 2.6.3" is each in between."""
    named: list[str] = []
    for first, last in re.findall(r"(\d+\.\d+\.\d+)(?: to (\d+\.\d+\.\d+))?", row):
        begin = _PUBLISHED.index(first)
        named += _PUBLISHED[begin : _PUBLISHED.index(last or first) + 1]
    return named


def test_the_table_of_releases_tells_which_are_tested_and_which_can_be_started() -> None:
    table = _page("index.md").partition("## Which Storm")[2].partition("| other 2.x")[0]
    tested, startable = (line.split("|")[1] for line in table.splitlines() if line[:3] == "| 2")
    assert _named(tested) == ALL_RELEASES
    assert sorted([*_named(tested), *_named(startable)]) == sorted(_PUBLISHED)


def test_each_key_of_the_configuration_is_documented() -> None:
    tables = [
        name
        for name, value in vars(configuration).items()
        if isinstance(value, dict)
        and all(isinstance(key, configuration.Key) for key in value.values())
    ]
    assert set(tables) == {"PROJECT", "ENVIRONMENT", "LOG"}
    page = _page("deployment.md")
    assert [name for name in tables if f"{{keys-table}} {name}\n" not in page] == []


@pytest.mark.parametrize("command", SPARSE)
def test_each_command_of_streamparse_has_its_translation(command: str) -> None:
    table = _page("translation.md").partition("## Commands")[2].partition("##")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("|")]
    ours = command.replace("_", "-")
    assert ours in COMMANDS
    assert any(
        re.search(rf"`{command}\b", row[1]) and re.search(rf"`{ours}\b", row[2]) for row in rows
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_on_the_page_of_the_command_line(command: str) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    section = page.partition("## pykafka storm")[2].partition("\n## ")[0]
    assert f"pykafka storm {command}" in section or f"`{command}`" in section


def test_the_configuration_that_is_shown_is_read(tmp_path: Path) -> None:
    page = blocks(PAGES / "deployment.md")
    shown = next(block.text for block in page if '"envs"' in block.text)
    (tmp_path / "config.json").write_text(shown, encoding="utf-8")
    project = Project(tmp_path)
    deployments = [project.environment(name).deployment for name in project.environments]
    assert deployments == ["packed", "ssh"]
