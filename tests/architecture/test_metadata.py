"""What the project says of itself in several places is the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pykafka

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_version_is_the_same_in_package_and_metadata() -> None:
    declared = re.search(r'^version = "(.*)"$', PYPROJECT, re.MULTILINE)
    assert declared is not None
    assert pykafka.__version__ == declared[1]


def test_tox_runs_every_interpreter_that_the_metadata_names() -> None:
    named = re.findall(r"Python :: (3\.\d+)", PYPROJECT)
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert re.search(r"^env_list = (.*)$", tox, re.MULTILINE)[1].split(", ") == [  # type: ignore[index]  # it is there
        f"py{version.replace('.', '')}" for version in named
    ]


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGES.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert pykafka.__version__.startswith(first[1])
