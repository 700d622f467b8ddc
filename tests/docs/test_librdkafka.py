"""The documentation has every reason for which a test leaves librdkafka out."""

from __future__ import annotations

import functional.librdkafka
import pytest
from docs.pages import ROOT

REASONS = {
    name: mark.kwargs["why"]
    for name, mark in vars(functional.librdkafka).items()
    if isinstance(mark, pytest.MarkDecorator)
}


def test_there_are_some() -> None:
    assert REASONS


@pytest.mark.parametrize("name", REASONS)
def test_its_table_has_the_reason(name: str) -> None:
    page = (ROOT / "docs" / "librdkafka.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ")[0] for line in page.splitlines() if line[:1] == "|"]
    assert REASONS[name] in rows
