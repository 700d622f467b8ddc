"""The pytest plugin that makes the matrix: what is recorded of which test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from embedded.inner_pytest import run

TESTS = """
import pytest

@pytest.fixture
def what_is_missing():
    pytest.fail("it cannot be set up")

@pytest.mark.parametrize("number", range(2))
def test_passes(kafka_release, number):
    pass

@pytest.mark.parametrize("number", range(2))
def test_one_case_fails(kafka_release, number):
    assert not number

def test_fails_on_the_newest(kafka_release):
    assert kafka_release != "4.3.0"

def test_is_not_set_up(kafka_release, what_is_missing):
    pass

@pytest.mark.kafka(since="4", why="it is new")
def test_is_new(kafka_release):
    pass

@pytest.mark.parametrize(
    "case", ["any", pytest.param("new", marks=pytest.mark.kafka(since="4", why="it is new"))]
)
def test_has_a_new_case(kafka_release, case):
    pass

def test_is_skipped(kafka_release):
    pytest.skip("for no good reason")

def test_needs_no_broker():
    assert False
"""
FINE = """
import pytest

@pytest.mark.kafka(since="4", why="it is new")
def test_is_new(kafka_release):
    pass

def test_passes(kafka_release):
    pass
"""
SPREAD = ("-n", "2", "--dist", "loadscope", "--max-worker-restart", "0")


def matrix(folder: Path) -> Any:
    return json.loads((folder / "matrix.json").read_text())


@pytest.mark.parametrize("spread", [(), SPREAD], ids=["alone", "spread"])
def test_each_scenario_has_a_cell_for_each_release(tmp_path: Path, spread: tuple[str, ...]) -> None:
    releases = "--kafka-releases=0.8.2.2,4.3.0"
    said = run(tmp_path, "--matrix=matrix.json", releases, *spread, scenario=TESTS)
    assert "cells that failed or were skipped: 7" in said
    rows = {
        name.removeprefix("test_scenario.py::test_"): list(row.items())
        for name, row in matrix(tmp_path)["scenarios"].items()
    }
    old, new = "0.8.2.2", "4.3.0"
    why = "not applicable: it is new"
    assert rows == {
        "passes": [(old, "passed"), (new, "passed")],
        "one_case_fails": [(old, "FAILED"), (new, "FAILED")],
        "fails_on_the_newest": [(old, "passed"), (new, "FAILED")],
        "is_not_set_up": [(old, "FAILED"), (new, "FAILED")],
        "is_new": [(old, why), (new, "passed")],
        "has_a_new_case": [(old, "passed"), (new, "passed")],
        "is_skipped": [(old, "for no good reason"), (new, "for no good reason")],
    }


def test_what_is_not_applicable_is_no_failure(tmp_path: Path) -> None:
    said = run(tmp_path, "--matrix=matrix.json", "--kafka-releases=0.8.2.2", scenario=FINE)
    assert "cells that failed or were skipped: 0" in said
    assert list(matrix(tmp_path)["releases"]) == ["0.8.2.2"]


def test_releases_that_are_not_run_keep_their_columns(tmp_path: Path) -> None:
    for releases in ("4.3.0,0.10.2.2", "0.9.0.1", "4.3.0"):
        run(tmp_path, "--matrix=matrix.json", f"--kafka-releases={releases}", scenario=FINE)
    renamed = FINE.replace("test_passes", "test_passes_too")
    run(tmp_path, "--matrix=matrix.json", "--kafka-releases=0.9.0.1", scenario=renamed)
    found = matrix(tmp_path)
    assert list(found["releases"]) == ["0.9.0.1", "0.10.2.2", "4.3.0"]
    rows = {name.partition("::test_")[2]: list(row) for name, row in found["scenarios"].items()}
    assert rows == {
        "is_new": ["0.9.0.1", "0.10.2.2", "4.3.0"],
        "passes": ["0.10.2.2", "4.3.0"],
        "passes_too": ["0.9.0.1"],
    }


@pytest.mark.parametrize("interruption", ["raise KeyboardInterrupt", "__import__('os')._exit(1)"])
def test_what_was_cut_short_is_not_written(tmp_path: Path, interruption: str) -> None:
    scenario = FINE + f"\ndef test_ends(kafka_release):\n    {interruption}\n"
    run(tmp_path, "--matrix=matrix.json", "--kafka-releases=4.3.0", *SPREAD, scenario=scenario)
    assert not (tmp_path / "matrix.json").exists()


def test_a_part_of_a_column_is_refused(tmp_path: Path) -> None:
    said = run(tmp_path, "--matrix=matrix.json", "-k", "passes", scenario=FINE)
    assert "no -k and no -m" in said


_UNSTEADY = """
import pathlib
import pytest

@pytest.mark.parametrize("number", range(2))
def test_fails_once(kafka_release, number):
    seen = pathlib.Path(f"seen {kafka_release}")
    if number and kafka_release != "4.3.0" and not seen.exists():
        seen.touch()
        assert False

def test_fails_always(kafka_release):
    assert kafka_release != "4.3.0"
"""


def test_what_failed_and_is_tried_again_replaces_its_own_cells_alone(tmp_path: Path) -> None:
    options = ("--matrix=matrix.json", "--kafka-releases=0.8.2.2,4.3.0")
    assert "skipped: 2" in run(tmp_path, *options, *SPREAD, scenario=_UNSTEADY)
    assert "skipped: 1" in run(tmp_path, *options, "--last-failed", scenario=_UNSTEADY)
    rows = {
        name.partition("::test_")[2]: list(row.values())
        for name, row in matrix(tmp_path)["scenarios"].items()
    }
    assert rows == {"fails_once": ["passed", "passed"], "fails_always": ["passed", "FAILED"]}
