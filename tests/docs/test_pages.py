"""Pages are complete: links lead somewhere, and each public module has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.pages import PAGES, ROOT

#: Layers below the users' objects, and modules that have a page of their own.
NOT_IN_THE_REFERENCE = {
    "cli",
    "core",
    "embedded",
    "native",
    "net",
    "runtime",
    "storm",
    "test",
    "version",
    "wire",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    broken = [link for link in local if not (page.parent / link).exists()]
    assert not broken


def test_each_public_module_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / "pykafka").iterdir() if path.suffix in ("", ".py")}
    public = {name for name in modules - NOT_IN_THE_REFERENCE if not name.startswith("_")}
    absent = [name for name in sorted(public) if f"pykafka.{name}\n" not in reference]
    assert not absent, f"docs/api.md lacks {absent}"
