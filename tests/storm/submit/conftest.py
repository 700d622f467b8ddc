"""What tests of submitted projects share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from storm_projects import make_bare_python


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without pykafka, as a worker may have it."""
    return make_bare_python(tmp_path_factory.mktemp("python") / "bare")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where components write down what they find."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the interpreter forget what projects it saw."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("pykafka."):
            del sys.modules[name]
