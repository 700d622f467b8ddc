"""Sphinx configuration. Warnings are errors: ``make docs``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(ROOT)]

_declared = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
assert _declared is not None

project = "pykafka"
release = version = _declared[1]
copyright = "the pykafka authors"
extensions = ["myst_parser", "pykafka_matrix", "pykafka_tables", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "adr/0000-template.md"]
html_theme = "furo"
html_title = f"pykafka {release}"
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
