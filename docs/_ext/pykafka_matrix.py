"""Directives that show ``docs/matrix.json``, which ``make matrix`` writes.

``{matrix-runs}`` says when and with what, ``{matrix-summary}`` has a row for each module of
scenarios, ``{matrix-scenarios}`` one for each scenario.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pykafka_tables import TableDirective, markdown_table

MATRIX = Path(__file__).resolve().parents[1] / "matrix.json"

_FOLDER = "tests/functional/"
_NOT_APPLICABLE = "not applicable: "

#: Scenario -> release -> cell, of one module.
Rows = dict[str, dict[str, str]]


class _MatrixTable(TableDirective):
    """What all three read."""

    def run(self) -> list[Any]:
        self.state.document.settings.env.note_dependency(str(MATRIX))
        self.matrix = json.loads(MATRIX.read_text(encoding="utf-8"))
        return super().run()

    @property
    def releases(self) -> list[str]:
        return list(self.matrix["releases"])

    def modules(self) -> dict[str, Rows]:
        modules: dict[str, Rows] = {}
        for scenario, row in self.matrix["scenarios"].items():
            path, _, name = scenario.partition("::")
            module = path.removeprefix(_FOLDER).removesuffix(".py").replace("/test_", ": ")
            title = name.removeprefix("test_").replace("_", " ")
            modules.setdefault(module.replace("_", " "), {})[title] = row
        return modules


class MatrixRuns(_MatrixTable):
    """``{matrix-runs}``: a row for each release."""

    def lines(self) -> Iterator[str]:
        """Release, date, interpreter."""
        rows = [[name, run["date"], run["python"]] for name, run in self.matrix["releases"].items()]
        return markdown_table(["Kafka", "tried on", "with"], rows)


class MatrixSummary(_MatrixTable):
    """``{matrix-summary}``: module by release."""

    def lines(self) -> Iterator[str]:
        """What came of all scenarios of a module."""
        rows = [
            [
                module,
                *(_summary([row.get(name, "") for row in rows.values()]) for name in self.releases),
            ]
            for module, rows in self.modules().items()
        ]
        return markdown_table(["scenarios", *self.releases], rows)


class MatrixScenarios(_MatrixTable):
    """``{matrix-scenarios}``: scenario by release, and the reasons of what is not applicable."""

    def lines(self) -> Iterator[str]:
        """A table for each module."""
        for module, rows in self.modules().items():
            reasons: list[str] = []
            yield from ("", f"**{module}**", "")
            yield from markdown_table(
                ["scenario", *self.releases],
                [
                    [title, *(_shown(row.get(name, ""), reasons) for name in self.releases)]
                    for title, row in rows.items()
                ],
            )
            yield ""
            yield from (f"{number}. {reason}" for number, reason in enumerate(reasons, 1))


def _shown(cell: str, reasons: list[str]) -> str:
    """A cell, with the number of its reason."""
    if cell.startswith(_NOT_APPLICABLE):
        reason = cell.removeprefix(_NOT_APPLICABLE)
        if reason not in reasons:
            reasons.append(reason)
        return f"n/a ({reasons.index(reason) + 1})"
    return cell or "not run"


def _summary(cells: list[str]) -> str:
    counts = Counter(
        "n/a" if cell.startswith(_NOT_APPLICABLE) else cell or "not run" for cell in cells
    )
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this."""
    app.add_directive("matrix-runs", MatrixRuns)
    app.add_directive("matrix-summary", MatrixSummary)
    app.add_directive("matrix-scenarios", MatrixScenarios)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
