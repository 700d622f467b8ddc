"""The matrix of scenarios and releases is whole, and nothing in it failed."""

from __future__ import annotations

import json

from docs.pages import ROOT
from services import ALL_RELEASES

MATRIX = json.loads((ROOT / "docs" / "matrix.json").read_text(encoding="utf-8"))


def test_every_release_is_in_the_matrix() -> None:
    assert list(MATRIX["releases"]) == ALL_RELEASES


def test_every_cell_is_passed_or_not_applicable() -> None:
    others = [
        f"{scenario} on {release}: {cell or 'not run'}"
        for scenario, row in MATRIX["scenarios"].items()
        for release in ALL_RELEASES
        if (cell := row.get(release, "")) != "passed" and not cell.startswith("not applicable: ")
    ]
    assert not others, "\n".join(others)


def test_what_the_matrix_tells_of_is_there() -> None:
    tried = {scenario.partition("::")[0] for scenario in MATRIX["scenarios"]}
    assert [path for path in sorted(tried) if not (ROOT / path).exists()] == []
